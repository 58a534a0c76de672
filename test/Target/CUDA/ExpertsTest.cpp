// SPDX-License-Identifier: Apache-2.0
// Linear layers of experts in tiles: against sums in double precision, with experts that get no
// row, one or all, and the same bits for a row whatever others there are.
#include "Mutations.h"
#include "TileOperands.h"

#include "hadal/IR/StoredElements.h"
#include "hadal/Target/CUDA/LinearKernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

using namespace hadal;
using namespace hadal::testing;

namespace {
struct Shape {
  int64_t experts, topK, outputs, inputs;
  bool isDown;
  cuda::ScaleSpec block = {}; // of weights of eight bits
};

/// Gate and up, or down, of experts with random weights, compiled for a level.
class Experts {
public:
  /// With one program alone, if it is named.
  Experts(const Shape &shape, const cuda::Level &level, std::optional<size_t> only = std::nullopt)
      : shape(shape), kernel("experts", level, [&](mlir::OpBuilder &builder, mlir::Location loc) {
          cuda::LinearSpec spec;
          spec.name = "experts";
          spec.outputs = shape.outputs;
          spec.inputs = shape.inputs;
          spec.segment = cuda::chooseSegment(shape.outputs, shape.inputs, shape.topK);
          spec.element = shape.isDown ? mlir::Type(builder.getF32Type()) : builder.getBF16Type();
          spec.isGated = !shape.isDown;
          if (shape.block.outputs) {
            spec.scales = shape.block;
            spec.segment = int64_t(llvm::alignTo(spec.segment, 128));
          }
          spec.experts = cuda::ExpertSpec{shape.experts, shape.topK, !shape.isDown};
          cuda::LinearKernel made = cuda::emitLinear(builder, loc, spec, level);
          programs = made.programs;
          threads = made.threads;
          if (only)
            keepProgram(builder.getBlock(), *only);
        }) {
    for (unsigned i = 0; i < (shape.isDown ? 1 : 2); ++i)
      for (int64_t e = 0; e < shape.experts; ++e) {
        weights[i].emplace_back(shape.outputs, shape.inputs, unsigned(7 + 2 * e + i),
                                shape.block.outputs, shape.block.inputs);
        TileWeight &weight = weights[i].back();
        stacks[i].insert(stacks[i].end(), weight.packed.begin(), weight.packed.end());
        scales[i].insert(scales[i].end(), weight.scales.begin(), weight.scales.end());
      }
  }

  /// What each pair gets, in the order of pairs: `outputs` values.
  std::vector<float> run(const std::vector<int32_t> &ids) {
    groups = sortPairs(ids, shape.experts);
    int64_t pairs = int64_t(ids.size());
    x = drawBF16((shape.isDown ? pairs : pairs / shape.topK) * shape.inputs, 5);
    const cuda::LinearProgram &program = programFor(programs, pairs);
    hadal_sim_launch_t launch = SimImage::defaults();
    launch.grid[0] = uint32_t((shape.outputs + program.outputs - 1) / program.outputs);
    launch.grid[1] =
        uint32_t((pairs + std::min(pairs, shape.experts) * (program.rows - 1)) / program.rows);
    launch.block[0] = uint32_t(threads);
    launch.dynamic_shared_bytes = uint32_t(program.sharedBytes);
    std::vector<uint16_t> rows = sortedInputs(pairs);
    int64_t count = pairs * shape.outputs;
    std::vector<uint64_t> parameters{kernel->upload(rows), kernel->upload(groups.offsets),
                                     kernel->upload(groups.pairs)};
    for (const std::vector<uint8_t> &stack : stacks)
      if (!stack.empty())
        parameters.push_back(kernel->upload(stack));
    for (const std::vector<float> &each : scales)
      if (!each.empty())
        parameters.push_back(kernel->upload(each));
    uint64_t y = kernel->allocate(count * (shape.isDown ? 4 : 2));
    parameters.push_back(y);
    parameters.push_back(kernel->upload(std::vector<int64_t>{pairs}));
    kernel.run(launch, parameters);
    if (shape.isDown)
      return kernel->download<float>(y, count);
    std::vector<uint16_t> halves = kernel->download<uint16_t>(y, count);
    std::vector<float> values(count);
    for (int64_t p = 0; p < pairs; ++p)
      for (int64_t o = 0; o < shape.outputs; ++o)
        values[groups.pairs[p] * shape.outputs + o] = bf16ToF32(halves[p * shape.outputs + o]);
    return values;
  }

