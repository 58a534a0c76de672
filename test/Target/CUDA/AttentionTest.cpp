// SPDX-License-Identifier: Apache-2.0
// Absorbed attention in tiles: against a softmax in double precision, with pages in any order and
// no number beyond a sequence's end; the same bits whatever else is in the launch.
#include "../CPU/KernelHarness.h"
#include "Mutations.h"

#include "hadal/IR/StoredElements.h"
#include "hadal/Target/CUDA/AttentionKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

using namespace hadal;
using namespace hadal::testing;

namespace {
struct Shape {
  int64_t heads, rank, nope, rope, pageSize;
};

/// New tokens of a sequence that had so many before.
struct Sequence {
  int64_t before, count;
};

std::vector<uint16_t> roundAll(const std::vector<float> &values) {
  std::vector<uint16_t> rounded;
  for (float value : values)
    rounded.push_back(f32ToBF16(value));
  return rounded;
}

/// A kernel, and a pool of latents that each slot has pages of.
class Attention {
public:
  Attention(const Shape &shape, const cuda::Level &level, float scale = 0.25f)
      : shape(shape),
        spec{"attend", shape.heads, shape.rank, shape.nope, shape.rope, shape.pageSize, scale},
        kernel("attend", level, [&](mlir::OpBuilder &builder, mlir::Location loc) {
          auto chosen = cuda::chooseAttention(spec, level);
          EXPECT_TRUE(chosen);
          program = *chosen;
          cuda::emitAttention(builder, loc, spec, program);
        }) {}

  int64_t width() const { return shape.rank + shape.rope; }
  int64_t query() const { return shape.nope + shape.rope; }

  /// A row of numbers of its own for each sequence and position, so that no launch changes them.
  static std::vector<float> rowFor(int64_t what, int64_t sequence, int64_t position,
                                   int64_t count) {
    return randomFloats(size_t(count), uint32_t(what + 31 * sequence + 1009 * position));
  }

  /// Attends for sequences by their numbers, which choose their data. Words of y, by token.
  std::vector<std::vector<uint16_t>> run(const std::vector<std::pair<int64_t, Sequence>> &batch) {
    int64_t most = 0;
    for (auto &[number, sequence] : batch)
      most = std::max(most, sequence.before + sequence.count);
    int64_t pagesOfSlot = (most + shape.pageSize - 1) / shape.pageSize, slots = batch.size() + 1;
    std::vector<int32_t> table(slots * pagesOfSlot);
    std::iota(table.begin(), table.end(), 0);
    std::shuffle(table.begin(), table.end(), std::mt19937(5));
    std::vector<uint16_t> cache(table.size() * shape.pageSize * width(), 0x7fc0); // NaN
    std::vector<float> latent;
    std::vector<uint16_t> queries;
    std::vector<int32_t> positions, offsets{0}, slotOf;
    for (auto &[number, sequence] : batch) {
      slotOf.push_back(int32_t(slots - 1 - slotOf.size()));
      for (int64_t p = 0; p < sequence.before + sequence.count; ++p) {
        int64_t page = table[slotOf.back() * pagesOfSlot + p / shape.pageSize];
        std::vector<uint16_t> row = roundAll(rowFor(1, number, p, width()));
        std::copy(row.begin(), row.end(),
                  cache.begin() + (page * shape.pageSize + p % shape.pageSize) * width());
      }
      for (int64_t p = sequence.before; p < sequence.before + sequence.count; ++p) {
        std::vector<float> rowL = rowFor(2, number, p, shape.heads * shape.rank);
        latent.insert(latent.end(), rowL.begin(), rowL.end());
        std::vector<uint16_t> rowQ = roundAll(rowFor(3, number, p, shape.heads * query()));
        queries.insert(queries.end(), rowQ.begin(), rowQ.end());
        positions.push_back(int32_t(p));
      }
      offsets.push_back(int32_t(positions.size()));
    }
    int64_t tokens = positions.size(), words = tokens * shape.heads * shape.rank;
    hadal_sim_launch_t launch = SimImage::defaults();
    launch.grid[0] = uint32_t(tokens) + 1; // one too many, as a record may have
    launch.grid[1] = uint32_t((shape.heads + program.heads - 1) / program.heads);
    launch.block[0] = uint32_t(program.threads());
    launch.dynamic_shared_bytes = program.sharedBytes;
    uint64_t out = kernel->allocate(words * 2);
    std::vector<uint64_t> parameters{
        kernel->upload(latent),
        kernel->upload(queries),
        kernel->upload(cache),
        kernel->upload(positions),
        kernel->upload(offsets),
        kernel->upload(slotOf),
        kernel->upload(table),
        out,
        kernel->upload(std::vector<int64_t>{tokens, int64_t(batch.size()), pagesOfSlot})};
    kernel.run(launch, parameters);
    std::vector<uint16_t> y = kernel->download<uint16_t>(out, words);
    std::vector<std::vector<uint16_t>> rows;
    for (int64_t n = 0; n < tokens; ++n)
      rows.emplace_back(y.begin() + n * shape.heads * shape.rank,
                        y.begin() + (n + 1) * shape.heads * shape.rank);
    return rows;
  }

