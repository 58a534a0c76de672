// SPDX-License-Identifier: Apache-2.0
// Emits linear layers of few rows: weights straight from global memory to registers.
#include "LinearEmitter.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

/// Activations that warps of a segment have in common, in shared memory: a chunk of each segment's depth,
/// and the next one. Only between chunks does a warp wait for others.
class LinearEmitter::Chunks {
public:
  /// Of so many rounds a chunk.
  Chunks(LinearEmitter &emitter, const Window &window, int64_t rows)
      : e(emitter), b(emitter.b), window(window), segments(e.segments()),
        rounds(kRounds / segments),
        count(int64_t(llvm::divideCeil(std::min(e.spec.segment, e.depth), rounds * kLinearDepth))) {
    tile = b.alloc({std::min<int64_t>(count, 2) * segments * rounds, rows, kLinearDepth},
                   b.getBF16Type(), tile::Order::Swizzled);
  }

  int64_t getCount() const { return count; }
  int64_t getRounds() const { return rounds; }

  /// Begins to copy the first chunk.
  void begin() {
    for (int64_t segment = 0; segment < segments; ++segment)
      for (int64_t round = 0; round < std::min(rounds, lengthOf(segment)); ++round)
        copy(segment, b.constant(segment * e.spec.segment + round * kLinearDepth),
             b.constant(segment * rounds + round));
    tile::CommitOp::create(b);
  }

  /// Waits for a chunk, and begins to copy the next one to where the one before was.
  void advance(Value chunk) {
    tile::WaitOp::create(b, 0);
    tile::BarrierOp::create(b);
    if (count == 1)
      return;
    Value next = b.add(chunk, b.constant(1));
    if (isWhole())
      b.onlyIf(b.compare(arith::CmpIPredicate::slt, next, b.constant(count)),
               [&] { copyChunk(next); });
    else
      copyChunk(next);
    tile::CommitOp::create(b);
  }

  /// What is added to a round of the chunk for the number of its plane.
  Value planeOf(Value chunk) {
    Value half = arith::RemUIOp::create(b, chunk, b.constant(2));
    Value first = b.mul(half, segments * rounds);
    if (segments > 1)
      first = b.add(first, b.mul(e.groupOf(), rounds));
    return b.sub(first, b.mul(chunk, rounds));
  }

  Value at(Value plane) { return b.plane(tile, plane); }

private:
  static constexpr int64_t kRounds = 8; // of all segments in a chunk

  int64_t lengthOf(int64_t segment) const { // in rounds
    return std::min(e.spec.segment, e.depth - segment * e.spec.segment) / kLinearDepth;
  }
  /// Whether all segments have all rounds of all chunks.
  bool isWhole() const {
    return lengthOf(0) % rounds == 0 && lengthOf(segments - 1) == lengthOf(0);
  }

  void copyChunk(Value chunk) {
    Value half = arith::RemUIOp::create(b, chunk, b.constant(2));
    Value begin = b.mul(half, segments * rounds), round = b.mul(chunk, rounds);
    for (int64_t segment = 0; segment < segments; ++segment)
      for (int64_t i = 0; i < rounds; ++i) {
        Value own = b.add(round, b.constant(i));
        auto run = [&] {
          Value k = b.add(b.mul(own, kLinearDepth), b.constant(segment * e.spec.segment));
          copy(segment, k, b.add(begin, b.constant(segment * rounds + i)));
        };
        if (isWhole())
          run();
        else // the segment's last chunk may be in its place still
          b.onlyIf(b.compare(arith::CmpIPredicate::slt, own, b.constant(lengthOf(segment))), run);
      }
  }

  void copy(int64_t segment, Value k, Value plane) {
    tile::CopyOp::create(b, e.x, window.row, e.below(window.xColumn, k), window.left, e.xIndex,
                         at(plane), e.spec.xDivisor());
  }

  LinearEmitter &e;
  ProgramBuilder &b;
  const Window &window;
  int64_t segments, rounds, count;
  Value tile;
};

Value LinearEmitter::groupOf() { return tile::GroupOp::create(b, b.getI32Type(), straightWarps()); }

