// SPDX-License-Identifier: Apache-2.0
// Emits linear layers of few rows: weights straight from global memory to registers.
#include "LinearEmitter.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

/// Each group of warps sums one segment; two rounds of loads are under way, one while the other is multiplied.
void LinearEmitter::emitStraight(const LinearProgram &program, const Window &window) {
  SmallVector<int64_t> warps{warpCount / segments(), 1, segments()};
  auto left = weightFragment(program.outputs, kLinearDepth, warps);
  auto right = b.fragment(kLinearDepth, program.rows, tile::Role::Rhs, warps);
  auto sum = b.fragment(program.outputs, program.rows, tile::Role::Accumulator, warps);
  SmallVector<Value> partial;
  for (size_t i = 0; i < weights.size(); ++i)
    partial.push_back(b.alloc({segments(), program.rows, program.outputs}, b.getF32Type(),
                              tile::Order::Rows, kLinearPad));
  Value first = b.constant(0), end = b.constant(depth);
  if (segments() != 1) {
    first = b.mul(tile::GroupOp::create(b, b.getI32Type(), warps), spec.segment);
    end = b.least(b.add(first, b.constant(spec.segment)), end);
  }
  Value rounds = arith::DivUIOp::create(b, b.sub(end, first), b.constant(kLinearDepth));
  // What a round carries: a left operand for each weight, the right one, and the sums.
  size_t count = weights.size();
  auto depthOf = [&](Value round) { return b.add(first, b.mul(round, kLinearDepth)); };
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
      after.push_back(tile::MmaOp::create(b, sum.getType(), widen(operand), operands[count], sum));
    return after;
  };
  bool isBlockEach = spec.scales && blockDepth() == kLinearDepth;
  SmallVector<Value> carried = fetch(first);
  carried.append(count, tile::ZeroOp::create(b, sum));
  // Two rounds an iteration, so that none is moved from registers to others.
  Value one = b.constant(1), further = b.sub(rounds, one);
  Value pairs = arith::DivUIOp::create(b, further, b.constant(2));
  ValueRange last = b.loop(b.constant(0), pairs, carried, [&](Value pair, ValueRange now) {
    Value round = b.mul(pair, 2), next = b.add(round, one);
    SmallVector<Value> odd = fetch(depthOf(next)), totals(now.take_back(count));
    SmallVector<Value> sums = multiply(now.take_front(count + 1), beginBlock(totals));
    if (isBlockEach) {
      totals = endBlock(window, depthOf(round), sums, totals);
      sums = beginBlock(totals);
    }
    SmallVector<Value> even = fetch(depthOf(b.add(next, one)));
    sums = multiply(odd, sums);
    llvm::append_range(even, endBlock(window, depthOf(isBlockEach ? next : round), sums, totals));
    return even;
  });
  SmallVector<Value> totals(last.take_back(count));
  SmallVector<Value> sums = multiply(last.take_front(count + 1), beginBlock(totals));
  Value round = b.mul(pairs, 2);
  Value isOneLeft = b.compare(arith::CmpIPredicate::ne, round, further);
  if (isBlockEach) {
    totals = endBlock(window, depthOf(round), sums, totals);
    totals = b.onlyIf(isOneLeft, totals, [&] {
      Value k = depthOf(further);
      return endBlock(window, k, multiply(fetch(k), beginBlock(totals)), totals);
    });
  } else {
    sums = b.onlyIf(isOneLeft, sums, [&] { return multiply(fetch(depthOf(further)), sums); });
    totals = endBlock(window, depthOf(round), sums, totals);
  }
  for (auto [total, tile] : llvm::zip_equal(totals, partial))
    tile::StoreOp::create(b, total, tile, false);
  tile::BarrierOp::create(b);
  write(partial, window);
}
