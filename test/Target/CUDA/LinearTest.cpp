// SPDX-License-Identifier: Apache-2.0
// Linear layers in tiles: against sums in double precision, and the same bits for any number of
// rows, on every level.
#include "Mutations.h"
#include "TileOperands.h"

#include "hadal/IR/StoredElements.h"
#include "hadal/Target/CUDA/LinearKernels.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace hadal;
using namespace hadal::testing;

namespace {
struct Shape {
  int64_t outputs, inputs;
  bool rounds; // the result to bf16
  bool isGated = false;
  bool hasResidual = false;
  cuda::ScaleSpec block = {}; // of weights of eight bits
  cuda::RotationSpec rotation = {};
  int64_t threads = 0; // of a workgroup; zero: as many as suit the shape
};

/// With workgroups of twice as many threads, for tiles twice as wide.
Shape wide(Shape shape) {
  shape.threads = 256;
  return shape;
}

/// Emits the kernel "linear" of a layer.
cuda::LinearKernel emitLayer(mlir::OpBuilder &builder, mlir::Location loc, const Shape &shape,
                             const cuda::Level &level) {
  cuda::LinearSpec spec;
  spec.name = "linear";
  spec.outputs = shape.outputs;
  spec.inputs = shape.inputs;
  spec.segment = cuda::chooseSegment(shape.outputs, shape.inputs);
  spec.element = shape.rounds ? mlir::Type(builder.getBF16Type()) : builder.getF32Type();
  spec.isGated = shape.isGated;
  spec.addends = shape.hasResidual;
  spec.threads = shape.threads;
  if (shape.block.outputs) {
    spec.scales = shape.block;
    spec.segment = int64_t(llvm::alignTo(spec.segment, 128));
  }
  if (shape.rotation.head) {
    EXPECT_TRUE(cuda::canRotate(shape.rotation, shape.outputs, shape.inputs));
    spec.rotation = shape.rotation;
  }
  return cuda::emitLinear(builder, loc, spec, level);
}

/// A layer with random weights, compiled for a level.
class Layer {
public:
  /// With one program alone, if it is named.
  Layer(const Shape &shape, const cuda::Level &level, std::optional<size_t> only = std::nullopt)
      : shape(shape), kernel("linear", level, [&](mlir::OpBuilder &builder, mlir::Location loc) {
          made = emitLayer(builder, loc, shape, level);
          if (only)
            keepProgram(builder.getBlock(), *only);
        }) {
    for (unsigned i = 0; i < (shape.isGated ? 2 : 1); ++i)
      weights.emplace_back(shape.outputs, shape.inputs, 7 + i, shape.block.outputs,
                           shape.block.inputs);
    x = drawBF16(most * shape.inputs, 5);
    for (uint16_t value : drawBF16(most * shape.outputs, 6))
      residual.push_back(bf16ToF32(value));
    const cuda::RotationSpec &rotation = shape.rotation;
    for (int64_t i = 0; i < rotation.positions * rotation.pairs; ++i) {
      cos.push_back(std::cos(float(i)));
      sin.push_back(std::sin(float(i)));
    }
    for (int32_t n = 0; n < most && rotation.head; ++n)
      positions.push_back(n * 7 % int32_t(rotation.positions));
  }

  /// The words of y of the first `rows` rows; nothing lies behind them. None where only so many workgroups
  /// run, along each extent of the grid.
  std::vector<uint32_t> run(int64_t rows, uint32_t workgroups = 0) {
    const cuda::LinearProgram &program = programFor(made.programs, rows);
    std::vector<uint16_t> first(x.begin(), x.begin() + rows * shape.inputs);
    std::vector<uint64_t> parameters{kernel->upload(first)};
    for (const TileWeight &weight : weights)
      parameters.push_back(kernel->upload(weight.packed));
    for (const TileWeight &weight : weights)
      if (!weight.scales.empty())
        parameters.push_back(kernel->upload(weight.scales));
    int64_t count = rows * shape.outputs;
    if (shape.hasResidual)
      parameters.push_back(
          kernel->upload(std::vector<float>(residual.begin(), residual.begin() + count)));
    if (shape.rotation.head) {
      std::vector<int32_t> own(positions.begin(), positions.begin() + rows);
      for (uint64_t address : {kernel->upload(own), kernel->upload(cos), kernel->upload(sin)})
        parameters.push_back(address);
    }
    uint64_t out = kernel->allocate(count * (shape.rounds ? 2 : 4));
    hadal_sim_launch_t launch = SimImage::defaults();
    launch.grid[0] = (shape.outputs + program.outputs - 1) / program.outputs;
    // One too many, as a record may have.
    launch.grid[1] = program.stages ? (rows + program.rows - 1) / program.rows + 1 : 1;
    if (workgroups)
      launch.grid[0] = launch.grid[1] = workgroups;
    launch.block[0] = uint32_t(made.threads);
    launch.dynamic_shared_bytes = program.sharedBytes;
    parameters.push_back(out);
    parameters.push_back(kernel->upload(std::vector<int64_t>{rows}));
    kernel.run(launch, parameters);
    if (workgroups)
      return {}; // the rest is undefined
    if (!shape.rounds)
      return kernel->download<uint32_t>(out, count);
    std::vector<uint16_t> halves = kernel->download<uint16_t>(out, count);
    return {halves.begin(), halves.end()};
  }

