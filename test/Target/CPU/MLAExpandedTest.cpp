// SPDX-License-Identifier: Apache-2.0
// Runs the expanded attention kernel against a scalar reference and in other
// batches.
#include "MLACase.h"

#include "hadal/Target/CPU/MLAKernels.h"
#include "hadal/Target/CPU/PackedLayout.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace hadal::cpu;
using namespace hadal::testing;

namespace {

constexpr float scale = 0.13f;

MLAExpandedSpec specOf(const MLACase &c, int64_t blockRows) {
  MLAExpandedSpec spec;
  spec.heads = c.heads;
  spec.latent = c.latent;
  spec.nope = c.nope;
  spec.rope = c.rope;
  spec.value = c.value;
  spec.pageSize = c.pageSize;
  spec.scale = scale;
  spec.cache = c.type;
  spec.weight = c.type == FloatType::BF16 ? WeightType::BF16 : WeightType::F32;
  spec.blockRows = blockRows;
  return spec;
}

// W[heads][outputs][latent], as values and packed.
struct Weight {
  Weight(const MLACase &c, int64_t outputs, uint32_t seed)
      : values(randomFloats(c.heads * outputs * c.latent, seed, 0.3f)),
        packed(packedBytes(type(c), c.heads, outputs, c.latent), 1) {
    for (float &w : values)
      w = rounded(w, c.type);
    auto *to = static_cast<uint8_t *>(packed.data());
    for (int64_t h = 0; h < c.heads; ++h)
      for (int64_t o = 0; o < outputs; o += panelOutputs) {
        PanelSource source;
        source.data = &values[(h * outputs + o) * c.latent];
        source.type = SourceType::F32;
        source.outputStride = c.latent;
        EXPECT_TRUE(packPanel(source, std::min(panelOutputs, outputs - o),
                              c.latent, type(c), to));
        to += panelBytes(type(c), c.latent);
      }
  }
  static WeightType type(const MLACase &c) {
    return c.type == FloatType::BF16 ? WeightType::BF16 : WeightType::F32;
  }
  std::vector<float> values;
  Buffer packed;
};

struct Weights {
  explicit Weights(const MLACase &c)
      : key(c, c.nope, 501), value(c, c.value, 502) {}
  Weight key, value;
};

Buffer runExpanded(Kernel &kernel, const MLACase &c, Weights &weights,
                   int64_t threshold) {
  Buffer q(c.rotatedQuery, c.type), cache(c.cache, c.type);
  Buffer table(c.blockTable), positions(c.positions), offsets(c.offsets),
      slots(c.slots);
  Buffer y = Buffer::poisoned(c.tokens() * c.heads * c.value, c.type);
  EXPECT_EQ(
      kernel.run({&q, &weights.key.packed, &weights.value.packed, &cache,
                  &table, &positions, &offsets, &slots, &y},
                 {c.tokens(), c.sequenceCount(), c.pagesPerSlot, threshold},
                 c.tokens(), c.sequenceCount()),
      0);
  return y;
}

std::vector<double> reference(const MLACase &c, const Weights &weights) {
  // Keys and values of each sequence and head, expanded once.
  auto expand = [&](const Weight &w, int64_t outputs) {
    std::vector<std::vector<double>> result(c.sequenceCount());
    for (int64_t s = 0; s < c.sequenceCount(); ++s) {
      int64_t end = c.sequences[s].context + c.sequences[s].tokens;
      for (int64_t p = 0; p < end; ++p)
        for (int64_t ho = 0; ho < c.heads * outputs; ++ho) {
          const float *latent = &c.cache[c.cacheRow(s, p) * c.size()];
          double sum = 0;
          for (int64_t i = 0; i < c.latent; ++i)
            sum += double(w.values[ho * c.latent + i]) * latent[i];
          result[s].push_back(sum);
        }
    }
    return result;
  };
  auto keys = expand(weights.key, c.nope);
  auto values = expand(weights.value, c.value);
  std::vector<double> y(c.tokens() * c.heads * c.value);
  auto score = [&](int64_t s, int64_t n, int64_t h, int64_t j) {
    const float *q = &c.rotatedQuery[(n * c.heads + h) * c.queryWidth()];
    const float *rope = &c.cache[c.cacheRow(s, j) * c.size() + c.latent];
    const double *key = &keys[s][(j * c.heads + h) * c.nope];
    double sum = 0;
    for (int64_t i = 0; i < c.nope; ++i)
      sum += q[i] * key[i];
    for (int64_t i = 0; i < c.rope; ++i)
      sum += double(q[c.nope + i]) * rope[i];
    return sum * scale;
  };
  c.forEachRow(score, [&](int64_t s, int64_t n, int64_t h,
                          const std::vector<double> &softmax) {
    for (size_t j = 0; j < softmax.size(); ++j)
      for (int64_t i = 0; i < c.value; ++i)
        y[(n * c.heads + h) * c.value + i] +=
            softmax[j] * values[s][(j * c.heads + h) * c.value + i];
  });
  return y;
}

struct Shape {
  int64_t heads, latent, nope, rope, value, pageSize;
};

MLACase makeCase(const Shape &shape, FloatType type,
                 std::vector<Sequence> sequences) {
  MLACase c;
  c.heads = shape.heads;
  c.latent = shape.latent;
  c.nope = shape.nope;
  c.rope = shape.rope;
  c.value = shape.value;
  c.pageSize = shape.pageSize;
  c.pagesPerSlot = (200 + shape.pageSize - 1) / shape.pageSize;
  c.type = type;
  c.sequences = std::move(sequences);
  for (size_t s = 0; s < c.sequences.size(); ++s)
    c.seeds.push_back(uint32_t(s + 1));
  return c;
}

TEST(MLAExpanded, MatchesReference) {
  for (const KernelTarget &target : executableTargets())
    for (FloatType type : {FloatType::F32, FloatType::BF16})
      for (Shape shape :
           {Shape{3, 64, 32, 16, 32, 16}, Shape{5, 37, 20, 6, 45, 7},
            Shape{16, 64, 33, 10, 24, 64}, Shape{20, 16, 8, 4, 64, 100},
            Shape{1, 512, 128, 64, 128, 64}}) {
        MLACase c = makeCase(shape, type,
                             {{0, 1}, {60, 40}, {0, 0}, {127, 5}, {0, 13}});
        c.build();
        Weights weights(c);
        MLAExpandedSpec spec = specOf(c, 16);
        Kernel kernel(target, getMLAExpandedInfo(spec),
                      [&](KernelBuilder &k) { emitMLAExpanded(k, spec); });
        ASSERT_TRUE(kernel.valid());
        Buffer y = runExpanded(kernel, c, weights, 0);
        EXPECT_LT(relativeError(y.floats(type), reference(c, weights)),
                  type == FloatType::BF16 ? 4e-3 : 3e-6)
            << shape.heads << " heads, latent " << shape.latent;
      }
}

TEST(MLAExpanded, SkipsShortSequences) {
  MLACase c = makeCase({3, 64, 32, 16, 32, 16}, FloatType::F32,
                       {{5, 20}, {0, 3}, {9, 21}, {7, 19}});
  c.build();
  Weights weights(c);
  MLAExpandedSpec spec = specOf(c, 8);
  KernelTarget target{Level::V3, false};
  Kernel kernel(target, getMLAExpandedInfo(spec),
                [&](KernelBuilder &k) { emitMLAExpanded(k, spec); });
  ASSERT_TRUE(kernel.valid());
  std::vector<float> all = runExpanded(kernel, c, weights, 0).floats(c.type);
  std::vector<float> some = runExpanded(kernel, c, weights, 20).floats(c.type);
  for (size_t i = 0; i < all.size(); ++i) {
    int64_t row = int64_t(i) / (c.heads * c.value);
    if (row < 20 || (row >= 23 && row < 44))
      ASSERT_EQ(some[i], all[i]);
    else
      ASSERT_TRUE(std::isnan(some[i]));
  }
}

// A row has the same bits alone, in a batch, and in chunks.
TEST(MLAExpanded, DoesNotDependOnGrouping) {
  Shape shape{5, 37, 20, 6, 45, 16};
  for (const KernelTarget &target : executableTargets())
    for (FloatType type : {FloatType::F32, FloatType::BF16}) {
      MLACase whole = makeCase(shape, type, {{0, 130}});
      whole.seeds = {2};
      whole.build();
      Weights weights(whole);
      MLAExpandedSpec spec = specOf(whole, 100);
      Kernel kernel(target, getMLAExpandedInfo(spec),
                    [&](KernelBuilder &k) { emitMLAExpanded(k, spec); });
      ASSERT_TRUE(kernel.valid());
      std::vector<float> expected =
          runExpanded(kernel, whole, weights, 0).floats(type);
      int64_t row = whole.heads * whole.value;
      for (int64_t chunk : {1, 7, 64})
        for (int64_t p : {int64_t(0), 63 / chunk * chunk, 64 / chunk * chunk,
                          129 / chunk * chunk}) {
          int64_t count = std::min<int64_t>(chunk, 130 - p);
          MLACase part = makeCase(shape, type, {{30, 2}, {p, count}, {64, 1}});
          part.build();
          std::vector<float> y =
              runExpanded(kernel, part, weights, 0).floats(type);
          for (int64_t i = 0; i < count * row; ++i)
            ASSERT_EQ(y[2 * row + i], expected[p * row + i])
                << "chunk " << chunk << " at " << p;
        }
    }
}

} // namespace
