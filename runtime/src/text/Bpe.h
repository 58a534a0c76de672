// SPDX-License-Identifier: Apache-2.0
// Byte-pair encoding: the field `model` of a tokenizer.
#ifndef HADAL_TEXT_BPE_H
#define HADAL_TEXT_BPE_H

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "Json.h"

namespace hadal::text {

/// Maps a pair of tokens to the merge of them. Open addressing: it is asked for
/// every pair of neighbours in a text.
class MergeTable {
public:
  struct Merge {
    uint32_t rank;
    int32_t token;
  };
  /// Makes room for so many merges; before any insert.
  void reserve(size_t count);
  /// A later merge of the same pair replaces an earlier one.
  void insert(int32_t left, int32_t right, Merge merge);
  const Merge *find(int32_t left, int32_t right) const;

private:
  struct Slot {
    uint64_t key = UINT64_MAX;
    Merge merge{};
  };
  size_t indexOf(uint64_t key) const;
  std::vector<Slot> slots;
};

/// Sennrich et al., "Neural machine translation of rare words with subword
/// units" (2016): starts from characters and applies the merge of lowest rank,
/// leftmost first, until none applies.
class Bpe {
public:
  Error read(const Field &field);

  /// Appends the tokens of one word, valid UTF-8. Takes O(n log n).
  void encode(std::string_view word, std::vector<int32_t> &out) const;

  /// Id of a token, -1 when it is not in the vocabulary.
  int32_t find(std::string_view token) const;
  /// The token of an id, or nullptr.
  const std::string *token(int32_t id) const;
  /// One more than the largest id.
  int32_t idLimit() const { return limit; }
  size_t size() const { return vocabulary.size(); }

private:
  struct Symbol {
    int32_t token;
    int32_t previous, next; // -1: none
    bool alive;
  };
  Error readVocabulary(const Field &field);
  Error readMerges(const Field &field);
  void symbols(std::string_view word, std::vector<int32_t> &out) const;

  std::unordered_map<std::string, int32_t> vocabulary;
  std::unordered_map<int32_t, const std::string *> byId;
  std::vector<int32_t> firstCharacters; // ids of the characters below U+0180, -1: none
  MergeTable merges;
  int32_t byteTokens[256];
  int32_t limit = 0;
  int32_t unknown = -1;
  bool fuseUnknown = false;
  bool byteFallback = false; // every character's bytes have tokens of their own
  bool ignoreMerges = false; // a word that is a token is that token
};

} // namespace hadal::text

#endif // HADAL_TEXT_BPE_H
