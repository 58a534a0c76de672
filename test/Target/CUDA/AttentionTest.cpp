// SPDX-License-Identifier: Apache-2.0
// Absorbed attention in tiles: against a softmax in double precision, with pages in any order and
// no number beyond a sequence's end; the same bits whatever else is in the launch.
#include "../CPU/KernelHarness.h"
#include "Mutations.h"

#include "hadal/IR/StoredElements.h"
#include "hadal/Target/CUDA/AttentionKernels.h"

#include "hadal_kernel_abi.h"

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
  Attention(const Shape &shape, const cuda::Level &level, float scale = 0.25f,
            int64_t threshold = 0)
      : shape(shape), spec{"attend",   shape.heads,    shape.rank, shape.nope,
                           shape.rope, shape.pageSize, scale,      threshold},
        kernel("attend", level, [&](mlir::OpBuilder &builder, mlir::Location loc) {
          auto chosen = cuda::chooseAttention(spec, level);
          EXPECT_TRUE(chosen);
          program = *chosen;
          cuda::emitAttention(builder, loc, spec, program);
        }) {}

  int64_t segmentsOf(int64_t keys) const { return (keys + program.segment - 1) / program.segment; }
  /// How often the runs of a context are halved in number.
  int64_t levelsOf(int64_t tokens, int64_t keys) const {
    int64_t levels = 0;
    for (int64_t level = 0; program.segment << level < keys; ++level)
      levels += tokens > program.mostTokens(level);
    return levels;
  }
  int64_t runsOf(int64_t tokens, int64_t keys) const {
    int64_t each = int64_t(1) << levelsOf(tokens, keys);
    return (segmentsOf(keys) + each - 1) / each;
  }
  /// What is kept of the segments of those tokens and heads, where there are more than one.
  int64_t keptOf(int64_t tokens, int64_t sequences, int64_t keys) const {
    int64_t kept = spec.threshold ? std::min(tokens, sequences * (spec.threshold - 1)) : tokens;
    return segmentsOf(keys) == 1
               ? 0
               : kept * program.groups * runsOf(tokens, keys) * (levelsOf(tokens, keys) + 1);
  }

  int64_t width() const { return shape.rank + shape.rope; }
  int64_t query() const { return shape.nope + shape.rope; }

  /// A row of numbers of its own for each sequence and position, so that no launch changes them.
  static std::vector<float> rowFor(int64_t what, int64_t sequence, int64_t position,
                                   int64_t count) {
    return randomFloats(size_t(count), uint32_t(what + 31 * sequence + 1009 * position));
  }

  /// Attends for sequences by their numbers, which choose their data. Words of y, by token.
  /// A warp may execute so many instructions, if any number is given.
  std::vector<std::vector<uint16_t>> run(const std::vector<std::pair<int64_t, Sequence>> &batch,
                                         uint64_t mostInstructions = 0) {
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
    launch.grid[2] = program.splitsContext ? uint32_t(runsOf(tokens, most)) + 1 : 1;
    launch.max_instructions = mostInstructions;
    launch.block[0] = uint32_t(program.threads());
    launch.dynamic_shared_bytes = program.sharedBytes;
    uint64_t out = kernel->upload(std::vector<uint16_t>(words, 0x7fc0));
    // Zeros in front of a workspace that holds no number.
    const std::vector<uint32_t> zeros(HADAL_KERNEL_COUNTER_BYTES / 4);
    std::vector<uint32_t> kept(zeros);
    kept.resize(zeros.size() + keptOf(tokens, int64_t(batch.size()), most) * program.keptNumbers,
                0x7fc00000);
    uint64_t front = kernel->upload(kept);
    std::vector<uint64_t> parameters{
        kernel->upload(latent),
        kernel->upload(queries),
        kernel->upload(cache),
        kernel->upload(positions),
        kernel->upload(offsets),
        kernel->upload(slotOf),
        kernel->upload(table),
        out,
        front + HADAL_KERNEL_COUNTER_BYTES,
        kernel->upload(std::vector<int64_t>{tokens, int64_t(batch.size()), pagesOfSlot, most})};
    if (!program.splitsContext)
      parameters.erase(parameters.end() - 2);
    kernel.run(launch, parameters);
    leavesZeros = kernel->download<uint32_t>(front, zeros.size()) == zeros;
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
  bool leavesZeros = true; // in front of the workspace
};

class TileAttention : public ::testing::TestWithParam<Shape> {};
} // namespace

