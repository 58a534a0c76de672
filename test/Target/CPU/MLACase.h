// SPDX-License-Identifier: Apache-2.0
// A step over several sequences with a paged latent cache, and its scalar
// attention.
#ifndef HADAL_TEST_TARGET_CPU_MLACASE_H
#define HADAL_TEST_TARGET_CPU_MLACASE_H

#include "KernelHarness.h"

#include <limits>

namespace hadal::testing {

/// `tokens` new tokens of a sequence whose first `context` positions are
/// cached.
struct Sequence {
  int64_t context = 0;
  int64_t tokens = 1;
};

/// Operands of attention. Cache rows that no sequence has written hold NaN.
/// What belongs to a position of a sequence depends on its seed and position
/// alone, so a sequence can be replayed in other batches and chunks.
struct MLACase {
  int64_t heads, latent, nope, rope, value, pageSize, pagesPerSlot;
  FloatType type;
  std::vector<Sequence> sequences;
  std::vector<uint32_t> seeds; // of each sequence

  std::vector<int32_t> positions, offsets, slots, blockTable;
  std::vector<float> cache, rotatedQuery, latentQuery;

  int64_t size() const { return latent + rope; }
  int64_t queryWidth() const { return nope + rope; }
  int64_t tokens() const { return int64_t(positions.size()); }
  int64_t sequenceCount() const { return int64_t(sequences.size()); }

  void build() {
    int64_t slotCount = sequenceCount() + 2, pages = slotCount * pagesPerSlot;
    for (int64_t i = 0; i < pages; ++i)
      blockTable.push_back(int32_t(i));
    std::shuffle(blockTable.begin(), blockTable.end(), std::mt19937(99));
    cache.assign(pages * pageSize * size(), std::numeric_limits<float>::quiet_NaN());
    offsets.push_back(0);
    for (int64_t s = 0; s < sequenceCount(); ++s) {
      slots.push_back(int32_t(slotCount - 1 - s));
      int64_t end = sequences[s].context + sequences[s].tokens;
      for (int64_t p = 0; p < end; ++p) {
        std::vector<float> row = randomFloats(size(), seeds[s] * 100003 + uint32_t(p));
        std::copy(row.begin(), row.end(), cache.begin() + cacheRow(s, p) * size());
      }
      for (int64_t p = sequences[s].context; p < end; ++p) {
        positions.push_back(int32_t(p));
        std::vector<float> q =
            randomFloats(heads * queryWidth(), seeds[s] * 7919 + uint32_t(p), 2.0f);
        rotatedQuery.insert(rotatedQuery.end(), q.begin(), q.end());
        q = randomFloats(heads * latent, seeds[s] * 104729 + uint32_t(p), 2.0f);
        latentQuery.insert(latentQuery.end(), q.begin(), q.end());
      }
      offsets.push_back(int32_t(positions.size()));
    }
    for (float &x : cache)
      x = rounded(x, type);
    for (float &x : rotatedQuery)
      x = rounded(x, type);
  }

  int64_t cacheRow(int64_t sequence, int64_t position) const {
    return blockTable[slots[sequence] * pagesPerSlot + position / pageSize] * pageSize +
           position % pageSize;
  }

  /// Calls visit(sequence, row, head, weights over positions 0..p).
  template <typename Score, typename Visit>
  void forEachRow(const Score &score, const Visit &visit) const {
    for (int64_t s = 0; s < sequenceCount(); ++s)
      for (int64_t n = offsets[s]; n < offsets[s + 1]; ++n)
        for (int64_t h = 0; h < heads; ++h) {
          std::vector<double> weights(positions[n] + 1);
          double largest = -INFINITY, sum = 0;
          for (size_t j = 0; j < weights.size(); ++j)
            largest = std::max(largest, weights[j] = score(s, n, h, int64_t(j)));
          for (double &w : weights)
            sum += w = std::exp(w - largest);
          for (double &w : weights)
            w /= sum;
          visit(s, n, h, weights);
        }
  }
};

} // namespace hadal::testing

#endif // HADAL_TEST_TARGET_CPU_MLACASE_H
