// SPDX-License-Identifier: Apache-2.0
// Reads the field `model` of a tokenizer.
#include "Bpe.h"
#include "Utf8.h"

#include <algorithm>
#include <cstdio>

namespace hadal::text {

Error Bpe::read(const Field &field) {
  if (Error error = field.expectObject())
    return error;
  // Files from before the field existed leave it out.
  std::string type = "BPE";
  if (Error error = field.member("type").readOptional(type))
    return error;
  if (type != "BPE")
    return field.member("type").expected("BPE");
  double dropout = 0;
  if (Error error = field.member("dropout").readOptional(dropout))
    return error;
  if (dropout != 0)
    return field.member("dropout").expected("null or 0");
  for (const char *name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    std::string affix;
    if (Error error = field.member(name).readOptional(affix))
      return error;
    if (!affix.empty())
      return field.member(name).expected("null or an empty string");
  }
  if (Error error = field.member("fuse_unk").readOptional(fuseUnknown))
    return error;
  if (Error error = field.member("byte_fallback").readOptional(byteFallback))
    return error;
  if (Error error = field.member("ignore_merges").readOptional(ignoreMerges))
    return error;
  if (Error error = readVocabulary(field.member("vocab")))
    return error;
  if (Error error = readMerges(field.member("merges")))
    return error;
  if (field.member("unk_token").present()) {
    std::string token;
    if (Error error = field.member("unk_token").read(token))
      return error;
    unknown = find(token);
    // An empty string is how some files spell "none".
    if (unknown < 0 && !token.empty())
      return field.member("unk_token").expected("a token of the vocabulary");
  }
  for (int byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof(name), "<0x%02X>", static_cast<unsigned>(byte));
    byteTokens[byte] = find(name);
  }
  firstCharacters.assign(0x180, -1);
  for (char32_t c = 0; c < firstCharacters.size(); ++c) {
    std::string character;
    appendCodePoint(character, c);
    firstCharacters[c] = find(character);
  }
  return {};
}

Error Bpe::readVocabulary(const Field &field) {
  if (Error error = field.expectObject())
    return error;
  vocabulary.reserve(field.json().size());
  byId.reserve(field.json().size());
  for (auto it = field.json().begin(); it != field.json().end(); ++it) {
    const uint64_t *id = it->is_number_unsigned() ? it->get_ptr<const uint64_t *>() : nullptr;
    if (!id || *id >= INT32_MAX)
      return field.error("token " + quote(it.key()) +
                         ": expected an id from 0 to 2147483646, got " + abbreviate(*it));
    auto number = static_cast<int32_t>(*id);
    auto entry = vocabulary.emplace(it.key(), number).first;
    auto taken = byId.emplace(number, &entry->first);
    if (!taken.second)
      return field.error("token " + quote(it.key()) + ": expected an id of its own, got " +
                         std::to_string(number) + ", which is " + quote(*taken.first->second));
    limit = std::max(limit, number + 1);
  }
  return {};
}

Error Bpe::readMerges(const Field &field) {
  if (Error error = field.expectArray())
    return error;
  const Json &list = field.json();
  merges.reserve(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    const Json &entry = list[i];
    std::string_view left, right;
    bool valid = false;
    if (const auto *text = entry.get_ptr<const std::string *>()) {
      size_t space = text->find(' ');
      valid = space != std::string::npos && text->find(' ', space + 1) == std::string::npos;
      if (valid) {
        left = std::string_view(*text).substr(0, space);
        right = std::string_view(*text).substr(space + 1);
      }
    } else if (entry.is_array() && entry.size() == 2 && entry[0].is_string() &&
               entry[1].is_string()) {
      left = *entry[0].get_ptr<const std::string *>();
      right = *entry[1].get_ptr<const std::string *>();
      valid = true;
    }
    if (!valid)
      return field.element(i).expected("two tokens, as \"a b\" or [\"a\", \"b\"]");
    std::string merged(left);
    merged += right;
    int32_t ids[] = {find(left), find(right), find(merged)};
    std::string_view names[] = {left, right, merged};
    for (int part = 0; part < 3; ++part)
      if (ids[part] < 0)
        return field.element(i).error("expected tokens of the vocabulary, got " +
                                      quote(names[part]));
    merges.insert(ids[0], ids[1], {static_cast<uint32_t>(i), ids[2]});
  }
  return {};
}

} // namespace hadal::text