  void expectRow(const std::vector<uint16_t> &y, int64_t number, int64_t position) const {
    std::vector<float> latent = rowFor(2, number, position, shape.heads * shape.rank);
    std::vector<float> queries = rowFor(3, number, position, shape.heads * query());
    std::vector<std::vector<float>> keys;
    for (int64_t j = 0; j <= position; ++j) {
      keys.push_back(rowFor(1, number, j, width()));
      for (float &value : keys.back())
        value = bf16ToF32(f32ToBF16(value));
    }
    auto rounded = [](float value) { return double(bf16ToF32(f32ToBF16(value))); };
    for (int64_t h = 0; h < shape.heads; ++h) {
      std::vector<double> score(keys.size());
      for (size_t j = 0; j < keys.size(); ++j) {
        for (int64_t i = 0; i < shape.rank; ++i)
          score[j] += rounded(latent[h * shape.rank + i]) * keys[j][i];
        for (int64_t i = 0; i < shape.rope; ++i)
          score[j] += rounded(queries[h * query() + shape.nope + i]) * keys[j][shape.rank + i];
        score[j] *= spec.scale;
      }
      double largest = *std::max_element(score.begin(), score.end()), total = 0;
      for (double &s : score)
        total += s = std::exp(s - largest);
      for (int64_t i = 0; i < shape.rank; ++i) {
        double sum = 0, size = 0;
        for (size_t j = 0; j < keys.size(); ++j) {
          sum += score[j] / total * keys[j][i];
          size += score[j] / total * std::abs(keys[j][i]);
        }
        // Weights and the result are rounded to bf16.
        ASSERT_NEAR(bf16ToF32(y[h * shape.rank + i]), sum, size / 256 + std::abs(sum) / 256)
            << "head " << h << ", column " << i << ", position " << position;
      }
    }
  }

  Shape shape;
  cuda::AttentionSpec spec;
  cuda::AttentionProgram program;
  SimKernel kernel;
};

class TileAttention : public ::testing::TestWithParam<Shape> {};
} // namespace

TEST_P(TileAttention, IsRightAndTheSameAloneAndTogether) {
  const std::vector<std::pair<int64_t, Sequence>> batch{{0, {0, 1}},  {1, {1, 1}},  {2, {60, 6}},
                                                        {3, {30, 3}}, {4, {65, 1}}, {5, {200, 1}}};
  for (llvm::StringRef name : {"sm_80", "sm_86", "sm_90"}) {
    Attention attention(GetParam(), *cuda::findLevel(name));
    std::vector<std::vector<uint16_t>> together = attention.run(batch);
    EXPECT_EQ(attention.kernel.counters.shared_bank_conflicts, 0u);
    size_t row = 0;
    for (auto &[number, sequence] : batch)
      for (int64_t p = sequence.before; p < sequence.before + sequence.count; ++p, ++row) {
        attention.expectRow(together[row], number, p);
        std::vector<std::vector<uint16_t>> alone = attention.run({{number, {p, 1}}});
        ASSERT_EQ(alone.front(), together[row]) << name.str() << ", position " << p;
      }
  }
}

// Heads that fill no tile, one, several; latents that are no multiple of 64 columns; pages of less
// than a tile of keys.
INSTANTIATE_TEST_SUITE_P(Shapes, TileAttention,
                         ::testing::Values(Shape{1, 64, 32, 16, 64}, Shape{20, 64, 32, 16, 16},
                                           Shape{3, 32, 16, 16, 64}, Shape{5, 96, 8, 8, 8},
                                           Shape{16, 512, 128, 64, 64}, Shape{70, 96, 32, 16, 64}));

