// SPDX-License-Identifier: Apache-2.0
// Expansions of the core ops, and what others have of them.
#include "Expansion.h"

#include "hadal/IR/OpChecks.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;
using namespace hadal;

using Results = FailureOr<SmallVector<Value>>;

static Type elementOf(Value value) { return tensorType(value).getElementType(); }

//===-- shared ------------------------------------------------------------------===//

Value Expansion::rmsNorm(Value x, Value weight, APFloat eps, Type element) {
  int64_t width = tensorType(x).getDimSize(1);
  OpFoldResult rows = extent(x, 0);
  Value squares =
      reduce("squares", zeros(rows), 1, Read{x, {0, 1}}, [](ElementBuilder &b, ValueRange read) {
        return b.add(read[1], b.mul(read[0], read[0]));
      });
  Value inverse = map("inverse", rows, builder.getF32Type(), Read{squares, {0}},
                      [&](ElementBuilder &b, ValueRange read) -> Value {
                        Value mean = b.div(read[0], b.f32(double(width)));
                        Value sum = b.add(mean, b.f32(eps.convertToDouble()));
                        return b.div(b.f32(1), math::SqrtOp::create(b, sum));
                      });
  return map("", extentsOf(x), element, {{x, {0, 1}}, {inverse, {0}}, {weight, {1}}},
             [&](ElementBuilder &b, ValueRange read) {
               return b.round(b.mul(b.widen(read[2]), b.mul(read[0], read[1])), element);
             });
}

Value Expansion::rope(Value x, Value positions, Value cos, Value sin, int64_t heads,
                      bool interleaved, Type element) {
  int64_t width = tensorType(x).getDimSize(1) / heads, half = tensorType(cos).getDimSize(1);
  int64_t nope = width - 2 * half;
  auto rotate = [&](ElementBuilder &b, ValueRange read) {
    Value column = b.loop(1), inHead = b.remIndex(column, width), r = inHead, isCopied;
    if (nope) {
      isCopied = b.less(inHead, b.index(nope));
      // Of a copied column, that of the first pair, which is not used.
      r = b.select(isCopied, b.index(0), b.sub(inHead, b.index(nope)));
    }
    Value isFirst = b.less(r, b.index(half)), i = b.remIndex(r, half);
    Value pair = b.add(b.sub(column, inHead), b.index(nope));
    pair = b.add(pair, interleaved ? b.mul(i, b.index(2)) : i);
    Value first = b.extract(x, {b.loop(0), pair});
    Value second = b.extract(x, {b.loop(0), b.add(pair, b.index(interleaved ? 1 : half))});
    Value position = b.toIndex(read[1]);
    Value c = b.extract(cos, {position, i}), s = b.extract(sin, {position, i});
    Value rotated = b.select(isFirst, b.sub(b.mul(first, c), b.mul(second, s)),
                             b.add(b.mul(second, c), b.mul(first, s)));
    return b.round(nope ? b.select(isCopied, read[0], rotated) : rotated, element);
  };
  return map("", extentsOf(x), element, {{x, {0, 1}}, {positions, {0}}}, rotate);
}

Value Expansion::product(StringRef what, Value x, Value weight, Value scale,
                         std::optional<ArrayRef<int64_t>> block) {
  int64_t rank = tensorType(x).getRank(), axis = tensorType(weight).getRank() - 2;
  SmallVector<OpFoldResult> extents = extentsOf(x);
  extents.back() = extent(weight, axis);
  // Loops: n, the head if there are any, o, i.
  Read left{x, {0}}, right{weight, {}};
  for (int64_t head = 1; head < rank - 1; ++head) {
    left.loops.push_back(head);
    right.loops.push_back(head);
  }
  left.loops.push_back(rank);
  right.loops.append({rank - 1, rank});
  return reduce(what, zeros(extents), 1, {left, right}, [&](ElementBuilder &b, ValueRange read) {
    SmallVector<Value> indices;
    if (scale)
      for (int64_t loop : right.loops)
        indices.push_back(b.loop(loop));
    Value w = scaledWeight(b, read[1], scale, block, indices);
    return b.add(read[2], b.mul(b.widen(read[0]), w));
  });
}

