// SPDX-License-Identifier: Apache-2.0
// Products in f32 beside the norm that they read: against double precision, with the norm's own
// bits, the same for any rows.
#include "../CPU/KernelHarness.h"
#include "Mutations.h"
#include "TileOperands.h"

#include "hadal/IR/StoredElements.h"
#include "hadal/Target/CUDA/ScoreKernels.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace hadal;
using namespace hadal::testing;

namespace {
constexpr double kEpsilon = 1e-6;

struct Shape {
  int64_t outputs, inputs;
  bool hasNorm;
};

struct Scores {
  std::vector<float> y, norm;
  std::vector<uint16_t> rounded;
  bool operator==(const Scores &other) const {
    return y == other.y && norm == other.norm && rounded == other.rounded;
  }
};

class Scorer {
public:
  explicit Scorer(const Shape &shape)
      : shape(shape), weight(shape.outputs, shape.inputs, 3, 0, 0),
        kernel("scores", cuda::lowestLevel(),
               [&](mlir::OpBuilder &builder, mlir::Location loc) { emit(builder, loc); }) {}

  /// And a kernel of rows, for the norm alone.
  void emit(mlir::OpBuilder &builder, mlir::Location loc) {
    cuda::ScoreSpec spec;
    spec.name = "scores";
    spec.outputs = shape.outputs;
    spec.inputs = shape.inputs;
    mlir::Type f32 = builder.getF32Type(), bf16 = builder.getBF16Type();
    if (shape.hasNorm)
      spec.norm = cuda::ScoreSpec::Norm{kEpsilon, f32, {f32, bf16}};
    EXPECT_TRUE(cuda::isScorable(spec.outputs, spec.inputs));
    launched = cuda::emitScores(builder, loc, spec);
    cuda::RowSpec rows;
    rows.name = "rows";
    rows.width = shape.inputs;
    rows.bindings = 3;
    rows.steps.resize(2);
    rows.steps[1].kind = cuda::RowStep::Kind::Norm;
    rows.steps[1].weights = 1;
    rows.steps[1].epsilon = kEpsilon;
    for (cuda::RowStep &step : rows.steps)
      step.element = f32;
    rows.outputs = {{1, 2, f32}};
    launchedRows = cuda::emitRows(builder, loc, rows);
  }

  static hadal_sim_launch_t launchOf(const cuda::LaneLaunch &kernel, size_t rows, uint64_t seed) {
    hadal_sim_launch_t launch = SimImage::defaults();
    launch.grid[0] = uint32_t(rows + 1); // as a record may have
    launch.grid[1] = uint32_t(kernel.columns);
    launch.block[0] = uint32_t(kernel.threads);
    launch.dynamic_shared_bytes = uint32_t(kernel.sharedBytes);
    launch.seed = seed;
    return launch;
  }

  Scores run(const std::vector<float> &x, const std::vector<float> &norm, uint64_t seed) {
    size_t rows = x.size() / size_t(shape.inputs);
    std::vector<uint64_t> parameters{kernel->upload(x)};
    if (shape.hasNorm)
      parameters.push_back(kernel->upload(norm));
    parameters.push_back(kernel->upload(weight.packed));
    uint64_t whole = kernel->allocate(x.size() * 4), rounded = kernel->allocate(x.size() * 2);
    if (shape.hasNorm)
      parameters.insert(parameters.end(), {whole, rounded});
    uint64_t y = kernel->allocate(rows * size_t(shape.outputs) * 4);
    parameters.push_back(y);
    parameters.push_back(kernel->upload(std::vector<int64_t>{int64_t(rows)}));
    kernel.run(launchOf(launched, rows, seed), parameters);
    Scores scores{kernel->download<float>(y, rows * size_t(shape.outputs)), {}, {}};
    if (shape.hasNorm) {
      scores.norm = kernel->download<float>(whole, x.size());
      scores.rounded = kernel->download<uint16_t>(rounded, x.size());
    }
    return scores;
  }