  /// Of the first workgroup, which has so many rows.
  const hadal_sim_counters_t &countFirst(int64_t rows) {
    run(rows, 1);
    return kernel.counters;
  }

  float valueOf(uint32_t word) const {
    if (shape.rounds)
      return bf16ToF32(uint16_t(word));
    float value;
    std::memcpy(&value, &word, sizeof(value));
    return value;
  }

  Sum sumOf(int64_t n, int64_t o, size_t weight = 0) const {
    return multiply(&x[n * shape.inputs], weights[weight], o);
  }

  /// What is written of a rotated row, and the size of what it is made of.
  Sum rotate(int64_t n, int64_t o) const {
    const cuda::RotationSpec &rotation = shape.rotation;
    int64_t half = rotation.pairs, nope = rotation.head - 2 * half, at = o % rotation.head - nope;
    if (at < 0)
      return sumOf(n, o);
    int64_t pair = at % half, begin = o - at;
    auto [x, y] =
        rotation.interleaved ? std::pair(2 * pair, 2 * pair + 1) : std::pair(pair, pair + half);
    Sum a = sumOf(n, begin + x), b = sumOf(n, begin + y);
    double c = cos[positions[n] * half + pair], s = sin[positions[n] * half + pair];
    return {at < half ? a.value * c - b.value * s : b.value * c + a.value * s, a.size + b.size};
  }

  void expectSums(const std::vector<uint32_t> &y, int64_t rows) const {
    for (int64_t n = 0; n < rows; ++n)
      for (int64_t o = 0; o < shape.outputs; ++o) {
        Sum sum = shape.rotation.head ? rotate(n, o) : sumOf(n, o);
        if (shape.isGated)
          sum = applyGate(sum, sumOf(n, o, 1));
        if (shape.hasResidual)
          sum.value += residual[n * shape.outputs + o];
        double most = 1e-6 * sum.size + (shape.rounds        ? std::abs(sum.value) / 256
                                         : shape.hasResidual ? 1e-7
                                                             : 0);
        ASSERT_NEAR(valueOf(y[n * shape.outputs + o]), sum.value, most) << n << ", " << o;
      }
  }

  static constexpr int64_t most = 150;
  Shape shape;
  cuda::LinearKernel made;
  SimKernel kernel;

private:
  std::vector<TileWeight> weights;
  std::vector<uint16_t> x;
  std::vector<float> residual, cos, sin;
  std::vector<int32_t> positions;
};

class TileLinear : public ::testing::TestWithParam<Shape> {};
} // namespace

TEST_P(TileLinear, SumsAreRightAndTheSameForAnyRows) {
  std::vector<uint32_t> all;
  for (llvm::StringRef name : {"sm_80", "sm_86", "sm_90"}) {
    Layer layer(GetParam(), *cuda::findLevel(name));
    std::vector<uint32_t> whole = layer.run(Layer::most);
    if (all.empty()) {
      layer.expectSums(whole, Layer::most);
      all = whole;
    }
    ASSERT_EQ(whole, all) << name.str();
    for (int64_t rows : {1, 7, 8, 9, 16, 17, 64, 65, 128, 129}) {
      std::vector<uint32_t> some = layer.run(rows);
      ASSERT_EQ(some, std::vector<uint32_t>(all.begin(), all.begin() + some.size()))
          << name.str() << ", " << rows << " rows";
      EXPECT_EQ(layer.kernel.counters.shared_bank_conflicts, 0u) << rows << " rows";
    }
  }
}

// Less than a tile, sizes that are no multiple of one, rows that are aligned to an element alone,
// two and four segments, the last one shorter.
INSTANTIATE_TEST_SUITE_P(Shapes, TileLinear,
                         ::testing::Values(Shape{64, 24, false}, Shape{97, 40, false},
                                           Shape{130, 136, true}, Shape{256, 320, true},
                                           Shape{48, 2112, false}, Shape{33, 4168, true},
                                           Shape{97, 72, false, false, true},
                                           Shape{130, 136, true, true},
                                           Shape{48, 2112, true, true}));