  /// x as the kernel is given it: for down the rows of pairs lie as they are sorted.
  std::vector<uint16_t> sortedInputs(int64_t pairs) const {
    if (!shape.isDown)
      return x;
    std::vector<uint16_t> rows;
    for (int64_t p = 0; p < pairs; ++p)
      rows.insert(rows.end(), x.begin() + groups.pairs[p] * shape.inputs,
                  x.begin() + (groups.pairs[p] + 1) * shape.inputs);
    return rows;
  }

  void expectSums(const std::vector<int32_t> &ids, const std::vector<float> &y) const {
    for (size_t p = 0; p < ids.size(); ++p)
      for (int64_t o = 0; o < shape.outputs; ++o) {
        const uint16_t *row = &x[int64_t(shape.isDown ? p : p / shape.topK) * shape.inputs];
        Sum sum = multiply(row, weights[0][ids[p]], o);
        if (!shape.isDown)
          sum = applyGate(sum, multiply(row, weights[1][ids[p]], o));
        double most = 1e-6 * sum.size + (shape.isDown ? 1e-7 : std::abs(sum.value) / 256);
        ASSERT_NEAR(y[p * shape.outputs + o], sum.value, most) << "pair " << p << ", output " << o;
      }
  }

  Shape shape;
  llvm::SmallVector<cuda::LinearProgram> programs;
  int64_t threads = 0;
  SimKernel kernel;

private:
  Groups groups;
  std::vector<TileWeight> weights[2]; // by expert
  std::vector<uint8_t> stacks[2];     // of all experts
  std::vector<float> scales[2];
  std::vector<uint16_t> x;
};

/// Different experts for each row.
std::vector<int32_t> drawIds(int64_t rows, const Shape &shape, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> ids, all(shape.experts);
  for (int64_t e = 0; e < shape.experts; ++e)
    all[e] = int32_t(e);
  for (int64_t n = 0; n < rows; ++n) {
    std::shuffle(all.begin(), all.end(), random);
    ids.insert(ids.end(), all.begin(), all.begin() + shape.topK);
  }
  return ids;
}

class TileExperts : public ::testing::TestWithParam<Shape> {};
} // namespace

TEST_P(TileExperts, SumsAreRightAndTheSameForAnyRows) {
  const Shape &shape = GetParam();
  // Enough for the program of most rows.
  int64_t most = 40 * shape.experts / shape.topK;
  std::vector<int32_t> ids = drawIds(most, shape, 3);
  std::vector<float> all;
  for (llvm::StringRef name : {"sm_80", "sm_86", "sm_90"}) {
    Experts experts(shape, *cuda::findLevel(name));
    std::vector<float> whole = experts.run(ids);
    EXPECT_EQ(experts.kernel.counters.shared_bank_conflicts, 0u);
    if (all.empty()) {
      experts.expectSums(ids, whole);
      all = whole;
    }
    ASSERT_EQ(whole, all) << name.str();
    for (int64_t rows : {int64_t(1), int64_t(2), most / 10, most / 4}) {
      std::vector<float> some = experts.run({ids.begin(), ids.begin() + rows * shape.topK});
      ASSERT_EQ(some, std::vector<float>(all.begin(), all.begin() + ptrdiff_t(some.size())))
          << name.str() << ", " << rows << " rows";
      EXPECT_EQ(experts.kernel.counters.shared_bank_conflicts, 0u) << rows << " rows";
    }
  }
}

