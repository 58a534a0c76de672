// SPDX-License-Identifier: Apache-2.0
// Expanded attention in tiles: against a softmax in double precision over expanded keys, with pages in any order and
// no number beyond a sequence's end; the same bits however tokens come.
#include "Mutations.h"
#include "TileOperands.h"

#include "hadal/IR/StoredElements.h"
#include "hadal/Target/CUDA/ExpandedAttention.h"

#include "tile/IR/TileDialect.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

using namespace hadal;
using namespace hadal::testing;

namespace {
struct Shape {
  int64_t heads, rank, nope, rope, value, pageSize;
};

/// New tokens of a sequence, whose number chooses its data, that had so many before.
struct Sequence {
  int64_t number, before, count;
  int64_t end() const { return before + count; }
};

using Row = std::vector<uint16_t>;

double wide(uint16_t bits) { return bf16ToF32(bits); }
double rounded(double value) { return bf16ToF32(f32ToBF16(float(value))); }

/// A kernel, and a pool of latents that each slot has pages of.
class Expanded {
public:
  Expanded(const Shape &shape, const cuda::Level &level, int64_t threshold = 0)
      : shape(shape), spec{"attend",    shape.heads,    shape.rank, shape.nope, shape.rope,
                           shape.value, shape.pageSize, 0.25f,      threshold},
        kernel("attend", level, [&](mlir::OpBuilder &builder, mlir::Location loc) {
          auto chosen = cuda::chooseExpanded(spec, level);
          EXPECT_TRUE(chosen);
          program = *chosen;
          cuda::emitExpanded(builder, loc, spec, program);
        }) {
    EXPECT_LE(tile::sharedBytes(kernel.getProgram()), program.sharedBytes);
    for (int64_t h = 0; h < shape.heads; ++h) {
      addHead(shape.nope, 2 * h, keyWeights, packedKeys);
      addHead(shape.value, 2 * h + 1, valueWeights, packedValues);
    }
  }

  int64_t width() const { return shape.rank + shape.rope; }
  int64_t query() const { return shape.nope + shape.rope; }

  /// Numbers of a row of its own for each sequence and position, so that no launch changes them.
  static Row rowFor(int64_t what, int64_t sequence, int64_t position, int64_t count) {
    return drawBF16(size_t(count), unsigned(what + 31 * sequence + 1009 * position));
  }

  /// Attends for sequences. Words of y, by token.
  std::vector<Row> run(const std::vector<Sequence> &batch, uint32_t groups = 0) {
    int64_t most = 0;
    for (const Sequence &sequence : batch)
      most = std::max(most, sequence.end());
    int64_t pagesOfSlot = (most + shape.pageSize - 1) / shape.pageSize, slots = batch.size() + 1;
    std::vector<int32_t> table(slots * pagesOfSlot);
    std::iota(table.begin(), table.end(), 0);
    std::shuffle(table.begin(), table.end(), std::mt19937(5));
    Row cache(table.size() * shape.pageSize * width(), 0x7fc0); // NaN
    Row queries;
    std::vector<int32_t> positions, offsets{0}, slotOf;
    for (const Sequence &sequence : batch) {
      slotOf.push_back(int32_t(slots - 1 - slotOf.size()));
      for (int64_t p = 0; p < sequence.end(); ++p) {
        int64_t page = table[slotOf.back() * pagesOfSlot + p / shape.pageSize];
        Row row = rowFor(1, sequence.number, p, width());
        std::copy(row.begin(), row.end(),
                  cache.begin() + (page * shape.pageSize + p % shape.pageSize) * width());
      }
      for (int64_t p = sequence.before; p < sequence.end(); ++p) {
        Row row = rowFor(3, sequence.number, p, shape.heads * query());
        queries.insert(queries.end(), row.begin(), row.end());
        positions.push_back(int32_t(p));
      }
      offsets.push_back(int32_t(positions.size()));
    }
    int64_t tokens = positions.size(), words = tokens * shape.heads * shape.value;
    hadal_sim_launch_t launch = SimImage::defaults();
    launch.grid[0] = groups ? groups : uint32_t((tokens + program.tokens - 1) / program.tokens);
    launch.grid[1] = uint32_t(shape.heads);
    launch.block[0] = uint32_t(program.threads());
    launch.dynamic_shared_bytes = program.sharedBytes;
    uint64_t out = kernel->upload(Row(words, kUntouched));
    uint64_t scratch =
        kernel->allocate(size_t(launch.grid[0]) * shape.heads * program.scratchBytes());
    std::vector<uint64_t> parameters{
        kernel->upload(queries),
        kernel->upload(cache),
        kernel->upload(packedKeys),
        kernel->upload(packedValues),
        kernel->upload(positions),
        kernel->upload(offsets),
        kernel->upload(slotOf),
        kernel->upload(table),
        out,
        scratch,
        kernel->upload(std::vector<int64_t>{tokens, int64_t(batch.size()), pagesOfSlot})};
    kernel.run(launch, parameters);
    Row y = kernel->download<uint16_t>(out, words);
    std::vector<Row> rows;
    for (int64_t n = 0; n < tokens; ++n)
      rows.emplace_back(y.begin() + n * shape.heads * shape.value,
                        y.begin() + (n + 1) * shape.heads * shape.value);
    return rows;
  }