TEST(TileAttentionPrograms, AreChosenBySharedMemory) {
  auto chosen = [](int64_t heads, const char *level) {
    cuda::AttentionSpec spec{"", heads, 512, 128, 64, 64, 1};
    auto program = cuda::chooseAttention(spec, *cuda::findLevel(level));
    return std::pair(program->heads, program->keys);
  };
  using Tile = std::pair<int64_t, int64_t>;
  EXPECT_EQ(chosen(128, "sm_90"), Tile(64, 64));
  EXPECT_EQ(chosen(128, "sm_80"), Tile(64, 32));
  EXPECT_EQ(chosen(128, "sm_86"), Tile(16, 32));
  EXPECT_EQ(chosen(20, "sm_90"), Tile(32, 64));
  EXPECT_EQ(chosen(20, "sm_80"), Tile(32, 32));
  EXPECT_EQ(chosen(3, "sm_80"), Tile(16, 64));
  cuda::AttentionSpec odd{"", 3, 37, 20, 6, 16, 1};
  EXPECT_FALSE(cuda::chooseAttention(odd, cuda::lowestLevel()));
}

// Tiles of true latents: how often shared memory is touched for each product.
TEST(TileAttentionPrograms, OfTrueLatentsAreRight) {
  struct {
    const char *level;
    int64_t heads;
    double wavefronts;
  } const cases[] = {{"sm_90", 64, 2.7}, {"sm_80", 64, 2.9}, {"sm_90", 20, 2.9},
                     {"sm_80", 20, 3.1}, {"sm_80", 16, 4.5}, {"sm_86", 16, 3.6}};
  for (auto &[level, heads, wavefronts] : cases) {
    Attention attention({heads, 512, 128, 64, 64}, *cuda::findLevel(level));
    std::vector<std::vector<uint16_t>> y = attention.run({{0, {1000, 1}}});
    attention.expectRow(y.front(), 0, 1000);
    const hadal_sim_counters_t &counters = attention.kernel.counters;
    EXPECT_EQ(counters.shared_bank_conflicts, 0u);
    double of = double(counters.shared_wavefronts) / double(counters.matrix_products);
    RecordProperty(std::to_string(heads) + "_" + level, std::to_string(of));
    EXPECT_LE(of, wavefronts) << heads << " heads, " << level;
    // Queries, and the pages of 1001 latents.
    EXPECT_LE(counters.async_copy_bytes, 1024u * 576 * 2);
  }
}

// Where scores are so close that factors are one, no sum is multiplied but the first, of nothing.
TEST(TileAttentionPrograms, FactorsOfOneAreLeftOut) {
  auto multiplied = [](float scale) {
    Attention attention({16, 512, 128, 64, 64}, *cuda::findLevel("sm_80"), scale);
    std::vector<std::vector<uint16_t>> y = attention.run({{0, {639, 1}}});
    attention.expectRow(y.front(), 0, 639);
    return attention.kernel.counters.warp_instructions;
  };
  // 64 numbers a lane, four warps, in at least one tile more.
  EXPECT_GE(multiplied(0.25f), multiplied(1e-9f) + 64 * 4);
}

namespace {
class AttentionMutations : public ::testing::TestWithParam<std::pair<const char *, int64_t>> {};
} // namespace

// Heads that leave padding.
TEST_P(AttentionMutations, AreNoticed) {
  auto [level, heads] = GetParam();
  Attention attention({heads, 512, 128, 64, 64}, *cuda::findLevel(level));
  // A last tile of nine keys, and one that is the first, too.
  auto isSame = compareWith([&] { return attention.run({{0, {200, 1}}, {1, {8, 1}}}); });
  expectWaitsMissed(attention.kernel, 10, isSame);
  // A tile of one page has nothing on a page behind the last.
  expectBoundsMissed(attention.kernel, 7, isSame,
                     [](mlir::Operation *op) { return mlir::isa<mlir::arith::MinSIOp>(op); });
}

INSTANTIATE_TEST_SUITE_P(Levels, AttentionMutations,
                         ::testing::Values(std::pair("sm_86", 3), std::pair("sm_80", 60)));
