// SPDX-License-Identifier: Apache-2.0
// Tokens that are found in the text before anything else looks at it.
#ifndef HADAL_TEXT_ADDEDTOKENS_H
#define HADAL_TEXT_ADDEDTOKENS_H

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "Json.h"
#include "Regex.h"

namespace hadal::text {

struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool special = false;
  bool singleWord = false; // only between characters that are no word's
  bool lstrip = false;     // takes white space on its left
  bool rstrip = false;     // takes white space on its right
  bool normalized = true;  // looked for in normalized text
};

/// A stretch of text that is one added token, or none (id -1).
struct Span {
  size_t start, end;
  int32_t id;
};

/// Finds a set of strings in a text: leftmost first, the longest of those that
/// start at the same place, without overlap.
class TokenTrie {
public:
  TokenTrie() : nodes(1) {}
  void insert(std::string_view key, uint32_t value);
  /// Length of the longest key that `text` starts with, 0 for none.
  size_t longestPrefix(std::string_view text, uint32_t &value) const;
  bool empty() const { return nodes.size() == 1; }

private:
  struct Node {
    std::unordered_map<unsigned char, uint32_t> next;
    uint32_t value = UINT32_MAX;
  };
  std::vector<Node> nodes;
};

class AddedTokens {
public:
  /// Reads the field `added_tokens`.
  Error read(const Field &field);
  const std::vector<AddedToken> &all() const { return tokens; }

  /// Prepares the search. `normalizedContents` [number of tokens]: contents as
  /// the normalizer leaves them. Of two that are equal then, the special token is
  /// found, else the first.
  void build(const std::vector<std::string> &normalizedContents);

  /// Cuts valid UTF-8 into spans that cover it, none of them empty. Looks for the
  /// tokens whose `normalized` is as given. What Hugging Face's library does with
  /// white space that belongs to two tokens is followed to the letter: a token
  /// that takes white space on its left leaves what a token before has taken, and
  /// is dropped when nothing is left; one that does not is emitted where it
  /// stands, and the text goes on behind it, so that spans overlap.
  void split(std::string_view text, bool normalized, std::vector<Span> &out) const;

private:
  std::vector<AddedToken> tokens;
  TokenTrie raw, normal;
};

} // namespace hadal::text

#endif // HADAL_TEXT_ADDEDTOKENS_H
