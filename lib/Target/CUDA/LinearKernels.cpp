// SPDX-License-Identifier: Apache-2.0
// Chooses the programs of linear layers, and puts them together to kernels.
#include "hadal/Target/CUDA/LinearKernels.h"

#include "KernelFrame.h"
#include "LinearEmitter.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
/// Threads of a workgroup whose tiles are twice as wide.
constexpr int64_t kWideThreads = 256;

/// As many stages as shared memory has room for, up to four; less than two are none. The result
/// lies over them, or has a place of its own where sums of segments wait in it.
int64_t countStages(const LinearSpec &spec, int64_t segments, int64_t outputs, int64_t rows,
                    int64_t sharedBytes) {
  int64_t result = spec.weights() * rows * (outputs + kLinearPad) * 4;
  int64_t stage = (spec.weights() * outputs * (spec.scales ? 1 : 2) + rows * 2) * kLinearDepth;
  bool isOver = segments == 1;
  int64_t stages = std::min<int64_t>(4, (sharedBytes - (isOver ? 0 : result)) / stage);
  return isOver && stages * stage < result ? 0 : stages;
}

/// For how many rows of a call a tile of `rows` serves: as many, or pairs of which an expert has
/// so few on average that most fit in one tile.
int64_t mostRowsFor(const LinearSpec &spec, int64_t rows) {
  return spec.experts ? rows / 2 * spec.experts->experts : rows;
}

/// Outputs of a workgroup with few rows, whose warps are of so many segments.
int64_t straightOutputs(int64_t threads, int64_t weights, int64_t segments) {
  return 32 / weights * (threads / kWarp / segments);
}

/// In the order of their rows. Few rows read each weight once and nothing else matters; then as
/// large a tile as shared memory allows, since operands are read again for each.
LinearKernel chooseKernel(const LinearSpec &spec, int64_t segments, int64_t sharedBytes,
                          int64_t threads) {
  LinearKernel kernel{threads, {}};
  int64_t outputs = threads / spec.weights();
  for (int64_t rows : {8, 16})
    kernel.programs.push_back(
        {mostRowsFor(spec, rows), straightOutputs(threads, spec.weights(), segments), rows, 0, 0});
  // Sums of blocks that have scales are registers beside the totals.
  for (int64_t rows = 64; rows <= (spec.scales ? 64 : 128); rows *= 2)
    if (int64_t stages = countStages(spec, segments, outputs, rows, sharedBytes); stages >= 2)
      kernel.programs.push_back({mostRowsFor(spec, rows), outputs, rows, stages, 0});
  kernel.programs.back().mostRows = 0;
  return kernel;
}

/// What the busiest of a GPU's processors does one after the other, if each has one workgroup: with few
/// rows the outputs whose weights it reads, with many the bytes that it asks for, of a depth of one.
struct Cost {
  int64_t few, many;
};

Cost costOf(const LinearSpec &spec, const LinearKernel &kernel) {
  constexpr int64_t processors = 108, manyRows = 1024; // of an A100
  auto turns = [&](const LinearProgram &program, int64_t rows) {
    auto tiles = int64_t(llvm::divideCeil(spec.outputs, program.outputs));
    return int64_t(llvm::divideCeil(tiles * rows, processors));
  };
  const LinearProgram &few = kernel.programs.front(), &many = kernel.programs.back();
  int64_t bytes = spec.weights() * many.outputs * (spec.scales ? 1 : 2) + many.rows * 2;
  return {turns(few, 1) * few.outputs, turns(many, manyRows / many.rows) * bytes};
}

/// Tiles twice as wide, where they ask for less and few rows lose nothing.
LinearKernel chooseKernel(const LinearSpec &spec, int64_t segments, int64_t sharedBytes) {
  if (spec.threads)
    return chooseKernel(spec, segments, sharedBytes, spec.threads);
  LinearKernel narrow = chooseKernel(spec, segments, sharedBytes, kLinearThreads);
  // Experts have few rows each, and no tile is of two heads.
  if (segments > 1 || spec.experts || spec.heads)
    return narrow;
  LinearKernel wide = chooseKernel(spec, segments, sharedBytes, kWideThreads);
  Cost ofNarrow = costOf(spec, narrow), ofWide = costOf(spec, wide);
  return ofWide.few <= ofNarrow.few && ofWide.many < ofNarrow.many ? wide : narrow;
}