Value Expansion::swiglu(Value gate, Value up, Type element) {
  return map("", extentsOf(gate), element, {{gate, {0, 1}}, {up, {0, 1}}},
             [&](ElementBuilder &b, ValueRange read) {
               return b.round(b.mul(b.silu(b.widen(read[0])), b.widen(read[1])), element);
             });
}

Value Expansion::groupOf(StringRef what, Value offsets, OpFoldResult count) {
  OpFoldResult one = extent(1);
  Value groups = tensor::DimOp::create(builder, op->getLoc(), offsets, 0);
  Value unit = arith::ConstantIndexOp::create(builder, op->getLoc(), 1);
  OpFoldResult size = arith::SubIOp::create(builder, op->getLoc(), groups, unit).getResult();
  if (int64_t known = tensorType(offsets).getDimSize(0); !ShapedType::isDynamic(known))
    size = extent(known - 1);
  Value ends = tensor::ExtractSliceOp::create(builder, location(), offsets, one, size, one);
  return reduce(what, fill(count, builder.getI32IntegerAttr(0)), 1, Read{ends, {1}},
                [](ElementBuilder &b, ValueRange read) {
                  Value isBefore = b.negate(b.less(b.toI32(b.loop(0)), read[0]));
                  return b.add(read[1], b.count(isBefore));
                });
}

//===-- ops ---------------------------------------------------------------------===//

Results EmbeddingOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  int64_t rows = tensorType(getTable()).getDimSize(0);
  Value y =
      e.map("", {e.extent(getTokens(), 0), e.extent(getTable(), 1)}, builder.getF32Type(),
            Read{getTokens(), {0}}, [&](ElementBuilder &b, ValueRange read) -> Value {
              Value isKnown =
                  arith::CmpIOp::create(b, arith::CmpIPredicate::ult, read[0], b.i32(rows));
              Value row = b.toIndex(b.select(isKnown, read[0], b.i32(0)));
              Value element = b.widen(b.extract(getTable(), {row, b.loop(1)}));
              return b.select(isKnown, element, b.f32(std::numeric_limits<double>::quiet_NaN()));
            });
  return SmallVector<Value>{y};
}

static Value gatherRows(Expansion &e, StringRef what, Value x, Value rows) {
  return e.map(what, {e.extent(rows, 0), e.extent(x, 1)}, elementOf(x), Read{rows, {0}},
               [&](ElementBuilder &b, ValueRange read) {
                 return b.extract(x, {b.toIndex(read[0]), b.loop(1)});
               });
}

Results RmsNormOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  Value x = getRows() ? gatherRows(e, "rows", getX(), getRows()) : Value(getX());
  return SmallVector<Value>{e.rmsNorm(x, getWeight(), getEps(), elementOf(getResult()))};
}

Results LinearOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  Value sum = e.product("", getX(), getWeight(), getScale(), getBlock());
  return SmallVector<Value>{e.rounded(sum, elementOf(getResult()))};
}

Results GatedLinearOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  Value gate = e.product("gate", getX(), getGate(), getGateScale(), getBlock());
  Value up = e.product("up", getX(), getUp(), getUpScale(), getBlock());
  return SmallVector<Value>{e.swiglu(gate, up, elementOf(getResult()))};
}

Results SwigluOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  return SmallVector<Value>{e.swiglu(getGate(), getUp(), elementOf(getResult()))};
}

Results RopeOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  return SmallVector<Value>{e.rope(getX(), getPositions(), getCos(), getSin(), getHeads(),
                                   getInterleaved(), elementOf(getResult()))};
}

Results GatherRowsOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  return SmallVector<Value>{gatherRows(e, "", getX(), getRows())};
}

Results HeadLinearOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  RankedTensorType weight = tensorType(getWeight());
  Value x = e.columns(e.split(getX(), weight.getDimSize(0)), 0, weight.getDimSize(2));
  Value sum = e.product("", x, getWeight());
  return SmallVector<Value>{e.join(e.rounded(sum, elementOf(getResult())))};
}