TEST_P(TileAttention, IsRightAndTheSameAloneAndTogether) {
  const std::vector<std::pair<int64_t, Sequence>> batch{{0, {0, 1}},   {1, {1, 1}},  {2, {60, 6}},
                                                        {3, {30, 3}},  {4, {65, 1}}, {5, {200, 1}},
                                                        {6, {1100, 2}}};
  for (llvm::StringRef name : {"sm_80", "sm_86", "sm_90"}) {
    Attention attention(GetParam(), *cuda::findLevel(name));
    std::vector<std::vector<uint16_t>> together = attention.run(batch);
    EXPECT_EQ(attention.kernel.counters.shared_bank_conflicts, 0u);
    EXPECT_TRUE(attention.leavesZeros);
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

namespace {
constexpr Shape kSmall{3, 32, 16, 16, 64};
} // namespace

// Of few tokens each segment has a workgroup; of more, some or all of them have one.
TEST(AttentionSegments, ComeTogetherTheSameFromOneWorkgroupAndFromMany) {
  Attention attention(kSmall, *cuda::findLevel("sm_80"));
  ASSERT_EQ(attention.program.segment, 512);
  struct {
    int64_t count, runs;
  } const cases[] = {{100, 2}, {200, 1}};
  for (auto &[count, runs] : cases) {
    // The last of them have a fourth segment.
    int64_t begin = 1555 - count;
    ASSERT_EQ(attention.runsOf(count, 1555), runs);
    std::vector<std::vector<uint16_t>> many = attention.run({{0, {begin, count}}});
    // Five others are so many that halves of them are no power of two.
    for (int64_t position : {1475, 1534, 1535, 1536, 1554}) {
      attention.expectRow(many[position - begin], 0, position);
      EXPECT_EQ(attention.run({{0, {position, 1}}}).front(), many[position - begin]) << position;
      EXPECT_EQ(attention.run({{1, {2600, 1}}, {0, {position, 1}}}).back(), many[position - begin])
          << position;
    }
  }
  attention.expectRow(attention.run({{1, {2600, 1}}}).front(), 1, 2600);
  // More runs than one, of more segments than one.
  std::vector<std::vector<uint16_t>> many = attention.run({{1, {2500, 101}}});
  ASSERT_EQ(attention.runsOf(101, 2601), 2);
  EXPECT_EQ(attention.run({{1, {2600, 1}}}).front(), many.back());
}

// Memory is for tokens of sequences that the kernel attends to.
TEST(AttentionSegments, AreKeptOfShortSequencesAlone) {
  Attention some(kSmall, *cuda::findLevel("sm_80"), 0.25f, /*threshold=*/4);
  Attention all(kSmall, *cuda::findLevel("sm_80"));
  for (int64_t others : {5, 300}) {
    const std::vector<std::pair<int64_t, Sequence>> batch{
        {0, {1100, 3}}, {1, {100, others}}, {2, {700, 2}}};
    std::vector<std::vector<uint16_t>> rows = some.run(batch), expected = all.run(batch);
    for (int64_t row = 0; row < 5 + others; ++row)
      if (row < 3 || row >= 3 + others)
        EXPECT_EQ(rows[row], expected[row]) << row;
      else
        EXPECT_EQ(rows[row].front(), 0x7fc0) << row;
  }
}

TEST(AttentionSegments, BeginAndEndAtTheirLengths) {
  Attention attention(kSmall, *cuda::findLevel("sm_90"));
  for (int64_t position : {510, 511, 512, 1023, 1024, 2047, 2048})
    attention.expectRow(attention.run({{2, {position, 1}}}).front(), 2, position);
}

// No warp goes over more than a segment, and nobody reads a key twice.
TEST(AttentionSegments, AreWorkgroupsOfTheirOwn) {
  Attention attention(kSmall, *cuda::findLevel("sm_80"));
  const std::vector<std::pair<int64_t, Sequence>> one{{0, {511, 1}}}, eight{{0, {4095, 1}}};
  attention.run(one);
  uint64_t rowBytes = attention.width() * 2, warps = attention.program.threads() / 32;
  EXPECT_EQ(attention.kernel.counters.async_copy_bytes, 512 * rowBytes);
  uint64_t ofSegment = attention.kernel.counters.warp_instructions / warps;
  attention.expectRow(attention.run(eight, 2 * ofSegment).front(), 0, 4095);
  EXPECT_EQ(attention.kernel.counters.async_copy_bytes, 4096 * rowBytes);
  // One workgroup that has all of them goes on.
  attention.kernel.change(attention.kernel.getText());
  attention.run({{0, {4095, 80}}}, 2 * ofSegment);
  EXPECT_TRUE(attention.kernel.hasFailed());
}

// What orders workgroups that meet, and warps while they do.
TEST(AttentionSegments, MutationsAreNoticed) {
  Attention attention(kSmall, *cuda::findLevel("sm_80"));
  auto isSame = compareWith([&] {
    std::vector<std::vector<uint16_t>> rows = attention.run({{0, {1030, 1}}, {1, {600, 1}}});
    rows.push_back({uint16_t(attention.leavesZeros)});
    return rows;
  });
  expectWaitsMissed(attention.kernel, 13, isSame);
  // To the simulator a barrier behind what was seen is as good as the reader's fence.
  const std::string whole = attention.kernel.getText();
  for (const char *word : {"fence.", "atom.", "bar.red"}) {
    std::string other = whole;
    size_t at = other.find(word);
    ASSERT_NE(at, std::string::npos) << word;
    size_t line = other.rfind('\n', at) + 1;
    attention.kernel.change(other.erase(line, other.find('\n', line) - line));
    EXPECT_TRUE(!isSame() || attention.kernel.hasFailed()) << word;
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
