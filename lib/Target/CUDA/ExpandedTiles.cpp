// SPDX-License-Identifier: Apache-2.0
// Attends to a chunk of expanded keys in the tile dialect, with a tile of queries. A warp has whole rows of the
// scores, so that its weights are an operand of the next product without a way through shared memory.
#include "ExpandedEmitter.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

void ExpandedEmitter::attendTile(const Segment &segment, Value start, Value tile) {
  Value row = b.mul(tile, program.rows), left = b.sub(segment.count, row);
  Value position = b.add(segment.position, row);
  // Behind the last key that the last row sees.
  Value end = b.add(position, b.least(left, b.constant(program.rows)));
  Chunk chunk{start, b.least(b.sub(end, start), b.constant(kChunkKeys))};
  b.onlyIf(b.compare(arith::CmpIPredicate::sgt, chunk.count, b.constant(0)), [&] {
    Value token = b.add(segment.begin, row);
    stages = b.alloc({2, program.keys, program.columns()}, b.getBF16Type(), tile::Order::Swizzled);
    readQueries(token, left);
    copyKeys(b.constant(0));
    tile::CommitOp::create(b);
    SmallVector<Value> none{tile::FillOp::create(b, whole, b.number(lowestScore(spec.scale))),
                            tile::FillOp::create(b, parts, b.number(0)),
                            tile::ZeroOp::create(b, sums)};
    // Where it was kept after the chunk before.
    Value place = b.add(b.constant(kChunkKeys), b.mul(tile, program.keptRows));
    Value isLater = b.compare(arith::CmpIPredicate::sgt, start, b.constant(0));
    ValueRange before = b.onlyIf(isLater, none, [&] {
      auto recalled = tile::RecallOp::create(b, TypeRange{whole, parts, sums}, scratch, place);
      return SmallVector<Value>(recalled.getValues());
    });
    Attended after = attendKeys(chunk, position, Attended::of(before));
    Value isLast = b.compare(arith::CmpIPredicate::sle, end, b.add(start, b.constant(kChunkKeys)));
    b.either(
        isLast, [&] { writeResult(after, token, left); },
        [&] { tile::KeepOp::create(b, after.flat(), scratch, place); });
  });
}

/// Into registers, by way of the memory of keys, or into memory of their own. Behind the columns of a
/// head that is no multiple of 32 are those of the next, which meet zeros.
void ExpandedEmitter::readQueries(Value row, Value left) {
  kept.clear();
  int64_t columns = std::max(program.keyColumns(), program.valueColumns);
  Type bf16 = b.getBF16Type();
  home =
      program.keepsQueries ? stages : b.alloc({program.rows, columns}, bf16, tile::Order::Swizzled);
  queries = b.alloc({program.rows, program.keyColumns()}, bf16, tile::Order::Packed, 0, home);
  // What was expanded is there; nobody reads what was in shared memory before.
  tile::BarrierOp::create(b);
  Value column = b.mul(head, spec.query());
  int64_t rope = program.nopeColumns;
  tile::ReadOp::create(b, binding(kQuery), row, column, left, queries,
                       ArrayRef<int64_t>{0, spec.nope});
  tile::ReadOp::create(b, binding(kQuery), row, b.add(column, b.constant(spec.nope)), left, queries,
                       ArrayRef<int64_t>{rope, depths.back() + tile::kPackedColumns});
  if (!program.keepsQueries)
    return;
  tile::BarrierOp::create(b);
  for (int64_t k : depths)
    kept.push_back(loadQueries(k));
  tile::BarrierOp::create(b);
}

Value ExpandedEmitter::loadQueries(int64_t column) {
  auto type = b.fragment(program.rows, tile::kPackedColumns, tile::Role::Lhs, warps);
  return tile::LoadOp::create(b, type, queries, ArrayRef<int64_t>{0, column});
}

/// Whole tiles: the chunk has rows for them.
void ExpandedEmitter::copyKeys(Value step) {
  Value stage = arith::AndIOp::create(b, step, b.constant(1));
  tile::CopyOp::create(b, scratch, b.mul(step, program.keys), b.constant(0), Value(), Value(),
                       b.plane(stages, stage));
}