  void expectRow(const Row &y, int64_t number, int64_t position) {
    Row queries = rowFor(3, number, position, shape.heads * query());
    for (int64_t h = 0; h < shape.heads; ++h) {
      const std::vector<Key> &keys = keysOf(number, h, position);
      std::vector<double> score;
      for (int64_t j = 0; j <= position; ++j) {
        double sum = 0;
        for (int64_t i = 0; i < query(); ++i)
          sum += wide(queries[h * query() + i]) * keys[j].key[i];
        score.push_back(sum * spec.scale);
      }
      double largest = *std::max_element(score.begin(), score.end()), total = 0;
      for (double &s : score)
        total += s = std::exp(s - largest);
      for (int64_t i = 0; i < shape.value; ++i) {
        double sum = 0, size = 0;
        for (size_t j = 0; j < score.size(); ++j) {
          sum += score[j] / total * keys[j].value[i];
          size += score[j] / total * std::abs(keys[j].value[i]);
        }
        // Weights and the result are rounded to bf16, and an element of a key now and then otherwise.
        ASSERT_NEAR(wide(y[h * shape.value + i]), sum, size / 128 + std::abs(sum) / 256)
            << "head " << h << ", column " << i << ", position " << position;
      }
    }
  }

  static constexpr uint16_t kUntouched = 0x4242;

  Shape shape;
  cuda::ExpandedSpec spec;
  cuda::ExpandedProgram program;
  SimKernel kernel;

private:
  struct Key {
    std::vector<double> key, value;
  };

  void addHead(int64_t outputs, int64_t seed, std::vector<std::vector<double>> &weights,
               std::vector<uint8_t> &packed) {
    TileWeight weight(outputs, shape.rank, unsigned(seed));
    weights.push_back(weight.values);
    packed.insert(packed.end(), weight.packed.begin(), weight.packed.end());
  }

  std::vector<double> expand(const std::vector<double> &weight, int64_t outputs,
                             const Row &latent) {
    std::vector<double> made(outputs);
    for (int64_t o = 0; o < outputs; ++o) {
      for (int64_t i = 0; i < shape.rank; ++i)
        made[o] += weight[o * shape.rank + i] * wide(latent[i]);
      made[o] = rounded(made[o]);
    }
    return made;
  }

  const std::vector<Key> &keysOf(int64_t number, int64_t head, int64_t position) {
    std::vector<Key> &keys = known[{number, head}];
    for (int64_t j = int64_t(keys.size()); j <= position; ++j) {
      Row latent = rowFor(1, number, j, width());
      Key key{expand(keyWeights[head], shape.nope, latent),
              expand(valueWeights[head], shape.value, latent)};
      for (int64_t i = 0; i < shape.rope; ++i)
        key.key.push_back(wide(latent[shape.rank + i]));
      keys.push_back(std::move(key));
    }
    return keys;
  }