// Of eight bits: blocks of one stage, of two, of all inputs, of outputs that are no multiple of a
// tile's rows, partial ones, and a last step without a second.
INSTANTIATE_TEST_SUITE_P(EightBits, TileLinear,
                         ::testing::Values(Shape{130, 136, true, false, false, {128, 64}},
                                           Shape{256, 320, false, false, true, {128, 128}},
                                           Shape{97, 200, false, false, false, {20, 200}},
                                           Shape{130, 456, true, true, false, {48, 128}},
                                           Shape{48, 2240, true, true, false, {128, 128}},
                                           // Scales that end inside of 16 bytes.
                                           Shape{100, 40, true, false, false, {16, 128}}));

// Tiles of 256 outputs, or of twice 128, whole and not.
INSTANTIATE_TEST_SUITE_P(
    Wide, TileLinear,
    ::testing::Values(wide({256, 320, true}), wide({530, 72, false, false, true}),
                      wide({130, 136, true, true}), wide({130, 456, true, true, false, {48, 128}}),
                      wide({384, 136, true, false, false, {}, {192, 5, 32, false}})));

// Pairs that are neighbours and that are not, heads that are no multiple of a tile, segments.
INSTANTIATE_TEST_SUITE_P(
    Rotations, TileLinear,
    ::testing::Values(Shape{144, 72, true, false, false, {}, {48, 9, 8, true}},
                      Shape{384, 136, true, false, false, {}, {192, 5, 32, true}},
                      Shape{144, 72, false, false, false, {}, {48, 9, 8, false}},
                      Shape{384, 2112, true, false, false, {}, {192, 11, 32, false}},
                      Shape{256, 320, true, false, false, {128, 128}, {64, 3, 16, true}}));

TEST(TileLinearPrograms, RotatedColumnsAreWholeInATile) {
  EXPECT_TRUE(cuda::canRotate({192, 9, 32, true}, 24576, 1536));
  EXPECT_TRUE(cuda::canRotate({256, 9, 32, false}, 5120, 768));
  EXPECT_FALSE(cuda::canRotate({192, 9, 32, false}, 192, 8192)); // tiles of 32 outputs
  EXPECT_FALSE(cuda::canRotate({160, 9, 32, false}, 3200, 768));
  EXPECT_FALSE(cuda::canRotate({47, 9, 8, true}, 470, 768));
}

TEST(TileLinearPrograms, SegmentsAreForFewOutputsAndManyInputs) {
  EXPECT_EQ(cuda::chooseSegment(10944, 2048), 2048);
  EXPECT_EQ(cuda::chooseSegment(2048, 2048), 1024);
  EXPECT_EQ(cuda::chooseSegment(2048, 10944), 2752);
  EXPECT_EQ(cuda::chooseSegment(576, 2040), 1024);
  EXPECT_EQ(cuda::chooseSegment(64, 1000), 1024);
}

TEST(TileLinearPrograms, LevelsDifferByTheirSharedMemory) {
  auto context = makeKernelContext();
  for (const cuda::Level &level : cuda::allLevels()) {
    auto loc = mlir::UnknownLoc::get(context.get());
    mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(loc);
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockBegin(module->getBody());
    bool isLarge = level.sharedBytes > 100 << 10;
    // A result that lies over the stages leaves room for more of them.
    for (Shape shape : {Shape{256, 256, false}, Shape{48, 2112, false}, wide({256, 256, false})}) {
      auto programs = emitLayer(builder, loc, shape, level).programs;
      for (const cuda::LinearProgram &program : programs)
        EXPECT_LE(program.sharedBytes, level.sharedBytes) << level.name.str();
      bool hasOwnPlace = shape.inputs > 256;
      EXPECT_EQ(programs.back().rows, isLarge || (!shape.threads && !hasOwnPlace) ? 128 : 64);
    }
  }
}

namespace {
/// What a workgroup asks for, counted, times those that the busiest of an A100's processors has one after
/// the other: of one row, and of 1,024.
std::array<uint64_t, 2> countCosts(const Shape &shape, const cuda::Level &level) {
  Layer layer(shape, level);
  const auto &programs = layer.made.programs;
  std::array<uint64_t, 2> costs;
  for (size_t i = 0; i < 2; ++i) {
    const cuda::LinearProgram &program = i ? programs.back() : programs.front();
    int64_t tiles = (shape.outputs + program.outputs - 1) / program.outputs;
    uint64_t turns = (tiles * (i ? 1024 / program.rows : 1) + 107) / 108;
    costs[i] = turns * layer.countFirst(i ? program.rows : 1).global_read_bytes;
  }
  return costs;
}
} // namespace

