// SPDX-License-Identifier: Apache-2.0
// Runs the expanded attention kernel against a scalar reference and in other
// batches.
#include "MLACase.h"

#include "hadal/Target/CPU/MLAKernels.h"
#include "hadal/Target/CPU/PackedLayout.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace hadal;
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

// W[heads][outputs][latent], as values and packed. In fp8 each block of 16 x 16
// of a head has a scale.
struct Weight {
  Weight(const MLACase &c, int64_t outputs, uint32_t seed, WeightType type)
      : values(randomFloats(c.heads * outputs * c.latent, seed, 0.3f)),
        packed(packedBytes(type, c.heads, outputs, c.latent), 1),
        scales(std::vector<float>(), FloatType::F32) {
    std::vector<uint8_t> bytes(values.size());
    if (type == WeightType::F8E4M3)
      quantize(c, outputs, seed, bytes);
    for (float &w : values)
      w = type == WeightType::BF16 ? rounded(w, FloatType::BF16) : w;
    auto *to = static_cast<uint8_t *>(packed.data());
    for (int64_t h = 0; h < c.heads; ++h)
      for (int64_t o = 0; o < outputs; o += panelOutputs) {
        int64_t first = (h * outputs + o) * c.latent;
        StoredMatrix source;
        source.data = reinterpret_cast<const uint8_t *>(&values[first]);
        source.element = StoredElement::F32;
        if (type == WeightType::F8E4M3) {
          source.data = &bytes[first];
          source.element = StoredElement::F8E4M3;
        }
        source.outputs = std::min(panelOutputs, outputs - o);
        source.inputs = source.outputStride = c.latent;
        EXPECT_TRUE(packPanel(source, panelShapeOf(type), elementOf(type), to));
        to += panelBytes(type, c.latent);
      }
  }

  void quantize(const MLACase &c, int64_t outputs, uint32_t seed, std::vector<uint8_t> &bytes) {
    BlockScales layout = BlockScales::stacked(outputs, c.latent, 16, 16);
    std::vector<float> factors = randomFloats(c.heads * layout.batchStride, seed + 1, 0.3f);
    std::mt19937 generator(seed);
    for (size_t i = 0; i < values.size(); ++i) {
      int64_t input = int64_t(i) % c.latent;
      int64_t output = int64_t(i) / c.latent % outputs;
      int64_t head = int64_t(i) / c.latent / outputs;
      // Without the highest bit of the exponent: below 2, and never NaN.
      bytes[i] = uint8_t(generator() & 0xbf);
      values[i] =
          f8E4M3ToF32(bytes[i]) *
          factors[head * layout.batchStride + output / 16 * layout.outputStride + input / 16];
    }
    scales = Buffer(factors, FloatType::F32);
  }

  std::vector<float> values;
  Buffer packed, scales;
};

struct Weights {
  Weights(const MLACase &c, WeightType type)
      : key(c, c.nope, 501, type), value(c, c.value, 502, type), type(type) {}
  explicit Weights(const MLACase &c)
      : Weights(c, c.type == FloatType::BF16 ? WeightType::BF16 : WeightType::F32) {}
  Weight key, value;
  WeightType type;
};

Buffer runExpanded(Kernel &kernel, const MLACase &c, Weights &weights, int64_t threshold) {
  Buffer q(c.rotatedQuery, c.type), cache(c.cache, c.type);
  Buffer table(c.blockTable), positions(c.positions), offsets(c.offsets), slots(c.slots);
  Buffer y = Buffer::poisoned(c.tokens() * c.heads * c.value, c.type);
  std::vector<Buffer *> bindings{&q};
  for (Weight *weight : {&weights.key, &weights.value}) {
    bindings.push_back(&weight->packed);
    if (weights.type == WeightType::F8E4M3)
      bindings.push_back(&weight->scales);
  }
  bindings.insert(bindings.end(), {&cache, &table, &positions, &offsets, &slots, &y});
  EXPECT_EQ(kernel.run(bindings, {c.tokens(), c.sequenceCount(), c.pagesPerSlot, threshold},
                       c.tokens(), c.sequenceCount()),
            0);
  return y;
}

std::vector<double> reference(const MLACase &c, const Weights &weights) {
  return c.attend(weights.key.values, weights.value.values, scale);
}