  std::vector<float> runRows(const std::vector<float> &x, const std::vector<float> &norm) {
    size_t rows = x.size() / size_t(shape.inputs);
    uint64_t y = kernel->allocate(x.size() * 4);
    std::vector<uint64_t> parameters{kernel->upload(x), kernel->upload(norm), y,
                                     kernel->upload(std::vector<int64_t>{int64_t(rows)})};
    kernel->run("rows", launchOf(launchedRows, rows, 0), parameters);
    return kernel->download<float>(y, x.size());
  }

  void expectScores(const Scores &scores, const std::vector<float> &h) const {
    for (size_t i = 0; i < scores.rounded.size(); ++i)
      ASSERT_EQ(scores.rounded[i], f32ToBF16(h[i])) << i;
    size_t rows = h.size() / size_t(shape.inputs);
    for (size_t n = 0; n < rows; ++n)
      for (int64_t o = 0; o < shape.outputs; ++o) {
        double sum = 0, size = 0;
        for (int64_t k = 0; k < shape.inputs; ++k) {
          double product = double(h[n * shape.inputs + k]) * weight.values[o * shape.inputs + k];
          sum += product;
          size += std::abs(product);
        }
        ASSERT_NEAR(scores.y[n * shape.outputs + o], sum, 1e-6 * size) << n << ", " << o;
      }
  }

  Shape shape;

private:
  TileWeight weight;
  cuda::LaneLaunch launched, launchedRows;

public:
  SimKernel kernel;
};

std::vector<float> draw(size_t count, unsigned seed) { return randomFloats(count, seed, 2); }

class RowScores : public ::testing::TestWithParam<Shape> {};
} // namespace

TEST_P(RowScores, AreSumsOfTheNormAndTheSameForAnyRows) {
  Scorer scorer(GetParam());
  size_t inputs = size_t(scorer.shape.inputs), outputs = size_t(scorer.shape.outputs);
  std::vector<float> x = draw(5 * inputs, 1), norm = draw(inputs, 2);
  Scores all = scorer.run(x, norm, 0);
  EXPECT_EQ(scorer.kernel.counters.shared_bank_conflicts, 0u);
  EXPECT_EQ(scorer.kernel.counters.local_read_bytes + scorer.kernel.counters.local_write_bytes, 0u);
  std::vector<float> h = scorer.shape.hasNorm ? scorer.runRows(x, norm) : x;
  EXPECT_EQ(all.norm, scorer.shape.hasNorm ? h : std::vector<float>());
  scorer.expectScores(all, h);
  EXPECT_TRUE(scorer.run(x, norm, 7) == all);
  Scores one =
      scorer.run(std::vector<float>(x.begin() + 3 * inputs, x.begin() + 4 * inputs), norm, 0);
  EXPECT_EQ(one.y, std::vector<float>(all.y.begin() + 3 * outputs, all.y.begin() + 4 * outputs));
}

// Rows of less than a warp and of many, inputs and outputs that are no multiple of a block.
INSTANTIATE_TEST_SUITE_P(Shapes, RowScores,
                         ::testing::Values(Shape{16, 128, true}, Shape{12, 160, true},
                                           Shape{256, 1024, true}, Shape{65, 2056, true},
                                           Shape{3, 40, true}, Shape{33, 8200, true},
                                           Shape{40, 200, false}));

TEST(RowScores, ReadsOfV3sRouterAreItsWeightsAndARow) {
  Scorer scorer({256, 7168, true});
  scorer.run(draw(7168, 1), draw(7168, 2), 0);
  // Each of 16 workgroups reads a row and the norm's weights, in f32 here, and a part of the weights.
  uint64_t own = 256 * 7168 * 2 + 16 * 2 * 7168 * 4;
  EXPECT_LE(scorer.kernel.counters.global_read_sectors * 32, own + own / 50);
}

TEST(RowScores, EachBarrierIsNeeded) {
  Scorer scorer({33, 2048, true});
  std::vector<float> x = draw(2 * 2048, 1), norm = draw(2048, 2);
  // Squares, the row, and sums.
  expectWaitsMissed(scorer.kernel, 3, compareWith([&] { return scorer.run(x, norm, 0); }));
}
