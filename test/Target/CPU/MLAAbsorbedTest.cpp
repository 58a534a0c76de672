// SPDX-License-Identifier: Apache-2.0
// Runs the absorbed attention kernel against a scalar reference and in other
// batches.
#include "MLACase.h"

#include "hadal/Target/CPU/MLAKernels.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace hadal::cpu;
using namespace hadal::testing;

namespace {

constexpr float scale = 0.11f;
constexpr int64_t never = INT64_MAX;

MLAAbsorbedSpec specOf(const MLACase &c) {
  MLAAbsorbedSpec spec;
  spec.heads = c.heads;
  spec.latent = c.latent;
  spec.nope = c.nope;
  spec.rope = c.rope;
  spec.pageSize = c.pageSize;
  spec.scale = scale;
  spec.cache = c.type;
  return spec;
}

Buffer runAbsorbed(Kernel &kernel, const MLACase &c, int64_t threshold) {
  Buffer q(c.latentQuery, FloatType::F32), rotated(c.rotatedQuery, c.type), cache(c.cache, c.type);
  Buffer table(c.blockTable), positions(c.positions), offsets(c.offsets), slots(c.slots);
  Buffer y = Buffer::poisoned(c.latentQuery.size(), c.type);
  EXPECT_EQ(kernel.run({&q, &rotated, &cache, &table, &positions, &offsets, &slots, &y},
                       {c.tokens(), c.sequenceCount(), c.pagesPerSlot, threshold}, c.tokens(),
                       c.sequenceCount()),
            0);
  return y;
}

MLACase makeCase(int64_t heads, int64_t latent, int64_t rope, int64_t pageSize, FloatType type,
                 std::vector<Sequence> sequences) {
  MLACase c;
  c.heads = heads;
  c.latent = latent;
  c.nope = 6;
  c.rope = rope;
  c.value = 0;
  c.pageSize = pageSize;
  c.type = type;
  c.sequences = std::move(sequences);
  int64_t longest = 0;
  for (const Sequence &s : c.sequences)
    longest = std::max(longest, s.context + s.tokens);
  c.pagesPerSlot = longest / pageSize + 1;
  for (size_t s = 0; s < c.sequences.size(); ++s)
    c.seeds.push_back(uint32_t(s + 1));
  return c;
}

struct Shape {
  int64_t heads, latent, rope, pageSize;
};

TEST(MLAAbsorbed, MatchesReference) {
  for (const KernelTarget &target : hostTargets())
    for (FloatType type : {FloatType::F32, FloatType::BF16})
      for (Shape shape : {Shape{3, 64, 16, 16}, Shape{5, 72, 10, 64}, Shape{16, 64, 16, 7},
                          Shape{20, 37, 6, 100}, Shape{1, 512, 64, 64}}) {
        MLACase c = makeCase(shape.heads, shape.latent, shape.rope, shape.pageSize, type,
                             {{0, 1}, {62, 4}, {0, 0}, {127, 1}, {300, 2}});
        c.build();
        Kernel kernel(target, getMLAAbsorbedInfo(specOf(c), target),
                      [&](KernelBuilder &k) { emitMLAAbsorbed(k, specOf(c)); });
        ASSERT_TRUE(kernel.valid());
        Buffer y = runAbsorbed(kernel, c, never);
        EXPECT_LT(relativeError(y.floats(type), c.attendAbsorbed(scale)),
                  type == FloatType::BF16 ? 4e-3 : 2e-6)
            << shape.heads << " heads, latent " << shape.latent;
      }
}

// One part, several, a tree that is not full, and parts of more than one segment.
TEST(MLAAbsorbed, MeetsInATree) {
  for (const KernelTarget &target : hostTargets())
    for (FloatType type : {FloatType::F32, FloatType::BF16}) {
      MLACase c =
          makeCase(17, 40, 8, 64, type, {{511, 2}, {1023, 1}, {1100, 1}, {3500, 1}, {17000, 1}});
      c.build();
      Kernel kernel(target, getMLAAbsorbedInfo(specOf(c), target),
                    [&](KernelBuilder &k) { emitMLAAbsorbed(k, specOf(c)); });
      ASSERT_TRUE(kernel.valid());
      Buffer y = runAbsorbed(kernel, c, never);
      EXPECT_LT(relativeError(y.floats(type), c.attendAbsorbed(scale)),
                type == FloatType::BF16 ? 6e-3 : 2e-6);
    }
}

// Of few rows the parts are spread over workgroups, of many a workgroup computes all of a row.
TEST(MLAAbsorbed, SplitsManyRowsAlike) {
  for (const KernelTarget &target : hostTargets()) {
    MLACase many = makeCase(2, 40, 8, 16, FloatType::BF16, {{0, 1200}});
    MLACase few = makeCase(2, 40, 8, 16, FloatType::BF16, {{1100, 9}});
    many.build();
    few.build();
    KernelInfo info = getMLAAbsorbedInfo(specOf(few), target);
    ASSERT_LT(info.workspace.maxRows, many.tokens());
    ASSERT_GE(info.workspace.maxRows, few.tokens());
    Kernel kernel(target, info, [&](KernelBuilder &k) { emitMLAAbsorbed(k, specOf(few)); });
    ASSERT_TRUE(kernel.valid());
    std::vector<float> all = runAbsorbed(kernel, many, never).floats(FloatType::BF16);
    std::vector<float> some = runAbsorbed(kernel, few, never).floats(FloatType::BF16);
    for (size_t i = 0; i < some.size(); ++i)
      ASSERT_EQ(some[i], all[1100 * few.heads * few.latent + i]);
  }
}

TEST(MLAAbsorbed, SkipsLongSequences) {
  MLACase c = makeCase(3, 64, 16, 16, FloatType::F32, {{5, 2}, {0, 3}, {9, 1}});
  c.build();
  KernelTarget target{Level::V3, false};
  Kernel kernel(target, getMLAAbsorbedInfo(specOf(c), target),
                [&](KernelBuilder &k) { emitMLAAbsorbed(k, specOf(c)); });
  ASSERT_TRUE(kernel.valid());
  std::vector<float> all = runAbsorbed(kernel, c, never).floats(c.type);
  std::vector<float> some = runAbsorbed(kernel, c, 3).floats(c.type);
  for (size_t i = 0; i < all.size(); ++i) {
    int64_t row = int64_t(i) / (c.heads * c.latent);
    if (row >= 2 && row < 5)
      ASSERT_TRUE(std::isnan(some[i]));
    else
      ASSERT_EQ(some[i], all[i]);
  }
}

// A row has the same bits alone, in a batch, and in chunks.
TEST(MLAAbsorbed, DoesNotDependOnGrouping) {
  for (const KernelTarget &target : hostTargets())
    for (FloatType type : {FloatType::F32, FloatType::BF16}) {
      MLACase whole = makeCase(5, 72, 10, 16, type, {{0, 130}});
      whole.seeds = {2};
      whole.build();
      Kernel kernel(target, getMLAAbsorbedInfo(specOf(whole), target),
                    [&](KernelBuilder &k) { emitMLAAbsorbed(k, specOf(whole)); });
      ASSERT_TRUE(kernel.valid());
      std::vector<float> expected = runAbsorbed(kernel, whole, never).floats(type);
      int64_t row = whole.heads * whole.latent;
      for (int64_t chunk : {1, 7, 64})
        for (int64_t p :
             {int64_t(0), 63 / chunk * chunk, 64 / chunk * chunk, 129 / chunk * chunk}) {
          int64_t count = std::min<int64_t>(chunk, 130 - p);
          MLACase part = makeCase(5, 72, 10, 16, type, {{30, 2}, {p, count}, {64, 1}});
          part.build();
          std::vector<float> y = runAbsorbed(kernel, part, never).floats(type);
          for (int64_t i = 0; i < count * row; ++i)
            ASSERT_EQ(y[2 * row + i], expected[p * row + i]) << "chunk " << chunk << " at " << p;
        }
    }
}

} // namespace