// The tile is the one whose workgroups ask for less.
TEST(TileLinearPrograms, TilesAreWideWhereCountersSaySo) {
  const cuda::Level &level = *cuda::findLevel("sm_80");
  size_t wideOnes = 0;
  for (Shape shape :
       {Shape{2048, 64, true}, Shape{3072, 64, true}, Shape{5120, 64, true},
        Shape{10944, 64, true, true}, Shape{12288, 64, true, true}, Shape{8192, 64, true},
        Shape{24576, 64, true}, Shape{18432, 128, true, true, false, {128, 128}}}) {
    Shape narrowOne = shape;
    narrowOne.threads = 128;
    auto ofNarrow = countCosts(narrowOne, level), ofWide = countCosts(wide(shape), level);
    bool isWide = ofWide[0] <= ofNarrow[0] && ofWide[1] < ofNarrow[1];
    EXPECT_EQ(Layer(shape, level).made.threads, isWide ? 256 : 128) << shape.outputs;
    wideOnes += isWide;
  }
  EXPECT_GE(wideOnes, 3u);
}

// Weights are read once, and activations once for a workgroup. Where each warp has a segment of its own, lanes that
// have no row ask for another's.
TEST(TileLinearPrograms, FewRowsAskForTheirShare) {
  const cuda::Level &level = *cuda::findLevel("sm_80");
  for (Shape shape : {Shape{256, 1024, true}, Shape{256, 1024, true, true}, wide({256, 1024, true}),
                      Shape{256, 1024, true, false, false, {128, 128}}, Shape{128, 4096, true}}) {
    Layer layer(shape, level);
    for (int64_t rows : {1, 8, 16}) {
      if (rows == 1 && shape.inputs == 4096)
        continue;
      const cuda::LinearProgram &program = programFor(layer.made.programs, rows);
      int64_t weights = program.outputs * (shape.isGated ? 2 : 1) * (shape.block.outputs ? 1 : 2);
      double share = double((weights + rows * 2) * shape.inputs);
      EXPECT_LE(double(layer.countFirst(rows).global_read_bytes), 1.05 * share)
          << shape.outputs << " x " << shape.inputs << ", " << rows << " rows";
    }
  }
}

// What a depth of 512 more takes of shared memory: copies, and operands of 64 outputs by 64 rows a warp.
TEST(TileLinearPrograms, LoopsTakeFewWavefronts) {
  const cuda::Level &level = *cuda::findLevel("sm_80");
  for (bool isGated : {false, true})
    for (auto [threads, most] : {std::pair(128, 1.51), std::pair(256, 1.38)}) {
      hadal_sim_counters_t shallow, deep;
      for (auto [inputs, counters] : {std::pair(448, &shallow), std::pair(960, &deep)}) {
        Shape shape{256, inputs, true, isGated};
        shape.threads = threads;
        Layer layer(shape, level);
        EXPECT_EQ(layer.made.programs.back().rows, 128);
        *counters = layer.countFirst(128);
      }
      EXPECT_LE(double(deep.shared_wavefronts - shallow.shared_wavefronts),
                most * double(deep.matrix_products - shallow.matrix_products));
    }
}

namespace {
class LinearMutations : public ::testing::TestWithParam<std::tuple<Shape, size_t>> {};
} // namespace

// Each program, with rows that leave a tile partly empty.
TEST_P(LinearMutations, AreNoticed) {
  auto [shape, number] = GetParam();
  Layer layer(shape, *cuda::findLevel("sm_80"), number);
  if (number >= layer.made.programs.size())
    return;
  const cuda::LinearProgram &program = layer.made.programs[number];
  int64_t rows = program.mostRows ? program.mostRows - 3 : program.rows + 5;
  auto isSame = compareWith([&] { return layer.run(rows); });
  expectWaitsMissed(layer.kernel, program.stages ? size_t(program.stages) + 3 : 1, isSame);
  expectBoundsMissed(layer.kernel, program.stages ? 4 : 2, isSame, onlySavesWork);
}

// Of two segments, the last one shorter; gated; of eight bits; wide.
INSTANTIATE_TEST_SUITE_P(
    Programs, LinearMutations,
    ::testing::Combine(::testing::Values(Shape{48, 2112, false, false, true},
                                         Shape{130, 456, true, true},
                                         Shape{130, 456, true, true, false, {48, 128}},
                                         wide({270, 344, false})),
                       ::testing::Range(size_t(0), size_t(4))));
