// SPDX-License-Identifier: Apache-2.0
// Emits the stable sorting of pairs by expert: each warp counts a part of the pairs, the counts
// are summed, and each warp places its part. There are no atomics, so the order is that of pairs.
// Few pairs are one warp's, with a byte for each count. Counts whose words lie in one bank are
// accessed one after the other, so that no data makes conflicts.
#include "SortKernels.h"

#include "hadal/Target/CUDA/Level.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
// Pairs that one warp sorts: a few steps, which cost less than to sum the counts of several.
constexpr int64_t kPairsAlone = 4 * kWarp;
constexpr int64_t kTogether = 4; // counts that a lane sums by itself, in one word
constexpr int64_t kEachByte = 0x01010101;
constexpr int64_t kBankBytes = 128; // of all banks, a word of each

class SortEmitter {
public:
  SortEmitter(LaneBuilder &builder, int64_t experts, Value ids, Value pairs)
      : b(builder), experts(experts), threads(sortThreads(experts)), ids(ids), pairs(pairs) {
    thread = b.thread();
    lane = b.lane();
    warp = b.warp();
    isExpert = b.isLess(thread, experts);
    counts = b.shared(std::max(warps() * experts * 4, chunks() * kChunk));
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
    b.either(
        b.compare(arith::CmpIPredicate::sle, pairs, b.constant(kPairsAlone)),
        [&] { b.onlyIf(b.isEqual(warp, 0), [&] { emitAlone(offsets, rows); }); },
        [&] { emitTogether(offsets, rows); });
  }

private:
  /// What a lane knows of a pair: its expert, the address of what the warp counts of it, whether the
  /// lane is the first of those that have the same expert, and these lanes.
  struct Pair {
    Value number, expert, place, isFirst, same;
  };

  static constexpr int64_t kChunk = kTogether * kWarp; // counts that a warp sums at once

  int64_t warps() const { return threads / kWarp; }
  int64_t chunks() const { return int64_t(llvm::divideCeil(experts, kChunk)); }

  /// By the first warp, which has the counts of all pairs.
  void emitAlone(Value offsets, Value rows) {
    count8 = true;
    Value begin = b.constant(0);
    Value place = b.plus(counts, b.mul(lane, kTogether));
    for (int64_t chunk = 0; chunk < chunks(); ++chunk)
      b.store(begin, b.plus(place, chunk * kChunk));
    b.syncWarp();
    // The first pairs are looked at once; mostly there are no others.
    Pair first = look(lane);
    Value others = b.constant(kWarp), left = b.sub(pairs, others);
    Value areMore = b.isLess(b.constant(0), left);
    count(first);
    b.onlyIf(areMore, [&] { walk(others, left, [&](const Pair &pair) { count(pair); }); });
    sumUpAlone(place, b.plus(offsets, b.mul(lane, kTogether * 4)));
    b.onlyIf(b.isEqual(lane, 0), [&] { b.store(pairs, b.plus(offsets, experts * 4)); });
    b.syncWarp();
    putRow(first, rows);
    b.onlyIf(areMore, [&] {
      count(first);
      walk(others, left, [&](const Pair &pair) {
        putRow(pair, rows);
        count(pair);
      });
    });
    count8 = false;
  }

  /// Turns the counts into the places of first pairs, four neighbours a lane at once; these are
  /// the offsets. No sum is more than a byte has, so those of four chunks are summed at once.
  void sumUpAlone(Value place, Value offsets) {
    static_assert(kPairsAlone < 256);
    Value before = b.constant(0);
    for (int64_t some = 0; some < chunks(); some += kTogether) {
      int64_t count = std::min(kTogether, chunks() - some);
      SmallVector<Value> words;
      Value totals;
      for (int64_t i = 0; i < count; ++i) {
        Value word = b.load(b.getI32Type(), b.plus(place, (some + i) * kChunk));
        words.push_back(word);
        Value total = b.mul(byteOf(b.mul(word, kEachByte), 3), int64_t(1) << 8 * i);
        totals = i == 0 ? total : b.add(totals, total);
      }
      // Of each chunk, what lanes before have and all chunks before.
      Value sums = sumUpWarp(totals), all = b.from(sums, b.constant(kWarp - 1));
      Value begins = b.sub(sums, totals);
      if (count > 1)
        begins = b.add(begins, b.mul(all, kEachByte - 1));
      for (int64_t i = 0; i < count; ++i) {
        Value begin = count > 1 ? byteOf(begins, i) : begins;
        placeChunk(some + i, words[size_t(i)], b.add(before, begin), place, offsets);
      }
      if (some + count < chunks()) // the last byte has the sum of all
        before = b.add(before, byteOf(b.mul(all, kEachByte), 3));
    }
  }

  Value byteOf(Value word, int64_t number) {
    if (number != 0)
      word = arith::ShRUIOp::create(b, word, b.constant(8 * number));
    return number == 3 ? word : b.both(word, b.constant(255));
  }