TEST_P(TileExperts, AllRowsOfOneExpert) {
  const Shape &shape = GetParam();
  Experts experts(shape, *cuda::findLevel("sm_80"));
  for (int32_t expert : {int32_t(0), int32_t(shape.experts - 1)})
    for (int64_t rows : {int64_t(1), int64_t(17), 40 * shape.experts / shape.topK}) {
      std::vector<int32_t> ids(rows * shape.topK, expert);
      experts.expectSums(ids, experts.run(ids));
    }
}

// A token's experts are read once and no others; what is written fills sectors.
TEST(TileExpertsCounters, MoveWhatIsNeeded) {
  constexpr double sector = 32;
  for (cuda::ScaleSpec block : {cuda::ScaleSpec{}, cuda::ScaleSpec{128, 128}})
    for (bool isDown : {false, true}) {
      Shape shape{16, 4, 256, 1024, isDown, block};
      Experts experts(shape, *cuda::findLevel("sm_80"));
      for (int64_t rows : {1, 2, 40}) {
        std::vector<int32_t> ids = drawIds(rows, shape, 3);
        experts.run(ids);
        double weight = shape.outputs * shape.inputs;
        weight = block.outputs ? weight + weight / 128 / 128 * 4 : weight * 2;
        double chosen = double(std::set<int32_t>(ids.begin(), ids.end()).size());
        double pairs = double(ids.size());
        double needed = chosen * weight * (isDown ? 1 : 2) +
                        (isDown ? pairs : double(rows)) * shape.inputs * 2 +
                        double(shape.experts + 1) * 4 + pairs * 4;
        EXPECT_LE(experts.kernel.counters.global_distinct_read_sectors * sector, 1.02 * needed)
            << rows << " rows";
        double written = pairs * shape.outputs * (isDown ? 4 : 2);
        EXPECT_LE(experts.kernel.counters.global_write_sectors * sector, 1.05 * written)
            << rows << " rows";
        EXPECT_EQ(experts.kernel.counters.atomics, 0u);
        EXPECT_EQ(experts.kernel.counters.local_read_requests, 0u);
      }
    }
}

// Outputs that fill a tile and that do not, more experts than lanes, two segments.
INSTANTIATE_TEST_SUITE_P(Shapes, TileExperts,
                         ::testing::Values(Shape{8, 3, 128, 64, false}, Shape{5, 2, 40, 72, false},
                                           Shape{5, 2, 72, 40, true}, Shape{67, 4, 24, 64, false},
                                           Shape{67, 4, 64, 24, true},
                                           Shape{3, 1, 32, 2112, true}));

INSTANTIATE_TEST_SUITE_P(EightBits, TileExperts,
                         ::testing::Values(Shape{8, 3, 136, 192, false, {128, 128}},
                                           Shape{5, 2, 72, 136, true, {128, 64}}));

namespace {
class ExpertMutations : public ::testing::TestWithParam<std::tuple<Shape, size_t>> {};
} // namespace

// Each program, with experts whose pairs leave a tile partly empty.
TEST_P(ExpertMutations, AreNoticed) {
  auto [shape, number] = GetParam();
  Experts experts(shape, *cuda::findLevel("sm_80"), number);
  if (number >= experts.programs.size())
    return;
  const cuda::LinearProgram &program = experts.programs[number];
  int64_t fewer = number ? experts.programs[number - 1].mostRows : 0;
  std::vector<int32_t> ids = drawIds(fewer / shape.topK + 1, shape, 3);
  auto isSame = compareWith([&] { return experts.run(ids); });
  expectWaitsMissed(experts.kernel, program.stages ? size_t(program.stages) + 3 : 1, isSame);
  expectBoundsMissed(experts.kernel, program.stages ? 4 : 2, isSame, onlySavesWork);
}

INSTANTIATE_TEST_SUITE_P(
    Programs, ExpertMutations,
    ::testing::Combine(::testing::Values(Shape{5, 2, 40, 200, false}, Shape{3, 1, 32, 2112, true},
                                         Shape{5, 2, 72, 200, true, {128, 64}}),
                       ::testing::Range(size_t(0), size_t(4))));
