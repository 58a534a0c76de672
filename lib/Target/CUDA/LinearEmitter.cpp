// SPDX-License-Identifier: Apache-2.0
// Emits linear layers in the tile dialect: which window of the result a workgroup makes, and what is
// written of its sums.
#include "LinearEmitter.h"

#include "KernelFrame.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

LinearEmitter::LinearEmitter(ProgramBuilder &builder, const LinearSpec &spec, func::FuncOp kernel)
    : b(builder), spec(spec), depth(int64_t(llvm::alignTo(spec.inputs, kLinearDepth))),
      warpCount(*threadsOf(kernel) / kWarp) {
  ArrayRef<BlockArgument> arguments = kernel.getBody().front().getArguments();
  auto take = [&](size_t count) {
    ArrayRef<BlockArgument> taken = arguments.take_front(count);
    arguments = arguments.drop_front(count);
    return SmallVector<Value>(taken.begin(), taken.end());
  };
  x = take(1)[0];
  if (spec.experts) {
    offsets = take(1)[0];
    pairs = take(1)[0];
    (spec.experts->xOfPairs ? xIndex : yIndex) = pairs;
  }
  weights = take(size_t(spec.weights()));
  scales = take(spec.scales ? size_t(spec.weights()) : 0);
  addends = take(size_t(spec.addends));
  rotation = take(spec.rotation ? 3 : 0);
  y = take(1)[0];
  rows = b.launchConstant(kernel.front(), 0);
}

void LinearEmitter::emit(LinearProgram &program, int64_t fewer) {
  using arith::CmpIPredicate;
  Value isFor = b.compare(CmpIPredicate::sgt, rows, b.constant(fewer));
  if (program.mostRows)
    isFor = arith::AndIOp::create(
        b, isFor, b.compare(CmpIPredicate::sle, rows, b.constant(program.mostRows)));
  auto op = scf::IfOp::create(b, isFor, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op.thenYield());
  if (spec.experts)
    emitGroup(program);
  else
    emitDense(program);
  program.sharedBytes = tile::sharedBytes(op);
}

void LinearEmitter::emitDense(const LinearProgram &program) {
  Value zero = b.constant(0);
  Window window{zero, rows, b.mul(b.workgroup(gpu::Dimension::x), program.outputs), weights,
                scales};
  SmallVector<Value> own;
  if (spec.heads) {
    Value head = b.workgroup(gpu::Dimension::z);
    own = matricesOf(weights, head);
    window.weights = own;
    window.xColumn = b.mul(head, spec.heads->width);
    window.yColumn = b.mul(head, spec.outputs);
  }
  if (!program.stages)
    return emitStraight(program, window);
  window.row = b.mul(b.workgroup(gpu::Dimension::y), program.rows);
  window.left = b.sub(rows, window.row);
  emitWindow(program, window);
}

/// Those of stacks.
SmallVector<Value> LinearEmitter::matricesOf(ArrayRef<Value> stacks, Value number) {
  SmallVector<Value> own;
  for (Value stack : stacks) {
    auto type = cast<tile::GlobalType>(stack.getType());
    auto matrix = tile::GlobalType::get(b.getContext(), type.getShape().drop_front(),
                                        type.getElementType(), type.getOrder());
    own.push_back(tile::MatrixOp::create(b, matrix, stack, number));
  }
  return own;
}

/// Of the tiles of all experts a workgroup looks for its own; their number is a bound.
void LinearEmitter::emitGroup(const LinearProgram &program) {
  Value output = b.mul(b.workgroup(gpu::Dimension::x), program.outputs);
  Type i32 = b.getI32Type();
  auto tile = tile::LocateOp::create(b, i32, i32, i32, b.workgroup(gpu::Dimension::y), offsets,
                                     uint64_t(program.rows));
  SmallVector<Value> ownWeights = matricesOf(weights, tile.getGroup());
  SmallVector<Value> ownScales = matricesOf(scales, tile.getGroup());
  emitWindow(program, {tile.getRow(), tile.getRows(), output, ownWeights, ownScales});
}

