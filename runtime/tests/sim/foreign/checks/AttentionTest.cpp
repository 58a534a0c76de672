// SPDX-License-Identifier: Apache-2.0
// Attention kernels: ../cuda/flash.cu and the Triton prefill and split decode, against attention in f64.
#include "Harness.h"
#include "Values.h"

#include <algorithm>

using namespace hadal::simtest;

namespace {

std::vector<uint16_t> halves(size_t count, uint64_t seed) {
  std::vector<uint16_t> values;
  for (float v : reals<float>(count, seed, -1, 1))
    values.push_back(halfBits(double(v)));
  return values;
}

/// Attention of one head in f64; lse in natural logarithm.
void attend(size_t length, size_t width, double scale, bool causal, const uint16_t *q,
            const uint16_t *k, const uint16_t *v, std::vector<double> &out,
            std::vector<double> &lse) {
  for (size_t i = 0; i < length; ++i) {
    size_t keys = causal ? i + 1 : length;
    std::vector<double> score(keys);
    double peak = -HUGE_VAL, total = 0;
    for (size_t j = 0; j < keys; ++j) {
      for (size_t d = 0; d < width; ++d)
        score[j] += double(halfValue(q[i * width + d])) * double(halfValue(k[j * width + d]));
      score[j] *= scale;
      peak = std::max(peak, score[j]);
    }
    for (double &s : score)
      total += s = std::exp(s - peak);
    for (size_t d = 0; d < width; ++d) {
      double sum = 0;
      for (size_t j = 0; j < keys; ++j)
        sum += score[j] * double(halfValue(v[j * width + d]));
      out.push_back(sum / total);
    }
    lse.push_back(peak + std::log(total));
  }
}

std::vector<float> widen(const std::vector<uint16_t> &values) {
  std::vector<float> wide;
  for (uint16_t v : values)
    wide.push_back(halfValue(v));
  return wide;
}

TEST(Attention, FlashForward) {
  for (bool causal : {true, false}) {
    const size_t heads = 2, length = causal ? 150 : 128;
    auto q = halves(heads * length * 64, 1), k = halves(heads * length * 64, 2),
         v = halves(heads * length * 64, 3);
    Case c("flash.ptx", "flash_forward_f16");
    c.grid(unsigned((length + 63) / 64), heads).block(128).dynamicShared(5 * 64 * 72 * 2).in(q);
    c.in(k);
    c.in(v);
    int out = c.out<uint16_t>(q.size()), lse = c.out<float>(heads * length);
    c.scalar<int32_t>(int32_t(length)).scalar<float>(0.125f).scalar<int32_t>(causal).seeds(5);
    ASSERT_TRUE(c.run());
    std::vector<double> expected, expectedLse;
    for (size_t h = 0; h < heads; ++h)
      attend(length, 64, 0.125, causal, &q[h * length * 64], &k[h * length * 64],
             &v[h * length * 64], expected, expectedLse);
    expectNear(widen(c.result<uint16_t>(out)), expected, 2e-3, 2e-3);
    expectNear(c.result<float>(lse), expectedLse, 1e-4, 1e-4);
  }
}

TEST(Attention, TritonPrefill) {
  const size_t heads = 2, length = 100;
  auto q = halves(heads * length * 64, 4), k = halves(heads * length * 64, 5),
       v = halves(heads * length * 64, 6);
  Case c("triton_attention.ptx", "triton_attention");
  c.grid(2, heads).block(128).dynamicShared(16384).in(q);
  c.in(k);
  c.in(v);
  int out = c.out<uint16_t>(q.size());
  c.scalar<int32_t>(length).scalar<float>(0.125f).nullPointer().nullPointer().seeds(5);
  ASSERT_TRUE(c.run());
  std::vector<double> expected, lse;
  for (size_t h = 0; h < heads; ++h)
    attend(length, 64, 0.125, true, &q[h * length * 64], &k[h * length * 64], &v[h * length * 64],
           expected, lse);
  expectNear(widen(c.result<uint16_t>(out)), expected, 2e-3, 2e-3);
}

TEST(Attention, TritonSplitDecode) {
  const size_t sequences = 2, heads = 16, rank = 128, rope = 32, width = rank + rope, page = 32,
               length = 200, perSequence = 8;
  std::vector<uint16_t> q, cache;
  for (float v : reals<float>(sequences * heads * width, 7, -1, 1))
    q.push_back(bfloatBits(v));
  for (float v : reals<float>(sequences * perSequence * page * width, 8, -1, 1))
    cache.push_back(bfloatBits(v));
  std::vector<int32_t> pages = {3, 9, 15, 0, 1, 7, 12, 4, 14, 2, 13, 5, 6, 8, 10, 11};
  const size_t splits = 2;
  Case c("triton_decode_split.ptx", "triton_decode_split");
  c.grid(sequences, splits).block(128).dynamicShared(16384).in(q);
  c.in(cache);
  c.in(pages);
  int part = c.out<float>(sequences * splits * heads * rank),
      lse = c.out<float>(sequences * splits * heads);
  c.scalar<int32_t>(length)
      .scalar<int32_t>(perSequence)
      .scalar<float>(0.1f)
      .nullPointer()
      .nullPointer()
      .seeds(3);
  ASSERT_TRUE(c.run());
  std::vector<double> expected, expectedLse;
  for (size_t s = 0; s < sequences; ++s)
    for (size_t split = 0; split < splits; ++split)
      for (size_t h = 0; h < heads; ++h) {
        size_t first = split * 128, last = std::min(first + 128, length);
        std::vector<double> score;
        double peak = -HUGE_VAL, total = 0;
        auto row = [&](size_t key) {
          return &cache[(size_t(pages[s * perSequence + key / page]) * page + key % page) * width];
        };
        for (size_t key = first; key < last; ++key) {
          double sum = 0;
          for (size_t d = 0; d < width; ++d)
            sum += double(bfloatValue(q[(s * heads + h) * width + d])) *
                   double(bfloatValue(row(key)[d]));
          score.push_back(sum * 0.1);
          peak = std::max(peak, score.back());
        }
        for (double &v : score)
          total += v = std::exp(v - peak);
        for (size_t d = 0; d < rank; ++d) {
          double sum = 0;
          for (size_t key = first; key < last; ++key)
            sum += score[key - first] * double(bfloatValue(row(key)[d]));
          expected.push_back(sum / total);
        }
        expectedLse.push_back((peak + std::log(total)) / std::log(2.0));
      }
  expectNear(c.result<float>(part), expected, 4e-3, 4e-3);
  expectNear(c.result<float>(lse), expectedLse, 1e-4, 1e-4);
}

} // namespace
