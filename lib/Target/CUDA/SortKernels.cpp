// SPDX-License-Identifier: Apache-2.0
// Emits the stable sorting of pairs by expert: each warp counts a part of the pairs, the counts
// are summed, and each warp places its part. There are no atomics, so the order is that of pairs.
#include "SortKernels.h"

#include "hadal/Target/CUDA/Level.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
class SortEmitter {
public:
  SortEmitter(LaneBuilder &builder, int64_t experts, Value ids, Value pairs)
      : b(builder), experts(experts), threads(sortThreads(experts)), ids(ids), pairs(pairs) {
    thread = b.thread();
    lane = b.lane();
    warp = b.warp();
    isExpert = b.isLess(thread, experts);
    counts = b.shared(warps() * experts * 4);
    totals = b.shared(warps() * 4);
    own = b.plus(counts, b.mul(warp, experts * 4));
    Value one = b.constant(1);
    lanesBelow = b.sub(arith::ShLIOp::create(b, one, lane), one);
    // Whole steps of a warp, so that few pairs are few warps'.
    Value steps = arith::MaxUIOp::create(b, b.div(b.add(pairs, threads - 1), threads), one);
    part = b.mul(steps, kWarp);
    active = arith::DivUIOp::create(b, b.add(pairs, b.sub(part, one)), part);
  }

  void emit(Value offsets, Value rows) {
    Value ofExpert = b.plus(counts, b.mul(thread, 4));
    Value begin = arith::MulIOp::create(b, warp, part);
    b.onlyIf(b.isLess(begin, pairs), [&] { clearOwn(); });
    walk([&](Value place, Value, Value isFirst, Value same) { count(place, isFirst, same); });
    b.barrier();
    Value first = sumUp(ofExpert);
    b.onlyIf(isExpert, [&] { b.store(first, b.plus(offsets, b.mul(thread, 4))); });
    b.onlyIf(b.isEqual(thread, 0), [&] { b.store(pairs, b.plus(offsets, experts * 4)); });
    b.barrier();
    walk([&](Value place, Value pair, Value isFirst, Value same) {
      Value earlier = popCount(b.both(same, lanesBelow));
      Value isPair = b.isLess(pair, pairs);
      b.onlyIf(isPair, [&] {
        Value to = b.add(b.load(b.getI32Type(), place), earlier);
        b.store(pair, b.row(rows, to, 4));
      });
      b.syncWarp();
      count(place, isFirst, same);
    });
  }

private:
  int64_t warps() const { return threads / kWarp; }

  Value popCount(Value x) { return math::CtPopOp::create(b, x); }

  void clearOwn() {
    Value place = b.plus(own, b.mul(lane, 4));
    for (int64_t expert = 0; expert < experts; expert += kWarp) {
      auto clear = [&] { b.store(b.constant(0), b.plus(place, expert * 4)); };
      if (expert + kWarp <= experts)
        clear();
      else
        b.onlyIf(b.isLess(lane, experts - expert), clear);
    }
    b.syncWarp();
  }

  /// For this thread's expert and each warp that has pairs: the bytes to its counts.
  void eachActive(function_ref<void(Value)> body) {
    b.onlyIf(isExpert, [&] {
      b.loop(b.constant(0), active, ValueRange(), [&](Value of, ValueRange) -> SmallVector<Value> {
        body(b.mul(of, experts * 4));
        return {};
      });
    });
  }

  /// The warp's part, a pair a lane: the address of what it counts of the pair's expert, the pair,
  /// whether it is the first of those lanes that have the same expert, and these lanes.
  void walk(function_ref<void(Value, Value, Value, Value)> body) {
    Value begin = arith::MulIOp::create(b, warp, part);
    Value left = b.least(b.sub(pairs, begin), part);
    Value steps = arith::DivSIOp::create(b, b.add(left, kWarp - 1), b.constant(kWarp));
    b.loop(b.constant(0), steps, ValueRange(), [&](Value step, ValueRange) -> SmallVector<Value> {
      Value pair = b.add(b.add(begin, b.mul(step, kWarp)), lane);
      Value isPair = b.isLess(pair, pairs);
      Value id = b.load(b.getI32Type(), b.row(ids, b.select(isPair, pair, b.constant(0)), 4));
      id = arith::MaxSIOp::create(b, b.least(id, b.constant(experts - 1)), b.constant(0));
      Value same = b.match(b.select(isPair, id, b.constant(-1)));
      Value isFirst = b.both(b.isEqual(b.both(same, lanesBelow), 0), isPair);
      body(b.plus(own, b.mul(id, 4)), pair, isFirst, same);
      return {};
    });
  }

  void count(Value place, Value isFirst, Value same) {
    b.onlyIf(isFirst, [&] {
      Value sum = b.add(b.load(b.getI32Type(), place), popCount(same));
      b.store(sum, place);
    });
    b.syncWarp();
  }

  /// Turns the counts into the places of first pairs; returns that of this thread's expert.
  Value sumUp(Value ofExpert) {
    Value total = sumActive(ofExpert);
    Value sum = total;
    for (int64_t lanes = 1; lanes < kWarp; lanes *= 2) {
      Value other = b.below(sum, lanes);
      sum = b.add(sum, b.select(b.isLess(lane, lanes), b.constant(0), other));
    }
    b.onlyIf(b.isEqual(lane, kWarp - 1), [&] { b.store(sum, b.plus(totals, b.mul(warp, 4))); });
    b.barrier();
    Value isBefore = b.isLess(lane, warp);
    Value before = b.onlyIf(isBefore, b.constant(0), [&]() -> SmallVector<Value> {
      return {b.load(b.getI32Type(), b.plus(totals, b.mul(lane, 4)))};
    })[0];
    Value begin = b.add(b.reduce(NVVM::ReduxKind::ADD, before), b.sub(sum, total));
    eachActive([&](Value first) {
      Value place = b.plus(ofExpert, first);
      b.store(b.add(b.load(b.getI32Type(), place), begin), place);
    });
    return begin;
  }

  /// This thread's expert's count of all warps, whose own become what those before have.
  Value sumActive(Value ofExpert) {
    return b.onlyIf(isExpert, b.constant(0), [&]() -> SmallVector<Value> {
      return b.loop(b.constant(0), active, b.constant(0),
                    [&](Value of, ValueRange now) -> SmallVector<Value> {
                      Value place = b.plus(ofExpert, b.mul(of, experts * 4));
                      Value count = b.load(b.getI32Type(), place);
                      b.store(now[0], place);
                      return {b.add(now[0], count)};
                    });
    })[0];
  }

  LaneBuilder &b;
  int64_t experts, threads;
  Value ids, pairs;
  Value thread, lane, warp, isExpert;
  Value counts, totals, own; // [warps, experts]; of warps; this warp's counts
  Value lanesBelow;
  Value part, active; // pairs of a warp, and warps that have any
};
} // namespace

int64_t hadal::cuda::sortThreads(int64_t experts) {
  return std::max<int64_t>(256, int64_t(llvm::alignTo(experts, kWarp)));
}

void hadal::cuda::emitSort(LaneBuilder &b, int64_t experts, Value ids, Value pairs, Value offsets,
                           Value rows) {
  SortEmitter(b, experts, ids, pairs).emit(offsets, rows);
}
