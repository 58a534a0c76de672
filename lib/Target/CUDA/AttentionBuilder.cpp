// SPDX-License-Identifier: Apache-2.0
// Shorthand for programs of attention in the tile dialect.
#include "AttentionBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <cmath>

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

/// For the rows of a sum.
static tile::ColumnType columnOf(tile::FragmentType sum, tile::Share share) {
  return tile::ColumnType::get(sum.getContext(), sum.getShape()[0], sum.getWarps(), share);
}

Value AttentionBuilder::load(Value numbers, Value index) {
  Value at = arith::IndexCastOp::create(*this, getIndexType(), index);
  return memref::LoadOp::create(*this, numbers, at);
}

Value AttentionBuilder::map(Type type, ValueRange inputs, Element body) {
  auto op = tile::MapOp::create(*this, type, inputs);
  OpBuilder::InsertionGuard guard(*this);
  SmallVector<Type> types(inputs.size(), getF32Type());
  SmallVector<Location> locations(inputs.size(), getLoc());
  Block *block = createBlock(&op.getBody(), {}, types, locations);
  tile::YieldOp::create(*this, body(block->getArguments()));
  return op.getResult();
}

Value AttentionBuilder::window(Value tile, int64_t row, int64_t column, int64_t rows,
                               int64_t columns) {
  auto type = cast<tile::SharedType>(tile.getType());
  auto window = tile::SharedType::get(getContext(), {rows, columns}, type.getElementType(),
                                      type.getOrder(), type.getColumns() + type.getPad() - columns);
  return window == type
             ? tile
             : tile::WindowOp::create(*this, window, tile, ArrayRef<int64_t>{row, column})
                   .getResult();
}

Value AttentionBuilder::findSequence(Value offsets, Value sequences, Value token) {
  Type i32 = getI32Type();
  auto loop = scf::WhileOp::create(*this, TypeRange{i32, i32}, ValueRange{constant(0), sequences});
  SmallVector<Location> locations(2, getLoc());
  OpBuilder::InsertionGuard guard(*this);
  Block *before = createBlock(&loop.getBefore(), {}, TypeRange{i32, i32}, locations);
  Value low = before->getArgument(0), high = before->getArgument(1);
  Value isOpen = compare(arith::CmpIPredicate::sgt, sub(high, low), constant(1));
  scf::ConditionOp::create(*this, isOpen, before->getArguments());
  Block *after = createBlock(&loop.getAfter(), {}, TypeRange{i32, i32}, locations);
  low = after->getArgument(0), high = after->getArgument(1);
  Value middle = div(add(low, high), 2);
  Value isBelow = compare(arith::CmpIPredicate::sle, load(offsets, middle), token);
  scf::YieldOp::create(*this,
                       ValueRange{select(isBelow, middle, low), select(isBelow, high, middle)});
  return loop.getResult(0);
}

Latents AttentionBuilder::latentsOf(Value cache, Value table, int64_t pageSize, Value pages,
                                    Value end) {
  return {cache, table, pageSize, end, pages, div(sub(end, constant(1)), pageSize)};
}

void AttentionBuilder::copyLatents(const Latents &latents, Value first, int64_t column, Value to) {
  auto type = cast<tile::SharedType>(to.getType());
  int64_t rows = std::min(type.getRows(), latents.pageSize);
  for (int64_t below = 0; below < type.getRows(); below += rows) {
    Value key = add(first, constant(below));
    Value page = least(div(key, latents.pageSize), latents.lastPage);
    Value at = mul(load(latents.table, add(latents.pages, page)), latents.pageSize);
    if (rows < latents.pageSize)
      at = add(at, arith::RemUIOp::create(*this, key, constant(latents.pageSize)));
    tile::CopyOp::create(*this, latents.cache, at, constant(column), sub(latents.end, key), Value(),
                         window(to, below, 0, rows, type.getColumns()));
  }
}

SoftmaxStep AttentionBuilder::addScores(const Softmax &before, Value scores, float scale,
                                        function_ref<Value(Value)> combine) {
  auto type = cast<tile::FragmentType>(scores.getType());
  tile::ColumnType whole = columnOf(type, tile::Share::Whole);
  tile::ColumnType parts = columnOf(type, tile::Share::Parts);
  auto exp2 = [&](Value x) -> Value { return math::Exp2Op::create(*this, x); };
  auto fma = [&](Value x, Value y, Value z) -> Value {
    return math::FmaOp::create(*this, x, y, z);
  };
  // Of powers of two: e^x = 2^(x log2 e).
  Value factor = number(scale * float(M_LOG2E));
  SoftmaxStep step;
  Value own = tile::ReduceOp::create(*this, parts, tile::Reduction::Maximum, scores);
  step.after.largest = map(whole, {before.largest, combine(own)}, [&](ValueRange x) {
    return arith::MaxNumFOp::create(*this, x[0], x[1]);
  });
  step.shrink = map(whole, {before.largest, step.after.largest}, [&](ValueRange x) {
    return exp2(mulf(arith::SubFOp::create(*this, x[0], x[1]), factor));
  });
  Value offset = map(whole, step.after.largest, [&](ValueRange x) {
    return arith::NegFOp::create(*this, mulf(x[0], factor));
  });
  step.weights =
      map(type, {scores, offset}, [&](ValueRange x) { return exp2(fma(x[0], factor, x[1])); });
  Value added = tile::ReduceOp::create(*this, parts, tile::Reduction::Sum, step.weights);
  step.after.total = map(parts, {before.total, step.shrink, added},
                         [&](ValueRange x) { return fma(x[0], x[1], x[2]); });
  return step;
}

Value AttentionBuilder::rescale(Value sum, Value shrink) {
  Value ones = tile::FillOp::create(*this, shrink.getType(), number(1));
  Value isNeeded = tile::DifferOp::create(*this, getI1Type(), shrink, ones);
  return onlyIf(isNeeded, sum, [&] {
    return SmallVector<Value>{
        map(sum.getType(), {sum, shrink}, [&](ValueRange x) { return mulf(x[0], x[1]); })};
  })[0];
}

Value AttentionBuilder::divide(Value sum, Value total) {
  Value inverse = map(total.getType(), total,
                      [&](ValueRange x) { return arith::DivFOp::create(*this, number(1), x[0]); });
  return map(sum.getType(), {sum, inverse}, [&](ValueRange x) { return mulf(x[0], x[1]); });
}