  std::vector<std::vector<double>> keyWeights, valueWeights; // of each head
  std::vector<uint8_t> packedKeys, packedValues;
  std::map<std::pair<int64_t, int64_t>, std::vector<Key>> known; // of a sequence and head
};

class TileExpanded : public ::testing::TestWithParam<Shape> {};
} // namespace

// One token, tiles of queries that are full and are not, a context of more than one chunk.
TEST_P(TileExpanded, IsRightAndTheSameAloneAndTogether) {
  const std::vector<Sequence> batch{{0, 0, 1},  {1, 1, 1},   {2, 60, 70},
                                    {3, 30, 3}, {4, 0, 140}, {5, 500, 40}};
  for (llvm::StringRef name : {"sm_80", "sm_86", "sm_90"}) {
    Expanded attention(GetParam(), *cuda::findLevel(name));
    std::vector<Row> together = attention.run(batch);
    if (GetParam().value % 32 == 0) // or a result's rows are no multiple of all banks
      EXPECT_EQ(attention.kernel.counters.shared_bank_conflicts, 0u);
    size_t row = 0;
    for (const Sequence &sequence : batch)
      for (int64_t p = sequence.before; p < sequence.end(); ++p, ++row) {
        bool isEdge = p == sequence.before || p + 1 == sequence.end() || p % 64 == 0;
        if (isEdge || p == 511 || p == 512)
          attention.expectRow(together[row], sequence.number, p);
        if (isEdge && p % 3 == 0) {
          std::vector<Row> alone = attention.run({{sequence.number, p, 1}});
          ASSERT_EQ(alone.front(), together[row]) << name.str() << ", position " << p;
        }
      }
  }
}

// Heads with padding of each part; latents that are no multiple of 64; pages of less than a tile of keys; true heads, and
// those whose sums leave no registers for queries.
INSTANTIATE_TEST_SUITE_P(Shapes, TileExpanded,
                         ::testing::Values(Shape{3, 64, 32, 16, 32, 64},
                                           Shape{1, 96, 32, 8, 40, 16},
                                           Shape{1, 128, 128, 64, 128, 64},
                                           Shape{1, 64, 192, 64, 256, 64}));

// More tokens than a workgroup has, in any number of workgroups.
TEST(TileExpandedPrograms, GroupsOfTokensAreTakenInTurn) {
  Expanded attention({1, 64, 32, 16, 32, 64}, cuda::lowestLevel());
  const std::vector<Sequence> batch{{0, 3, 500}, {1, 0, 600}};
  std::vector<Row> three = attention.run(batch);
  for (int64_t p : {0, 11, 12, 513, 523, 524, 599})
    attention.expectRow(three[size_t(500 + p)], 1, p);
  for (uint32_t groups : {1, 2, 4})
    EXPECT_EQ(attention.run(batch, groups), three) << groups;
  std::vector<Row> later = attention.run({{1, 400, 200}});
  EXPECT_TRUE(std::equal(later.begin(), later.end(), three.begin() + 900));
}

TEST(TileExpandedPrograms, ShortSequencesAreLeftOut) {
  Expanded attention({2, 64, 32, 16, 32, 64}, cuda::lowestLevel(), /*threshold=*/5);
  std::vector<Row> y = attention.run({{0, 9, 4}, {1, 3, 5}, {2, 0, 1}});
  const Row untouched(2 * 32, Expanded::kUntouched);
  for (size_t n : {0, 3, 9})
    EXPECT_EQ(y[n], untouched) << n;
  for (int64_t n = 4; n < 9; ++n)
    attention.expectRow(y[size_t(n)], 1, n - 1);
}

