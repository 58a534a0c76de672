// SPDX-License-Identifier: Apache-2.0
// Byte-pair encoding of one word.
#include "Bpe.h"
#include "Utf8.h"

#include <queue>

namespace hadal::text {

void MergeTable::reserve(size_t count) {
  size_t size = 16;
  while (size < count * 2)
    size *= 2;
  slots.assign(size, Slot{});
}

size_t MergeTable::indexOf(uint64_t key) const {
  // Finalizer of SplitMix64 (Steele, Lea, Flood 2014): mixes all bits.
  uint64_t hash = key;
  hash = (hash ^ hash >> 30) * 0xBF58476D1CE4E5B9u;
  hash = (hash ^ hash >> 27) * 0x94D049BB133111EBu;
  hash ^= hash >> 31;
  size_t index = hash & (slots.size() - 1);
  while (slots[index].key != UINT64_MAX && slots[index].key != key)
    index = (index + 1) & (slots.size() - 1);
  return index;
}

static uint64_t pairKey(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

void MergeTable::insert(int32_t left, int32_t right, Merge merge) {
  uint64_t key = pairKey(left, right);
  slots[indexOf(key)] = {key, merge};
}

const MergeTable::Merge *MergeTable::find(int32_t left, int32_t right) const {
  uint64_t key = pairKey(left, right);
  const Slot &slot = slots[indexOf(key)];
  return slot.key == key ? &slot.merge : nullptr;
}

int32_t Bpe::find(std::string_view token) const {
  auto it = vocabulary.find(std::string(token));
  return it == vocabulary.end() ? -1 : it->second;
}

const std::string *Bpe::token(int32_t id) const {
  auto it = byId.find(id);
  return it == byId.end() ? nullptr : it->second;
}

/// The characters of a word as tokens. A character without a token becomes its
/// bytes' tokens, or the unknown token, or nothing; an unknown token is written
/// when the next character that has a token comes.
void Bpe::symbols(std::string_view word, std::vector<int32_t> &out) const {
  bool pendingUnknown = false;
  for (size_t position = 0; position < word.size();) {
    size_t start = position;
    char32_t c = nextCodePoint(word, position);
    std::string_view character = word.substr(start, position - start);
    int32_t id = c < firstCharacters.size() ? firstCharacters[c] : find(character);
    if (id >= 0) {
      if (pendingUnknown)
        out.push_back(unknown);
      pendingUnknown = false;
      out.push_back(id);
      continue;
    }
    if (byteFallback) {
      bool all = true;
      for (char byte : character)
        all = all && byteTokens[static_cast<unsigned char>(byte)] >= 0;
      if (all) {
        for (char byte : character)
          out.push_back(byteTokens[static_cast<unsigned char>(byte)]);
        continue;
      }
    }
    if (unknown >= 0) {
      if (pendingUnknown && !fuseUnknown)
        out.push_back(unknown);
      pendingUnknown = true;
    }
  }
  if (pendingUnknown)
    out.push_back(unknown);
}

void Bpe::encode(std::string_view word, std::vector<int32_t> &out) const {
  if (word.empty())
    return;
  if (ignoreMerges) {
    int32_t id = find(word);
    if (id >= 0) {
      out.push_back(id);
      return;
    }
  }
  std::vector<int32_t> tokens;
  symbols(word, tokens);
  int32_t count = static_cast<int32_t>(tokens.size());
  std::vector<Symbol> list(tokens.size());
  for (int32_t i = 0; i < count; ++i)
    list[static_cast<size_t>(i)] = {tokens[static_cast<size_t>(i)], i - 1,
                                    i + 1 < count ? i + 1 : -1, true};

  struct Candidate {
    uint32_t rank;
    int32_t position;
    int32_t token; // what the merge makes
    bool operator<(const Candidate &other) const {
      // The queue gives its largest element first.
      return rank != other.rank ? rank > other.rank : position > other.position;
    }
  };
  std::priority_queue<Candidate> queue;
  auto consider = [&](int32_t left, int32_t right) {
    const MergeTable::Merge *merge =
        merges.find(list[static_cast<size_t>(left)].token, list[static_cast<size_t>(right)].token);
    if (merge)
      queue.push({merge->rank, left, merge->token});
  };
  for (int32_t i = 0; i + 1 < count; ++i)
    consider(i, i + 1);

  while (!queue.empty()) {
    Candidate top = queue.top();
    queue.pop();
    Symbol &left = list[static_cast<size_t>(top.position)];
    if (!left.alive || left.next < 0)
      continue;
    Symbol &right = list[static_cast<size_t>(left.next)];
    // One of the two may have changed since the candidate was queued.
    const MergeTable::Merge *merge = merges.find(left.token, right.token);
    if (!merge || merge->token != top.token)
      continue;
    left.token = top.token;
    right.alive = false;
    left.next = right.next;
    if (left.next >= 0)
      list[static_cast<size_t>(left.next)].previous = top.position;
    if (left.previous >= 0)
      consider(left.previous, top.position);
    if (left.next >= 0)
      consider(top.position, left.next);
  }
  for (const Symbol &symbol : list)
    if (symbol.alive)
      out.push_back(symbol.token);
}

} // namespace hadal::text