  void placeChunk(int64_t chunk, Value counts, Value begin, Value place, Value offsets) {
    Value word = b.add(b.mul(counts, kEachByte - 1), b.mul(begin, kEachByte));
    b.store(word, b.plus(place, chunk * kChunk));
    Value to = b.plus(offsets, chunk * kChunk * 4);
    SmallVector<Value> begins;
    for (int64_t i = 0; i < kTogether; ++i)
      begins.push_back(byteOf(word, i));
    int64_t left = experts - chunk * kChunk;
    if (left >= kChunk)
      return b.store(makeVector(b, begins), to, kTogether * 4);
    Value first = b.mul(lane, kTogether);
    for (auto [i, value] : llvm::enumerate(begins))
      b.onlyIf(b.isLess(first, left - int64_t(i)),
               [&, i = i, value = value] { b.store(value, b.plus(to, int64_t(i) * 4)); });
  }

  /// Of the pair's expert, as the warp's counts say, where it is wanted.
  Value loadCount(const Pair &pair, Value isWanted) {
    Type type = count8 ? b.getI8Type() : b.getI32Type();
    Value sum = arith::ConstantOp::create(b, b.getIntegerAttr(type, 0));
    eachBank(pair, isWanted, [&](Value isOfThese) {
      sum = b.onlyIf(isOfThese, sum, [&]() -> SmallVector<Value> {
        return {b.load(type, pair.place, countBytes())};
      })[0];
    });
    return count8 ? arith::ExtUIOp::create(b, b.getI32Type(), sum).getResult() : sum;
  }

  void storeCount(Value sum, const Pair &pair, Value isWanted) {
    if (count8)
      sum = arith::TruncIOp::create(b, b.getI8Type(), sum);
    eachBank(pair, isWanted, [&](Value isOfThese) {
      b.onlyIf(isOfThese, [&] { b.store(sum, pair.place, countBytes()); });
    });
  }

  int64_t countBytes() const { return count8 ? 1 : 4; }

  /// The experts of whose counts no two words are in one bank, then the next ones. Lanes meet in
  /// between, or the compiler would make one access of all.
  void eachBank(const Pair &pair, Value isWanted, function_ref<void(Value)> body) {
    int64_t together = kBankBytes / countBytes();
    if (experts <= together)
      return body(isWanted);
    for (int64_t first = 0; first < experts; first += together) {
      if (first != 0)
        b.syncWarp();
      Value isOfThese = b.compare(arith::CmpIPredicate::ult, b.sub(pair.expert, b.constant(first)),
                                  b.constant(together));
      body(b.both(isWanted, isOfThese));
    }
  }

  /// What lanes up to this one have.
  Value sumUpWarp(Value sum) {
    for (int64_t lanes = 1; lanes < kWarp; lanes *= 2) {
      Value other = b.below(sum, lanes);
      sum = b.add(sum, b.select(b.isLess(lane, lanes), b.constant(0), other));
    }
    return sum;
  }

  void emitTogether(Value offsets, Value rows) {
    Value ofExpert = b.plus(counts, b.mul(thread, 4));
    Value begin = arith::MulIOp::create(b, warp, part);
    Value left = b.least(b.sub(pairs, begin), part);
    b.onlyIf(b.isLess(begin, pairs), [&] { clearOwn(); });
    walk(begin, left, [&](const Pair &pair) { count(pair); });
    b.barrier();
    Value first = sumUp(ofExpert);
    b.onlyIf(isExpert, [&] { b.store(first, b.plus(offsets, b.mul(thread, 4))); });
    b.onlyIf(b.isEqual(thread, 0), [&] { b.store(pairs, b.plus(offsets, experts * 4)); });
    b.barrier();
    walk(begin, left, [&](const Pair &pair) {
      putRow(pair, rows);
      count(pair);
    });
  }

  /// Puts a pair behind those that its expert has; then a lane counts it there.
  void putRow(const Pair &pair, Value rows) {
    Value earlier = popCount(b.both(pair.same, lanesBelow));
    Value isPair = b.isLess(pair.number, pairs);
    Value to = b.add(loadCount(pair, isPair), earlier);
    b.onlyIf(isPair, [&] { b.store(pair.number, b.row(rows, to, 4)); });
    b.syncWarp();
  }

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

  Pair look(Value number) {
    Value isPair = b.isLess(number, pairs);
    Value id = b.load(b.getI32Type(), b.row(ids, b.select(isPair, number, b.constant(0)), 4));
    id = arith::MaxSIOp::create(b, b.least(id, b.constant(experts - 1)), b.constant(0));
    Value same = b.match(b.select(isPair, id, b.constant(-1)));
    Value isFirst = b.both(b.isEqual(b.both(same, lanesBelow), 0), isPair);
    return {number, id, b.plus(own, b.mul(id, countBytes())), isFirst, same};
  }

  /// So many pairs from one on, a pair a lane.
  void walk(Value begin, Value left, function_ref<void(const Pair &)> body) {
    Value steps = arith::DivSIOp::create(b, b.add(left, kWarp - 1), b.constant(kWarp));
    b.loop(b.constant(0), steps, ValueRange(), [&](Value step, ValueRange) -> SmallVector<Value> {
      body(look(b.add(b.add(begin, b.mul(step, kWarp)), lane)));
      return {};
    });
  }

  void count(const Pair &pair) {
    Value sum = b.add(loadCount(pair, pair.isFirst), popCount(pair.same));
    storeCount(sum, pair, pair.isFirst);
    b.syncWarp();
  }

  /// Turns the counts into the places of first pairs; returns that of this thread's expert.
  Value sumUp(Value ofExpert) {
    Value total = sumActive(ofExpert), sum = sumUpWarp(total);
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
  bool count8 = false; // whether they are bytes, where the first warp is alone
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
