// SPDX-License-Identifier: Apache-2.0
// Rows in registers: a norm against double precision, with the same bits whatever is fused with it,
// and what it reads and writes.
#include "../CPU/KernelHarness.h"
#include "Mutations.h"

#include "hadal/Target/CUDA/RowKernels.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace hadal;
using namespace hadal::testing;

namespace {
constexpr int64_t kRows = 3, kTopK = 3;
constexpr double kEpsilon = 1e-6;

/// A kernel of rows of f32, with bindings that are all f32.
class Rows {
public:
  Rows(int64_t width, int64_t inputs, std::vector<cuda::RowStep> steps, std::vector<size_t> written)
      : outputs(written.size()), size(size_t(kRows * width)),
        kernel("rows", cuda::lowestLevel(), [&](mlir::OpBuilder &builder, mlir::Location loc) {
          cuda::RowSpec spec;
          spec.name = "rows";
          spec.width = width;
          spec.bindings = inputs + int64_t(written.size());
          for (cuda::RowStep &step : steps)
            step.element = builder.getF32Type();
          spec.steps = std::move(steps);
          for (size_t i = 0; i < written.size(); ++i)
            spec.outputs.push_back({written[i], inputs + int64_t(i), builder.getF32Type()});
          launched = cuda::emitRows(builder, loc, spec);
        }) {}

  std::vector<std::vector<float>> run(const std::vector<std::vector<float>> &inputs,
                                      uint64_t seed) {
    std::vector<uint64_t> parameters;
    for (const std::vector<float> &input : inputs)
      parameters.push_back(kernel->upload(input));
    for (size_t i = 0; i < outputs; ++i)
      parameters.push_back(kernel->allocate(size * 4));
    parameters.push_back(kernel->upload(std::vector<int64_t>{kRows}));
    hadal_sim_launch_t launch = SimImage::defaults();
    launch.grid[0] = kRows + 2; // as a record may have
    launch.block[0] = uint32_t(launched.threads);
    launch.dynamic_shared_bytes = uint32_t(launched.sharedBytes);
    launch.seed = seed;
    kernel.run(launch, parameters);
    std::vector<std::vector<float>> results;
    for (size_t i = 0; i < outputs; ++i)
      results.push_back(kernel->download<float>(parameters[inputs.size() + i], size));
    return results;
  }

private:
  size_t outputs, size;
  cuda::LaneLaunch launched;

public:
  SimKernel kernel;
};

cuda::RowStep stepOf(cuda::RowStep::Kind kind, size_t a, size_t b, int64_t rows, int64_t weights) {
  cuda::RowStep step;
  step.kind = kind;
  step.a = a;
  step.b = b;
  step.rows = rows;
  step.weights = weights;
  step.topK = kTopK;
  step.epsilon = kEpsilon;
  return step;
}

class RowNorm : public ::testing::TestWithParam<int64_t> {};
} // namespace

TEST_P(RowNorm, HasTheSameBitsWhateverIsFusedWithIt) {
  using Kind = cuda::RowStep::Kind;
  int64_t width = GetParam();
  size_t size = size_t(kRows * width);
  std::vector<float> experts = randomFloats(size * kTopK, 1),
                     factors = randomFloats(kRows * kTopK, 2);
  std::vector<float> residual = randomFloats(size, 3), weights = randomFloats(size_t(width), 4);
  Rows fused(width, 4,
             {stepOf(Kind::Combine, 0, 0, 0, 1), stepOf(Kind::Read, 0, 0, 2, 0),
              stepOf(Kind::Add, 0, 1, 0, 0), stepOf(Kind::Norm, 2, 0, 0, 3)},
             {2, 3});
  Rows alone(width, 2, {stepOf(Kind::Read, 0, 0, 0, 0), stepOf(Kind::Norm, 0, 0, 0, 1)}, {1});
  auto both = fused.run({experts, factors, residual, weights}, 0);
  ASSERT_EQ(fused.run({experts, factors, residual, weights}, 7), both);
  const std::vector<float> &sum = both[0], &y = both[1];
  EXPECT_EQ(alone.run({sum, weights}, 0)[0], y);
  for (int64_t n = 0; n < kRows; ++n) {
    double squares = 0;
    for (int64_t i = 0; i < width; ++i) {
      double expected = residual[n * width + i];
      for (int64_t j = 0; j < kTopK; ++j)
        expected += double(factors[n * kTopK + j]) * experts[(n * kTopK + j) * width + i];
      ASSERT_NEAR(sum[n * width + i], expected, 1e-6);
      squares += double(sum[n * width + i]) * sum[n * width + i];
    }
    double root = std::sqrt(squares / double(width) + kEpsilon);
    for (int64_t i = 0; i < width; ++i)
      ASSERT_NEAR(y[n * width + i], sum[n * width + i] / root * weights[i], 2e-6) << n << ", " << i;
  }
  for (const Rows *rows : {&fused, &alone}) {
    const hadal_sim_counters_t &counters = rows->kernel.counters;
    EXPECT_EQ(counters.shared_bank_conflicts, 0u);
    EXPECT_EQ(counters.local_read_bytes + counters.local_write_bytes, 0u);
  }
  if (width % 32 == 0) {
    // Each row once, the weights for each of them, and how many rows there are.
    const hadal_sim_counters_t &counters = alone.kernel.counters;
    uint64_t sectors = size * 4 / 32, warps = counters.global_read_sectors - 2 * sectors;
    EXPECT_LE(warps, 40u * (kRows + 2));
    EXPECT_EQ(counters.global_write_sectors, sectors);
  }
}

TEST(RowsInRegisters, TheBarrierOfANormIsMissed) {
  using Kind = cuda::RowStep::Kind;
  Rows norm(2048, 2, {stepOf(Kind::Read, 0, 0, 0, 0), stepOf(Kind::Norm, 0, 0, 0, 1)}, {1});
  std::vector<std::vector<float>> inputs{randomFloats(size_t(kRows * 2048), 1),
                                         randomFloats(2048, 2)};
  expectWaitsMissed(norm.kernel, 1, compareWith([&] { return norm.run(inputs, 0); }));
}

// Whole, with a last piece that some threads have, of single elements, and of more threads.
INSTANTIATE_TEST_SUITE_P(Widths, RowNorm,
                         ::testing::Values(32, 45, 192, 1026, 1536, 2048, 7168, 12288));