/// Each group of warps sums one segment; two rounds of loads are under way, one while the other is multiplied.
void LinearEmitter::emitStraight(const LinearProgram &program, const Window &window) {
  SmallVector<int64_t> warps = straightWarps();
  auto left = weightFragment(program.outputs, kLinearDepth, warps);
  auto right = b.fragment(kLinearDepth, program.rows, tile::Role::Rhs, warps);
  auto sum = b.fragment(program.outputs, program.rows, tile::Role::Accumulator, warps);
  SmallVector<Value> partial;
  for (size_t i = 0; i < weights.size(); ++i)
    partial.push_back(b.alloc({segments(), program.rows, program.outputs}, b.getF32Type(),
                              tile::Order::Rows, kLinearPad));
  // A warp that has its segment alone brings its activations itself.
  std::optional<Chunks> chunks;
  if (warps[0] > 1)
    chunks.emplace(*this, window, program.rows);
  Value first = b.constant(0), end = b.constant(depth);
  if (segments() != 1) {
    first = b.mul(groupOf(), spec.segment);
    end = b.least(b.add(first, b.constant(spec.segment)), end);
  }
  Value rounds = arith::DivUIOp::create(b, b.sub(end, first), b.constant(kLinearDepth));
  // What a round carries: a left operand for each weight, the right one if it isn't shared, and the sums.
  size_t count = weights.size();
  auto depthOf = [&](Value round) { return b.add(first, b.mul(round, kLinearDepth)); };
  auto fetch = [&](Value k) {
    SmallVector<Value> operands;
    for (Value weight : window.weights)
      operands.push_back(
          tile::FetchOp::create(b, left, weight, window.output, k, Value(), Value()));
    if (!chunks)
      operands.push_back(tile::FetchOp::create(b, right, x, window.row, below(window.xColumn, k),
                                               window.left, xIndex, spec.xDivisor()));
    return operands;
  };
  size_t carriedOperands = count + (chunks ? 0 : 1);
  Value plane; // added to a round
  auto multiply = [&](Value round, ValueRange operands, ValueRange before) {
    Value inputs;
    if (chunks) {
      int64_t origin[] = {0, 0};
      inputs = tile::LoadOp::create(b, right, chunks->at(b.add(round, plane)), origin);
    } else {
      inputs = operands[count];
    }
    SmallVector<Value> after;
    for (auto [operand, sum] : llvm::zip_equal(operands.take_front(count), before))
      after.push_back(tile::MmaOp::create(b, sum.getType(), widen(operand), inputs, sum));
    return after;
  };
  bool isBlockEach = spec.scales && blockDepth() == kLinearDepth;
  if (chunks)
    chunks->begin();
  SmallVector<Value> carried = fetch(first);
  carried.append(count, tile::ZeroOp::create(b, sum));
  // Two rounds an iteration, so that none is moved from registers to others.
  Value one = b.constant(1), further = b.sub(rounds, one);
  Value pairs = arith::DivUIOp::create(b, further, b.constant(2));
  auto runPairs = [&](Value from, Value to, ValueRange before) {
    return b.loop(from, to, before, [&](Value pair, ValueRange now) {
      Value round = b.mul(pair, 2), next = b.add(round, one);
      SmallVector<Value> odd = fetch(depthOf(next)), totals(now.take_back(count));
      SmallVector<Value> sums =
          multiply(round, now.take_front(carriedOperands), beginBlock(totals));
      if (isBlockEach) {
        totals = endBlock(window, depthOf(round), sums, totals);
        sums = beginBlock(totals);
      }
      SmallVector<Value> even = fetch(depthOf(b.add(next, one)));
      sums = multiply(next, odd, sums);
      llvm::append_range(even, endBlock(window, depthOf(isBlockEach ? next : round), sums, totals));
      return even;
    });
  };
  ValueRange last;
  if (chunks) {
    int64_t pairsOfChunk = chunks->getRounds() / 2;
    last = b.loop(b.constant(0), b.constant(chunks->getCount()), carried,
                  [&](Value chunk, ValueRange now) {
                    chunks->advance(chunk);
                    plane = chunks->planeOf(chunk);
                    Value from = b.mul(chunk, pairsOfChunk);
                    Value to = b.least(b.add(from, b.constant(pairsOfChunk)), pairs);
                    ValueRange done = runPairs(from, to, now);
                    return SmallVector<Value>(done);
                  });
    plane = chunks->planeOf(b.div(further, chunks->getRounds()));
  } else {
    last = runPairs(b.constant(0), pairs, carried);
  }
  SmallVector<Value> totals(last.take_back(count));
  Value round = b.mul(pairs, 2);
  SmallVector<Value> sums = multiply(round, last.take_front(carriedOperands), beginBlock(totals));
  Value isOneLeft = b.compare(arith::CmpIPredicate::ne, round, further);
  if (isBlockEach) {
    totals = endBlock(window, depthOf(round), sums, totals);
    totals = b.onlyIf(isOneLeft, totals, [&] {
      Value k = depthOf(further);
      return endBlock(window, k, multiply(further, fetch(k), beginBlock(totals)), totals);
    });
  } else {
    sums =
        b.onlyIf(isOneLeft, sums, [&] { return multiply(further, fetch(depthOf(further)), sums); });
    totals = endBlock(window, depthOf(round), sums, totals);
  }
  for (auto [total, tile] : llvm::zip_equal(totals, partial))
    tile::StoreOp::create(b, total, tile, false);
  tile::BarrierOp::create(b);
  write(partial, window);
}
