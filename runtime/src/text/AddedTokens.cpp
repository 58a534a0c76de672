// SPDX-License-Identifier: Apache-2.0
// Tokens that are found in the text before anything else looks at it.
#include "AddedTokens.h"
#include "Unicode.h"
#include "Utf8.h"

#include <algorithm>
#include <unordered_set>

namespace hadal::text {

void TokenTrie::insert(std::string_view key, uint32_t value) {
  uint32_t node = 0;
  for (char c : key) {
    auto byte = static_cast<unsigned char>(c);
    auto it = nodes[node].next.find(byte);
    if (it == nodes[node].next.end()) {
      uint32_t fresh = static_cast<uint32_t>(nodes.size());
      nodes.emplace_back();
      nodes[node].next.emplace(byte, fresh);
      node = fresh;
    } else {
      node = it->second;
    }
  }
  // Two tokens can normalize to the same content; the first one stays.
  if (nodes[node].value == UINT32_MAX)
    nodes[node].value = value;
}

size_t TokenTrie::longestPrefix(std::string_view text, uint32_t &value) const {
  uint32_t node = 0;
  size_t best = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    auto it = nodes[node].next.find(static_cast<unsigned char>(text[i]));
    if (it == nodes[node].next.end())
      break;
    node = it->second;
    if (nodes[node].value != UINT32_MAX) {
      best = i + 1;
      value = nodes[node].value;
    }
  }
  return best;
}

Error AddedTokens::read(const Field &field) {
  tokens.clear();
  if (!field.present())
    return {};
  if (Error error = field.expectArray())
    return error;
  std::unordered_set<std::string> seen;
  std::unordered_set<int32_t> ids;
  for (size_t i = 0; i < field.json().size(); ++i) {
    Field entry = field.element(i);
    if (Error error = entry.expectObject())
      return error;
    AddedToken token;
    if (Error error = entry.member("id").read(token.id))
      return error;
    if (Error error = entry.member("content").read(token.content))
      return error;
    struct Flag {
      const char *name;
      bool &value;
    };
    for (Flag flag : {Flag{"special", token.special}, Flag{"single_word", token.singleWord},
                      Flag{"lstrip", token.lstrip}, Flag{"rstrip", token.rstrip},
                      Flag{"normalized", token.normalized}})
      if (Error error = entry.member(flag.name).readOptional(flag.value))
        return error;
    if (token.content.empty())
      return entry.member("content").expected("a string that is not empty");
    if (!seen.insert(token.content).second)
      return entry.member("content").expected("a token that is not listed before");
    if (!ids.insert(token.id).second)
      return entry.member("id").expected("an id that is not listed before");
    tokens.push_back(std::move(token));
  }
  return {};
}

void AddedTokens::build(const std::vector<std::string> &normalizedContents) {
  auto insert = [&](bool special) {
    for (uint32_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].special != special)
        continue;
      if (!tokens[i].normalized)
        raw.insert(tokens[i].content, i);
      else if (!normalizedContents[i].empty())
        normal.insert(normalizedContents[i], i);
    }
  };
  insert(true);
  insert(false);
}

void AddedTokens::split(std::string_view text, bool normalized, std::vector<Span> &out) const {
  const TokenTrie &trie = normalized ? normal : raw;
  size_t done = 0; // end of the last token
  if (!trie.empty()) {
    size_t position = 0;
    size_t blank = 0; // end of the white space that was looked at last
    while (position < text.size()) {
      uint32_t index = 0;
      size_t length = trie.longestPrefix(text.substr(position), index);
      if (length == 0) {
        nextCodePoint(text, position);
        continue;
      }
      const AddedToken &token = tokens[index];
      size_t start = position;
      size_t end = position + length;
      // Not the end of the span: the white space that a token takes on its right
      // is searched too, and may hold tokens.
      position = end;
      if (token.singleWord && (endsWithWordCharacter(text.substr(0, start)) ||
                               startsWithWordCharacter(text.substr(end))))
        continue;
      // White space that a token before has taken stays its own.
      if (token.lstrip)
        start = start > done ? start - trailingWhiteSpace(text.substr(done, start - done)) : done;
      if (token.rstrip) {
        if (end > blank)
          blank = end + leadingWhiteSpace(text.substr(end));
        end = blank;
      }
      // So nothing may be left of it.
      if (end <= start)
        continue;
      if (done < start)
        out.push_back({done, start, -1});
      out.push_back({start, end, token.id});
      done = end;
    }
  }
  if (done < text.size())
    out.push_back({done, text.size(), -1});
}

} // namespace hadal::text