/// There may be more workgroups than windows: a record may be of larger calls.
void LinearEmitter::emitWindow(const LinearProgram &program, const Window &window) {
  b.onlyIf(b.compare(arith::CmpIPredicate::sgt, window.left, b.constant(0)), [&] {
    if (program.stages)
      emitStages(program, window);
    else
      emitStraight(program, window);
  });
}

Type LinearEmitter::weightElement() const {
  return cast<tile::GlobalType>(weights.front().getType()).getElementType();
}

tile::FragmentType LinearEmitter::weightFragment(int64_t rows, int64_t columns,
                                                 ArrayRef<int64_t> warps) const {
  return tile::FragmentType::get(b.getContext(), {rows, columns}, weightElement(), tile::Role::Lhs,
                                 warps);
}

Value LinearEmitter::widen(Value operand) {
  auto type = cast<tile::FragmentType>(operand.getType());
  if (type.getElementType().isBF16())
    return operand;
  ArrayRef<int64_t> shape = type.getShape();
  return tile::WidenOp::create(b, b.fragment(shape[0], shape[1], tile::Role::Lhs, type.getWarps()),
                               operand);
}

int64_t LinearEmitter::blockDepth() const {
  if (!spec.scales)
    return kLinearDepth;
  bool isWhole =
      spec.scales->inputs % (2 * kLinearDepth) == 0 || spec.scales->inputs >= spec.inputs;
  return isWhole ? 2 * kLinearDepth : kLinearDepth;
}

SmallVector<Value> LinearEmitter::beginBlock(ValueRange totals) {
  if (!spec.scales)
    return totals;
  return SmallVector<Value>(totals.size(), tile::ZeroOp::create(b, totals.front().getType()));
}

SmallVector<Value> LinearEmitter::endBlock(const Window &window, Value k, ValueRange sums,
                                           ValueRange totals) {
  if (!spec.scales)
    return sums;
  SmallVector<Value> next;
  int64_t block[] = {spec.scales->outputs, spec.scales->inputs};
  for (auto [sum, total, scale] : llvm::zip_equal(sums, totals, window.scales))
    next.push_back(
        tile::AddScaledOp::create(b, sum.getType(), sum, total, scale, window.output, k, block));
  return next;
}

/// Turns sums into results: of a gate, then with what is added.
void LinearEmitter::write(ValueRange tiles, const Window &window) {
  Value positions, cos, sin;
  IntegerAttr head;
  if (spec.rotation) {
    positions = rotation[0], cos = rotation[1], sin = rotation[2];
    head = b.getI64IntegerAttr(spec.rotation->head);
  }
  auto op = tile::WriteOp::create(b, tiles, addends, y, window.row,
                                  below(window.yColumn, window.output), window.left, yIndex, cos,
                                  sin, positions, head, head && spec.rotation->interleaved);
  OpBuilder::InsertionGuard guard(b);
  Type f32 = b.getF32Type();
  size_t elements = tiles.size() + addends.size();
  Block *block = b.createBlock(&op.getBody(), {}, SmallVector<Type>(elements, f32),
                               SmallVector<Location>(elements, b.getLoc()));
  Value value = block->getArgument(0);
  if (spec.isGated) {
    Value one = arith::ConstantOp::create(b, b.getF32FloatAttr(1));
    Value power = math::ExpOp::create(b, arith::NegFOp::create(b, value));
    Value silu = arith::DivFOp::create(b, value, arith::AddFOp::create(b, one, power));
    value = arith::MulFOp::create(b, silu, block->getArgument(1));
  }
  for (BlockArgument addend : block->getArguments().drop_front(tiles.size()))
    value = arith::AddFOp::create(b, value, addend);
  tile::YieldOp::create(b, value);
}
