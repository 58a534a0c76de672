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

  /// The mean of the latents, weighted by scores of latentQuery and rotatedQuery.
  std::vector<double> attendAbsorbed(double scale) const {
    std::vector<double> y(latentQuery.size());
    auto score = [&](int64_t s, int64_t n, int64_t h, int64_t j) {
      const float *key = &cache[cacheRow(s, j) * size()];
      const float *q = &latentQuery[(n * heads + h) * latent];
      const float *turned = &rotatedQuery[(n * heads + h) * queryWidth() + nope];
      double sum = 0;
      for (int64_t i = 0; i < latent; ++i)
        sum += double(q[i]) * key[i];
      for (int64_t i = 0; i < rope; ++i)
        sum += double(turned[i]) * key[latent + i];
      return sum * scale;
    };
    forEachRow(score, [&](int64_t s, int64_t n, int64_t h, const std::vector<double> &weights) {
      for (size_t j = 0; j < weights.size(); ++j)
        for (int64_t i = 0; i < latent; ++i)
          y[(n * heads + h) * latent + i] += weights[j] * cache[cacheRow(s, j) * size() + i];
    });
    return y;
  }

  /// w[h, o] . latent of each position, head and output, for each sequence.
  std::vector<std::vector<double>> expandRows(const std::vector<float> &w, int64_t outputs) const {
    std::vector<std::vector<double>> result(sequenceCount());
    for (int64_t s = 0; s < sequenceCount(); ++s) {
      int64_t end = sequences[s].context + sequences[s].tokens;
      for (int64_t p = 0; p < end; ++p)
        for (int64_t ho = 0; ho < heads * outputs; ++ho) {
          const float *row = &cache[cacheRow(s, p) * size()];
          double sum = 0;
          for (int64_t i = 0; i < latent; ++i)
            sum += double(w[ho * latent + i]) * row[i];
          result[s].push_back(sum);
        }
    }
    return result;
  }

  /// Attention of rotatedQuery, with W_UK [heads, nope, latent] and W_UV [heads, value,
  /// latent], from keys and values that are expanded once.
  std::vector<double> attend(const std::vector<float> &wUk, const std::vector<float> &wUv,
                             double scale) const {
    auto keys = expandRows(wUk, nope), values = expandRows(wUv, value);
    std::vector<double> y(tokens() * heads * value);
    auto score = [&](int64_t s, int64_t n, int64_t h, int64_t j) {
      const float *q = &rotatedQuery[(n * heads + h) * queryWidth()];
      const float *turned = &cache[cacheRow(s, j) * size() + latent];
      const double *key = &keys[s][(j * heads + h) * nope];
      double sum = 0;
      for (int64_t i = 0; i < nope; ++i)
        sum += q[i] * key[i];
      for (int64_t i = 0; i < rope; ++i)
        sum += double(q[nope + i]) * turned[i];
      return sum * scale;
    };
    forEachRow(score, [&](int64_t s, int64_t n, int64_t h, const std::vector<double> &softmax) {
      for (size_t j = 0; j < softmax.size(); ++j)
        for (int64_t i = 0; i < value; ++i)
          y[(n * heads + h) * value + i] += softmax[j] * values[s][(j * heads + h) * value + i];
    });
    return y;
  }
};

} // namespace hadal::testing

#endif // HADAL_TEST_TARGET_CPU_MLACASE_H