/// Tiles of keys that all rows see, then those that some do not.
Attended ExpandedEmitter::attendKeys(const Chunk &chunk, Value position, const Attended &before) {
  Value zero = b.constant(0), one = b.constant(1);
  Value seen = b.sub(b.add(position, one), chunk.start); // by the first row
  Value below = b.least(seen, chunk.count);
  Value open =
      b.div(b.select(b.compare(arith::CmpIPredicate::sgt, below, zero), below, zero), program.keys);
  Value end = roundUp(chunk.count, program.keys);
  auto run = [&](Value from, Value to, const Attended &state, bool isMasked) -> Attended {
    ValueRange done = b.loop(from, to, state.flat(), [&](Value step, ValueRange now) {
      // The tile has come, and the one before is of nobody's need.
      tile::WaitOp::create(b, uint32_t(0));
      tile::BarrierOp::create(b);
      Value next = b.add(step, one);
      b.onlyIf(b.compare(arith::CmpIPredicate::slt, next, end), [&] { copyKeys(next); });
      tile::CommitOp::create(b);
      Value columns = isMasked ? b.sub(seen, b.mul(step, program.keys)) : Value();
      return attendKeys(step, columns, Attended::of(now)).flat();
    });
    return Attended::of(done);
  };
  return run(open, end, run(zero, open, before, /*isMasked=*/false), /*isMasked=*/true);
}

/// Row m sees `columns` + m keys of the tile; null: all.
Attended ExpandedEmitter::attendKeys(Value step, Value columns, const Attended &before) {
  Value keys = b.plane(stages, arith::AndIOp::create(b, step, b.constant(1)));
  Value score = multiplyKeys(keys);
  if (columns)
    score = tile::MaskOp::create(b, scores, score, columns, b.number(lowestScore(spec.scale)),
                                 /*rising=*/true);
  SoftmaxStep made = b.addScores(before.softmax, score, spec.scale, [&](Value own) -> Value {
    return tile::CombineOp::create(b, whole, tile::Reduction::Maximum, own, Value());
  });
  return {made.after, addValues(made.weights, keys, b.rescale(before.sum, made.shrink))};
}

Value ExpandedEmitter::multiplyKeys(Value keys) {
  constexpr int64_t depth = tile::kPackedColumns;
  Value sum = tile::ZeroOp::create(b, scores);
  for (auto [i, k] : llvm::enumerate(depths)) {
    Value left = program.keepsQueries ? kept[i] : loadQueries(k);
    Value right = tile::LoadOp::create(b, b.fragment(depth, program.keys, tile::Role::Rhs, warps),
                                       keys, ArrayRef<int64_t>{0, k});
    sum = tile::MmaOp::create(b, scores, left, right, sum);
  }
  return sum;
}

Value ExpandedEmitter::addValues(Value weights, Value keys, Value sum) {
  constexpr int64_t depth = 16;
  auto type = [&](int64_t rows, int64_t columns, tile::Role role) {
    return b.fragment(rows, columns, role, warps, tile::Depth::Pairs);
  };
  for (int64_t k = 0; k < program.keys; k += depth) {
    Value left = tile::OperandOp::create(b, type(program.rows, depth, tile::Role::Lhs), weights,
                                         uint64_t(k));
    Value right = tile::LoadOp::create(b, type(depth, program.valueColumns, tile::Role::Rhs), keys,
                                       ArrayRef<int64_t>{k, program.keyColumns()});
    sum = tile::MmaOp::create(b, sums, left, right, sum);
  }
  return sum;
}

void ExpandedEmitter::writeResult(const Attended &state, Value row, Value left) {
  Value total =
      tile::CombineOp::create(b, whole, tile::Reduction::Sum, state.softmax.total, Value());
  Value result = b.divide(state.sum, total);
  // Keys and values, or queries, are read until here.
  tile::BarrierOp::create(b);
  Value made = b.alloc({program.rows, program.valueColumns}, b.getBF16Type(), tile::Order::Swizzled,
                       0, home);
  tile::PutOp::create(b, result, made);
  tile::BarrierOp::create(b);
  tile::DrainOp::create(b, made, binding(kResult), row, b.mul(head, spec.value), left,
                        uint64_t(spec.value));
}
