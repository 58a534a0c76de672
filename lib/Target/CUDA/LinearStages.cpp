// SPDX-License-Identifier: Apache-2.0
// Emits linear layers of many rows: both operands in a pipeline through shared memory.
#include "LinearEmitter.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

/// Both operands come through shared memory, several stages ahead. Sums of segments wait in the
/// tile through which the result is written; of one segment that tile lies over the stages.
void LinearEmitter::emitStages(const LinearProgram &program, const Window &window) {
  int64_t stages = program.stages, steps = depth / kLinearDepth,
          ofSegment = spec.segment / kLinearDepth;
  size_t count = weights.size();
  SmallVector<int64_t> warps{warpCount / 2, 2, 1};
  SmallVector<Value> lefts;
  for (size_t i = 0; i < count; ++i)
    lefts.push_back(
        b.alloc({stages, program.outputs, kLinearDepth}, weightElement(), tile::Order::Packed));
  Value right =
      b.alloc({stages, program.rows, kLinearDepth}, b.getBF16Type(), tile::Order::Swizzled);
  SmallVector<Value> pipeline(lefts);
  pipeline.push_back(right);
  Value result =
      b.alloc({int64_t(count), program.rows, program.outputs}, b.getF32Type(), tile::Order::Rows,
              kLinearPad, segments() == 1 ? ValueRange(pipeline) : ValueRange());
  SmallVector<Value> results;
  for (size_t i = 0; i < count; ++i)
    results.push_back(b.plane(result, b.constant(int64_t(i))));
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
  // The sums after a step, and the stage of the next.
  auto runStep = [&](Value step, ValueRange sums, Value stage) {
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
    SmallVector<Value> next = multiplyStage(program, warps, planes, b.plane(right, stage), sums);
    Value isLast = b.compare(arith::CmpIPredicate::eq, stage, b.constant(stages - 1));
    next.push_back(b.select(isLast, b.constant(0), b.add(stage, b.constant(1))));
    return next;
  };
  int64_t ofBlock = blockDepth() / kLinearDepth;
  auto runSteps = [&](Value from, Value to, Value stage) {
    SmallVector<Value> carried(count, tile::ZeroOp::create(b, sums));
    carried.push_back(stage);
    Value begin = from, blocks = to;
    if (ofBlock > 1) {
      begin = b.constant(0);
      Value rounded = b.add(b.sub(to, from), b.constant(ofBlock - 1));
      blocks = arith::DivUIOp::create(b, rounded, b.constant(ofBlock));
    }
    return b.loop(begin, blocks, carried, [&](Value block, ValueRange now) {
      Value step = ofBlock == 1 ? block : b.add(from, b.mul(block, ofBlock));
      SmallVector<Value> totals(now.drop_back());
      SmallVector<Value> done = runStep(step, beginBlock(totals), now.back());
      for (int64_t i = 1; i < ofBlock; ++i) {
        Value further = b.add(step, b.constant(i));
        auto run = [&] { return runStep(further, ArrayRef(done).drop_back(), done.back()); };
        done = steps % ofBlock == 0
                   ? run()
                   : SmallVector<Value>(
                         b.onlyIf(b.compare(arith::CmpIPredicate::slt, further, to), done, run));
      }
      SmallVector<Value> next =
          endBlock(window, b.mul(step, kLinearDepth), ArrayRef(done).drop_back(), totals);
      next.push_back(done.back());
      return next;
    });
  };
  auto store = [&](ValueRange sums, bool accumulate) {
    for (auto [sum, tile] : llvm::zip_equal(sums, results))
      tile::StoreOp::create(b, sum, tile, accumulate);
  };
  if (segments() == 1) {
    ValueRange done = runSteps(b.constant(0), end, b.constant(0));
    tile::BarrierOp::create(b); // nobody reads the stages any more
    store(done.drop_back(), false);
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
  auto leftType = weightFragment(program.outputs, tile::kPackedColumns, warps);
  auto rightType = b.fragment(tile::kPackedColumns, program.rows, tile::Role::Rhs, warps);
  SmallVector<Value> sums(before);
  for (int64_t k = 0; k < kLinearDepth; k += tile::kPackedColumns) {
    int64_t position[] = {0, k};
    Value inputs = tile::LoadOp::create(b, rightType, right, position);
    for (auto [sum, tile] : llvm::zip_equal(sums, lefts)) {
      Value operand = tile::LoadOp::create(b, leftType, tile, position);
      sum = tile::MmaOp::create(b, sum.getType(), widen(operand), inputs, sum);
    }
  }
  return sums;
}