TEST(TileExpandedPrograms, AreChosenBySharedMemory) {
  auto chosen = [](int64_t nope, int64_t value, const char *level) {
    cuda::ExpandedSpec spec{"", 20, 512, nope, 64, value, 64, 1, 0};
    auto program = cuda::chooseExpanded(spec, *cuda::findLevel(level));
    return std::tuple(program->rows, program->keys, program->keepsQueries);
  };
  using Tile = std::tuple<int64_t, int64_t, bool>;
  for (const char *level : {"sm_80", "sm_90"})
    EXPECT_EQ(chosen(128, 128, level), Tile(128, 64, false));
  EXPECT_EQ(chosen(128, 128, "sm_86"), Tile(128, 64, true));
  EXPECT_EQ(chosen(192, 256, "sm_90"), Tile(128, 64, false));
  EXPECT_EQ(chosen(192, 256, "sm_80"), Tile(64, 32, false));
  EXPECT_EQ(chosen(192, 256, "sm_86"), Tile(64, 32, false));
  cuda::ExpandedSpec odd{"", 3, 64, 20, 6, 32, 16, 1, 0};
  EXPECT_FALSE(cuda::chooseExpanded(odd, cuda::lowestLevel()));
}

// What more keys cost, and more queries: how often shared memory is touched for each product.
TEST(TileExpandedPrograms, OfTrueHeadsAreRight) {
  Expanded attention({1, 512, 128, 64, 128, 64}, cuda::lowestLevel());
  auto counted = [&](int64_t before, int64_t count) {
    std::vector<Row> y = attention.run({{0, before, count}});
    attention.expectRow(y.back(), 0, before + count - 1);
    EXPECT_EQ(attention.kernel.counters.shared_bank_conflicts, 0u);
    return attention.kernel.counters;
  };
  hadal_sim_counters_t few = counted(320, 128), keys = counted(384, 128),
                       queries = counted(192, 256);
  // 64 keys more are expanded, and a tile of them is attended to.
  uint64_t product = 16 * 8 * 16, expanding = 256 * 64 * 512, attending = 128 * 64 * 320;
  EXPECT_EQ(keys.matrix_products - few.matrix_products, (expanding + attending) / product);
  // 128 queries more attend to five tiles; nothing more is expanded.
  uint64_t more = queries.matrix_products - few.matrix_products;
  EXPECT_EQ(more, 5 * attending / product);
  double of = double(queries.shared_wavefronts - few.shared_wavefronts) / double(more);
  RecordProperty("wavefronts", std::to_string(of));
  EXPECT_LE(of, 2.8);
}

namespace {
class ExpandedMutations : public ::testing::TestWithParam<std::pair<const char *, Shape>> {};
} // namespace

// Tiles of queries that are not full, at the end of the tensors; a second chunk, whose last tile has nine keys.
TEST_P(ExpandedMutations, AreNoticed) {
  const Shape shape = GetParam().second;
  Expanded attention(shape, *cuda::findLevel(GetParam().first));
  auto isSame = compareWith([&] { return attention.run({{0, 381, 140}}); });
  expectWaitsMissed(attention.kernel, 10, isSame);
  // Windows of what is expanded have no bounds, and the mask drops what rotary columns have behind the end.
  auto mayBeLeftOut = [&](mlir::Operation *op) {
    if (auto copy = mlir::dyn_cast<tile::CopyOp>(op))
      return mlir::getConstantIntValue(copy.getColumn()) == shape.rank;
    if (auto drain = mlir::dyn_cast<tile::DrainOp>(op))
      return !mlir::ShapedType::isDynamic(drain.getDestination().getType().getShape()[0]);
    return !mlir::isa<tile::MaskOp, tile::ReadOp>(op);
  };
  expectBoundsMissed(attention.kernel, 5, isSame, mayBeLeftOut);
}

INSTANTIATE_TEST_SUITE_P(Levels, ExpandedMutations,
                         ::testing::Values(std::pair("sm_86", Shape{1, 512, 128, 64, 128, 64}),
                                           std::pair("sm_86", Shape{1, 512, 192, 64, 256, 64})));