struct Shape {
  int64_t heads, latent, nope, rope, value, pageSize;
};

MLACase makeCase(const Shape &shape, FloatType type, std::vector<Sequence> sequences) {
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
  for (const KernelTarget &target : hostTargets())
    for (FloatType type : {FloatType::F32, FloatType::BF16})
      for (Shape shape :
           {Shape{3, 64, 32, 16, 32, 16}, Shape{5, 37, 20, 6, 45, 7}, Shape{16, 64, 33, 10, 24, 64},
            Shape{20, 16, 8, 4, 64, 100}, Shape{1, 512, 128, 64, 128, 64}}) {
        MLACase c = makeCase(shape, type, {{0, 1}, {60, 40}, {0, 0}, {127, 5}, {0, 13}});
        c.build();
        Weights weights(c);
        MLAExpandedSpec spec = specOf(c, 16);
        Kernel kernel(target, getMLAExpandedInfo(spec, target),
                      [&](KernelBuilder &k) { emitMLAExpanded(k, spec); });
        ASSERT_TRUE(kernel.valid());
        Buffer y = runExpanded(kernel, c, weights, 0);
        // The dot unit wants keys, values and weights of the softmax in bf16 too.
        double bound = type == FloatType::F32 ? 3e-6 : target.usesPairDot() ? 6e-3 : 4e-3;
        EXPECT_LT(relativeError(y.floats(type), reference(c, weights)), bound)
            << shape.heads << " heads, latent " << shape.latent;
      }
}

TEST(MLAExpanded, MatchesReferenceInF8) {
  for (const KernelTarget &target : hostTargets()) {
    MLACase c = makeCase({3, 40, 36, 6, 24, 16}, FloatType::F32, {{60, 20}, {0, 7}});
    c.build();
    Weights weights(c, WeightType::F8E4M3);
    MLAExpandedSpec spec = specOf(c, 16);
    spec.weight = WeightType::F8E4M3;
    spec.keyScales = BlockScales::stacked(c.nope, c.latent, 16, 16);
    spec.valueScales = BlockScales::stacked(c.value, c.latent, 16, 16);
    Kernel kernel(target, getMLAExpandedInfo(spec, target),
                  [&](KernelBuilder &k) { emitMLAExpanded(k, spec); });
    ASSERT_TRUE(kernel.valid());
    Buffer y = runExpanded(kernel, c, weights, 0);
    EXPECT_LT(relativeError(y.floats(c.type), reference(c, weights)), 3e-6);
  }
}

TEST(MLAExpanded, SkipsShortSequences) {
  MLACase c =
      makeCase({3, 64, 32, 16, 32, 16}, FloatType::F32, {{5, 20}, {0, 3}, {9, 21}, {7, 19}});
  c.build();
  Weights weights(c);
  MLAExpandedSpec spec = specOf(c, 8);
  KernelTarget target{Level::V3, false};
  Kernel kernel(target, getMLAExpandedInfo(spec, target),
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
  for (const KernelTarget &target : hostTargets())
    for (FloatType type : {FloatType::F32, FloatType::BF16}) {
      MLACase whole = makeCase(shape, type, {{0, 130}});
      whole.seeds = {2};
      whole.build();
      Weights weights(whole);
      MLAExpandedSpec spec = specOf(whole, 100);
      Kernel kernel(target, getMLAExpandedInfo(spec, target),
                    [&](KernelBuilder &k) { emitMLAExpanded(k, spec); });
      ASSERT_TRUE(kernel.valid());
      std::vector<float> expected = runExpanded(kernel, whole, weights, 0).floats(type);
      int64_t row = whole.heads * whole.value;
      for (int64_t chunk : {1, 7, 64})
        for (int64_t p :
             {int64_t(0), 63 / chunk * chunk, 64 / chunk * chunk, 129 / chunk * chunk}) {
          int64_t count = std::min<int64_t>(chunk, 130 - p);
          MLACase part = makeCase(shape, type, {{30, 2}, {p, count}, {64, 1}});
          part.build();
          std::vector<float> y = runExpanded(kernel, part, weights, 0).floats(type);
          for (int64_t i = 0; i < count * row; ++i)
            ASSERT_EQ(y[2 * row + i], expected[p * row + i]) << "chunk " << chunk << " at " << p;
        }
    }
}

} // namespace
