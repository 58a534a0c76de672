// SPDX-License-Identifier: Apache-2.0
// A tokenizer, as tokenizer.json describes it.
#ifndef HADAL_TEXT_TOKENIZER_H
#define HADAL_TEXT_TOKENIZER_H

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "AddedTokens.h"
#include "Bpe.h"
#include "Decoder.h"
#include "Json.h"
#include "Normalizer.h"
#include "PostProcessor.h"
#include "PreTokenizer.h"

namespace hadal::text {

/// Immutable once read, so threads can share it.
class Tokenizer {
public:
  /// Reads tokenizer.json and, unless empty, tokenizer_config.json.
  Error read(std::string_view tokenizerJson, std::string_view configJson);

  /// Ids of a text; bytes that are no UTF-8 are taken for U+FFFD. `addSpecial`:
  /// with the tokens that go around a text.
  Error encode(std::string_view bytes, bool addSpecial, std::vector<int32_t> &out) const;

  /// Text of ids. An id without a token is left out, and so is a special one
  /// when `skipSpecial`.
  Error decode(const int32_t *ids, size_t count, bool skipSpecial, std::string &out) const;

  /// The token of an id, or nullptr when there is none, or it is to be left out.
  const std::string *visibleToken(int32_t id, bool skipSpecial) const;
  /// Id of a token, -1 when there is none.
  int32_t find(std::string_view token) const;
  int32_t idLimit() const { return limit; }
  const Decoder &textDecoder() const { return decoder; }

private:
  Error readAddedTokens(const Field &root);
  Error readConfig(const Field &config);
  Error encodePlain(std::string_view text, bool atStart, std::vector<int32_t> &out) const;
  Error encodeWords(std::string_view text, bool atStart, std::vector<int32_t> &out) const;

  Normalizer normalizer;
  PreTokenizer preTokenizer;
  Bpe model;
  AddedTokens added;
  PostProcessor postProcessor;
  Decoder decoder;
  struct Shown {
    std::string text; // as the normalizer leaves it, where it is looked for there
    bool special;
  };
  std::unordered_map<int32_t, Shown> addedById;
  int32_t limit = 0;
};

} // namespace hadal::text

#endif // HADAL_TEXT_TOKENIZER_H