/// Of all bindings, in their order.
SmallVector<Type> typesOf(Builder &b, const LinearSpec &spec) {
  auto matrix = [&](int64_t rows, int64_t columns, Type element, tile::Order order) -> Type {
    return tile::GlobalType::get(b.getContext(), {rows, columns}, element, order);
  };
  int64_t any = ShapedType::kDynamic;
  SmallVector<Type> types{matrix(any, spec.xColumns(), b.getBF16Type(), tile::Order::Rows)};
  SmallVector<int64_t> shape{spec.outputs, spec.inputs};
  if (spec.experts) {
    types.push_back(MemRefType::get({spec.experts->experts + 1}, b.getI32Type()));
    types.push_back(MemRefType::get({any}, b.getI32Type()));
    shape.insert(shape.begin(), spec.experts->experts);
  }
  if (spec.heads)
    shape.insert(shape.begin(), spec.heads->heads);
  Type element = b.getBF16Type();
  if (spec.scales)
    element = b.getType<Float8E4M3FNType>();
  types.append(spec.weights(),
               tile::GlobalType::get(b.getContext(), shape, element, tile::Order::Packed));
  if (spec.scales) {
    MutableArrayRef<int64_t> blocks = MutableArrayRef(shape).take_back(2);
    blocks[0] = int64_t(llvm::divideCeil(spec.outputs, spec.scales->outputs));
    blocks[1] = int64_t(llvm::divideCeil(spec.inputs, spec.scales->inputs));
    types.append(spec.weights(),
                 tile::GlobalType::get(b.getContext(), shape, b.getF32Type(), tile::Order::Rows));
  }
  types.append(spec.addends, matrix(any, spec.outputs, b.getF32Type(), tile::Order::Rows));
  if (spec.rotation) {
    types.push_back(MemRefType::get({any}, b.getI32Type()));
    types.append(2, matrix(spec.rotation->positions, spec.rotation->pairs, b.getF32Type(),
                           tile::Order::Rows));
  }
  types.push_back(matrix(any, spec.yColumns(), spec.element, tile::Order::Rows));
  return types;
}
} // namespace

int64_t hadal::cuda::chooseSegment(int64_t outputs, int64_t inputs, int64_t together) {
  // Warps that read at once, for what a GPU's memory has under way; and a depth below which
  // the sums of segments cost more than they bring.
  constexpr int64_t wantedWarps = 512, leastDepth = 1024;
  int64_t warps = together * int64_t(llvm::divideCeil(outputs, tile::kPackedRows));
  int64_t depth = int64_t(llvm::alignTo(inputs, kLinearDepth)), segments = 1;
  while (segments < kLinearThreads / kWarp && warps * segments < wantedWarps &&
         depth / (2 * segments) >= leastDepth)
    segments *= 2;
  return int64_t(llvm::alignTo(llvm::divideCeil(depth, segments), kLinearDepth));
}

bool hadal::cuda::canRotate(const RotationSpec &rotation, int64_t outputs, int64_t inputs) {
  int64_t rotated = 2 * rotation.pairs, nope = rotation.head - rotated;
  if (rotation.interleaved)
    return rotated % 4 == 0 && nope % 4 == 0;
  int64_t depth = int64_t(llvm::alignTo(inputs, kLinearDepth));
  int64_t segments = int64_t(llvm::divideCeil(depth, chooseSegment(outputs, inputs)));
  return rotated % 8 == 0 && nope % rotated == 0 &&
         straightOutputs(kLinearThreads, 1, segments) % rotated == 0;
}

LinearKernel hadal::cuda::emitLinear(OpBuilder &builder, Location loc, const LinearSpec &spec,
                                     const Level &level) {
  LinearKernel made = chooseKernel(spec, segmentsOf(spec), level.sharedBytes);
  ProgramBuilder b(loc, builder);
  func::FuncOp kernel = createKernel(b, loc, spec.name, typesOf(b, spec), made.threads);
  b.setInsertionPointToStart(&kernel.getBody().front());
  LinearEmitter emitter(b, spec, kernel);
  int64_t fewer = 0;
  for (LinearProgram &program : made.programs) {
    emitter.emit(program, fewer);
    fewer = program.mostRows;
  }
  func::ReturnOp::create(b);
  return made;
}
