// SPDX-License-Identifier: Apache-2.0
// Emits the programs of linear layers in the tile dialect: few rows, weights straight to registers;
// many, both operands in a pipeline through shared memory.
#include "LinearEmitter.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

LinearEmitter::LinearEmitter(ProgramBuilder &builder, const LinearSpec &spec, func::FuncOp kernel)
    : b(builder), spec(spec), depth(int64_t(llvm::alignTo(spec.inputs, kLinearDepth))) {
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
  weights = take(spec.isGated ? 2 : 1);
  addends = take(size_t(spec.addends));
  y = take(1)[0];
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value count = memref::LoadOp::create(b, arguments.front(), zero);
  rows = arith::TruncIOp::create(b, b.getI32Type(), count);
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
  Window window{zero, rows, b.mul(b.workgroup(gpu::Dimension::x), program.outputs), weights};
  SmallVector<Value> own;
  if (spec.heads) {
    Value head = b.workgroup(gpu::Dimension::z);
    own = matricesOf(head);
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

/// Those of a stack.
SmallVector<Value> LinearEmitter::matricesOf(Value number) {
  SmallVector<Value> own;
  for (Value stack : weights) {
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
  SmallVector<Value> own = matricesOf(tile.getGroup());
  emitWindow(program, {tile.getRow(), tile.getRows(), output, own});
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

/// Each group of warps sums one segment, its weights straight from memory; two rounds of loads are
/// under way, one while the other is multiplied.
void LinearEmitter::emitStraight(const LinearProgram &program, const Window &window) {
  SmallVector<int64_t> warps{kLinearWarps / segments(), 1, segments()};
  auto left = b.fragment(program.outputs, kLinearDepth, tile::Role::Lhs, warps);
  auto right = b.fragment(kLinearDepth, program.rows, tile::Role::Rhs, warps);
  auto sums = b.fragment(program.outputs, program.rows, tile::Role::Accumulator, warps);
  SmallVector<Value> partial;
  for (size_t i = 0; i < weights.size(); ++i)
    partial.push_back(b.alloc({segments(), program.rows, program.outputs}, b.getF32Type(),
                              tile::Order::Rows, kLinearPad));
  Value zero = b.constant(0), first = zero, end = b.constant(depth);
  if (segments() != 1) {
    first = b.mul(tile::GroupOp::create(b, b.getI32Type(), warps), spec.segment);
    end = b.least(b.add(first, b.constant(spec.segment)), end);
  }
  Value rounds = arith::DivUIOp::create(b, b.sub(end, first), b.constant(kLinearDepth));
  // What a round carries: a left operand for each weight, the right one, and the sums.
  size_t count = weights.size();
  auto fetch = [&](Value k) {
    SmallVector<Value> operands;
    for (Value weight : window.weights)
      operands.push_back(
          tile::FetchOp::create(b, left, weight, window.output, k, Value(), Value()));
    operands.push_back(tile::FetchOp::create(b, right, x, window.row, below(window.xColumn, k),
                                             window.left, xIndex, spec.xDivisor()));
    return operands;
  };
  auto multiply = [&](ValueRange operands, ValueRange before) {
    SmallVector<Value> after;
    for (auto [operand, sum] : llvm::zip_equal(operands.take_front(count), before))
      after.push_back(tile::MmaOp::create(b, sums, operand, operands[count], sum));
    return after;
  };
  auto fetchRound = [&](Value round) { return fetch(b.add(first, b.mul(round, kLinearDepth))); };
  SmallVector<Value> carried = fetch(first);
  carried.append(count, tile::ZeroOp::create(b, sums));
  // Two rounds an iteration, so that none is moved from registers to others.
  Value one = b.constant(1), further = b.sub(rounds, one);
  Value pairs = arith::DivUIOp::create(b, further, b.constant(2));
  ValueRange last = b.loop(b.constant(0), pairs, carried, [&](Value pair, ValueRange now) {
    Value round = b.add(b.mul(pair, 2), one);
    SmallVector<Value> odd = fetchRound(round);
    SmallVector<Value> after = multiply(now.take_front(count + 1), now.take_back(count));
    SmallVector<Value> even = fetchRound(b.add(round, one));
    llvm::append_range(even, multiply(odd, after));
    return even;
  });
  SmallVector<Value> total = multiply(last.take_front(count + 1), last.take_back(count));
  Value isOneLeft = b.compare(arith::CmpIPredicate::ne, b.mul(pairs, 2), further);
  total = b.onlyIf(isOneLeft, total, [&] { return multiply(fetchRound(further), total); });
  for (auto [sum, tile] : llvm::zip_equal(total, partial))
    tile::StoreOp::create(b, sum, tile, false);
  tile::BarrierOp::create(b);
  write(partial, window);
}

/// Turns sums into results: of a gate, then with what is added.
void LinearEmitter::write(ValueRange tiles, const Window &window) {
  auto op = tile::WriteOp::create(b, tiles, addends, y, window.row,
                                  below(window.yColumn, window.output), window.left, yIndex);
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

/// Both operands come through shared memory, several stages ahead. Sums of segments wait in the
/// tile through which the result is written.
void LinearEmitter::emitStages(const LinearProgram &program, const Window &window) {
  int64_t stages = program.stages, steps = depth / kLinearDepth,
          ofSegment = spec.segment / kLinearDepth;
  size_t count = weights.size();
  SmallVector<int64_t> warps{2, kLinearWarps / 2, 1};
  SmallVector<Value> lefts, results;
  for (size_t i = 0; i < count; ++i)
    lefts.push_back(
        b.alloc({stages, program.outputs, kLinearDepth}, b.getBF16Type(), tile::Order::Packed));
  Value right =
      b.alloc({stages, program.rows, kLinearDepth}, b.getBF16Type(), tile::Order::Swizzled);
  for (size_t i = 0; i < count; ++i)
    results.push_back(
        b.alloc({program.rows, program.outputs}, b.getF32Type(), tile::Order::Rows, kLinearPad));
  auto sums = b.fragment(program.outputs, program.rows, tile::Role::Accumulator, warps);
  auto copy = [&](Value stage, Value step) {
    Value k = b.mul(step, kLinearDepth);
    for (auto [weight, tile] : llvm::zip_equal(window.weights, lefts))
      tile::CopyOp::create(b, weight, window.output, k, Value(), Value(), b.plane(tile, stage));
    tile::CopyOp::create(b, x, window.row, below(window.xColumn, k), window.left, xIndex,
                         b.plane(right, stage), spec.xDivisor());
  };
  for (int64_t stage = 0; stage < stages - 1; ++stage) {
    if (stage < steps)
      copy(b.constant(stage), b.constant(stage));
    tile::CommitOp::create(b);
  }
  Value end = b.constant(steps);
  auto runSteps = [&](Value from, Value to, Value stage) {
    SmallVector<Value> carried(count, tile::ZeroOp::create(b, sums));
    carried.push_back(stage);
    return b.loop(from, to, carried, [&](Value step, ValueRange now) {
      Value stage = now.back();
      tile::WaitOp::create(b, uint32_t(stages - 2));
      tile::BarrierOp::create(b);
      // The stage that the step before has read is free.
      Value isFirst = b.compare(arith::CmpIPredicate::eq, stage, b.constant(0));
      Value free = b.select(isFirst, b.constant(stages - 1), b.sub(stage, b.constant(1)));
      Value ahead = b.add(step, b.constant(stages - 1));
      b.onlyIf(b.compare(arith::CmpIPredicate::slt, ahead, end), [&] { copy(free, ahead); });
      tile::CommitOp::create(b);
      SmallVector<Value> planes;
      for (Value tile : lefts)
        planes.push_back(b.plane(tile, stage));
      SmallVector<Value> next =
          multiplyStage(program, warps, planes, b.plane(right, stage), now.drop_back());
      Value isLast = b.compare(arith::CmpIPredicate::eq, stage, b.constant(stages - 1));
      next.push_back(b.select(isLast, b.constant(0), b.add(stage, b.constant(1))));
      return next;
    });
  };
  auto store = [&](ValueRange sums, bool accumulate) {
    for (auto [sum, tile] : llvm::zip_equal(sums, results))
      tile::StoreOp::create(b, sum, tile, accumulate);
  };
  if (segments() == 1) {
    store(runSteps(b.constant(0), end, b.constant(0)).drop_back(), false);
  } else {
    Value number = b.constant(segments());
    b.loop(b.constant(0), number, b.constant(0), [&](Value segment, ValueRange now) {
      Value from = b.mul(segment, ofSegment);
      ValueRange done = runSteps(from, b.least(b.add(from, b.constant(ofSegment)), end), now[0]);
      b.either(
          b.compare(arith::CmpIPredicate::eq, segment, b.constant(0)),
          [&] { store(done.drop_back(), false); }, [&] { store(done.drop_back(), true); });
      return SmallVector<Value>{done.back()};
    });
  }
  tile::BarrierOp::create(b);
  write(results, window);
}

SmallVector<Value> LinearEmitter::multiplyStage(const LinearProgram &program,
                                                ArrayRef<int64_t> warps, ArrayRef<Value> lefts,
                                                Value right, ValueRange before) {
  auto leftType = b.fragment(program.outputs, tile::kPackedColumns, tile::Role::Lhs, warps);
  auto rightType = b.fragment(tile::kPackedColumns, program.rows, tile::Role::Rhs, warps);
  SmallVector<Value> sums(before);
  for (int64_t k = 0; k < kLinearDepth; k += tile::kPackedColumns) {
    int64_t position[] = {0, k};
    Value inputs = tile::LoadOp::create(b, rightType, right, position);
    for (auto [sum, tile] : llvm::zip_equal(sums, lefts)) {
      Value operand = tile::LoadOp::create(b, leftType, tile, position);
      sum = tile::MmaOp::create(b, sum.getType(), operand, inputs, sum);
    }
  }
  return sums;
}
