// SPDX-License-Identifier: Apache-2.0
// Expansions of the ops that apply experts.
#include "Expansion.h"

#include "hadal/IR/OpChecks.h"

using namespace mlir;
using namespace hadal;

using Results = FailureOr<SmallVector<Value>>;

namespace {
/// Weights of experts, of which the data says which one.
struct Experts {
  Value weight, scale;
  std::optional<ArrayRef<int64_t>> block;

  /// The element of `expert` at o, i, in f32.
  Value element(ElementBuilder &b, Value expert, Value o, Value i) const {
    return scaledWeight(b, b.extract(weight, {expert, o, i}), scale, block, {expert, o, i});
  }
};

/// sum_i x[.., i] * weight[expert][o, i] in f32, of extents `rows` and o. `x` and `expert`
/// name the loops over `rows` that are their indices.
Value applyExperts(Expansion &e, StringRef what, ArrayRef<OpFoldResult> rows, const Read &x,
                   const Read &expert, const Experts &experts) {
  int64_t o = rows.size(), i = o + 1;
  SmallVector<OpFoldResult> extents(rows);
  extents.push_back(e.extent(experts.weight, 1));
  Read left = x;
  left.loops.push_back(i);
  return e.reduce(what, e.zeros(extents), 1, {left, expert},
                  [&](ElementBuilder &b, ValueRange read) {
                    Value w = experts.element(b, b.toIndex(read[1]), b.loop(o), b.loop(i));
                    return b.add(read[2], b.mul(b.widen(read[0]), w));
                  });
}

/// [pairs]: the expert of each row of pairs sorted by expert.
Value expertOf(Expansion &e, Value offsets, Value rows) {
  return e.groupOf("expert", offsets, e.extent(rows, 0));
}

/// sum_j weights[n, j] * y[n, j], by rank ascending.
Value combine(Expansion &e, Value y, Value weights) {
  return e.reduce(
      "", e.zeros({e.extent(y, 0), e.extent(y, 2)}), 1, {{weights, {0, 2}}, {y, {0, 2, 1}}},
      [](ElementBuilder &b, ValueRange read) { return b.add(read[2], b.mul(read[0], read[1])); });
}

Value gated(Expansion &e, Value gate, Value up, Type element) {
  SmallVector<int64_t, 4> all = llvm::to_vector<4>(llvm::seq<int64_t>(tensorType(gate).getRank()));
  return e.map("gated", e.extentsOf(gate), element, {{gate, all}, {up, all}},
               [&](ElementBuilder &b, ValueRange read) {
                 return b.round(b.mul(b.silu(read[0]), read[1]), element);
               });
}
} // namespace

Results MoeExpertsOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  SmallVector<OpFoldResult> pairs = e.extentsOf(getIds());
  Read x{getX(), {0}}, ids{getIds(), {0, 1}};
  Value gate = applyExperts(e, "gate", pairs, x, ids, {getGate(), getGateScale(), getBlock()});
  Value up = applyExperts(e, "up", pairs, x, ids, {getUp(), getUpScale(), getBlock()});
  Value inner = gated(e, gate, up, builder.getF32Type());
  Value y =
      applyExperts(e, "down", pairs, {inner, {0, 1}}, ids, {getDown(), getDownScale(), getBlock()});
  return SmallVector<Value>{combine(e, y, getWeights())};
}

Results MoeGroupOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  Type i32 = builder.getI32Type();
  IntegerAttr zero = builder.getI32IntegerAttr(0);
  SmallVector<ReassociationIndices> all{{0, 1}};
  Value ids = tensor::CollapseShapeOp::create(builder, getLoc(), getIds(), all);
  OpFoldResult pairs = e.extent(ids, 0);
  Value offsets = e.reduce("offsets", e.fill(e.extent(int64_t(getExperts()) + 1), zero), 1,
                           Read{ids, {1}}, [](ElementBuilder &b, ValueRange read) {
                             Value isBefore = b.less(read[0], b.toI32(b.loop(0)));
                             return b.add(read[1], b.count(isBefore));
                           });
  // The place of a pair is how many come before it: all of lower experts, and the
  // earlier ones of its own. That is a permutation, whatever the ids are.
  Value places = e.reduce("places", e.fill(pairs, zero), 1, {{ids, {0}}, {ids, {1}}},
                          [](ElementBuilder &b, ValueRange read) {
                            Value isEarlier =
                                b.both(b.equal(read[1], read[0]), b.less(b.loop(1), b.loop(0)));
                            Value isBefore = b.either(b.less(read[1], read[0]), isEarlier);
                            return b.add(read[2], b.count(isBefore));
                          });
  Value numbers = e.map("numbers", pairs, i32, {},
                        [](ElementBuilder &b, ValueRange) { return b.toI32(b.loop(0)); });
  Value into = tensor::EmptyOp::create(builder, getLoc(), pairs, i32);
  Value rows = e.scatter("", numbers, into, [&](ElementBuilder &b, Value p) {
    return SmallVector<Value>{b.toIndex(b.extract(places, p))};
  });
  return SmallVector<Value>{offsets, rows};
}

Results MoeGateUpOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  OpFoldResult pairs = e.extent(getRows(), 0);
  Type element = tensorType(getX()).getElementType();
  Value x = e.map("gathered", {pairs, e.extent(getX(), 1)}, element, Read{getRows(), {0}},
                  [&](ElementBuilder &b, ValueRange read) {
                    Value token = b.divIndex(b.toIndex(read[0]), getTopK());
                    return b.extract(getX(), {token, b.loop(1)});
                  });
  Read rows{x, {0}}, experts{expertOf(e, getOffsets(), getRows()), {0}};
  Value gate =
      applyExperts(e, "gate", pairs, rows, experts, {getGate(), getGateScale(), getBlock()});
  Value up = applyExperts(e, "up", pairs, rows, experts, {getUp(), getUpScale(), getBlock()});
  return SmallVector<Value>{gated(e, gate, up, tensorType(getResult()).getElementType())};
}

Results MoeDownOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  OpFoldResult pairs = e.extent(getRows(), 0);
  Read experts{expertOf(e, getOffsets(), getRows()), {0}};
  Value sorted =
      applyExperts(e, "down", pairs, {getH(), {0}}, experts, {getDown(), getScale(), getBlock()});
  Value into = tensor::EmptyOp::create(builder, getLoc(), {pairs, e.extent(getDown(), 1)},
                                       builder.getF32Type());
  Value y = e.scatter("", sorted, into, [&](ElementBuilder &b, Value p) {
    return SmallVector<Value>{b.toIndex(b.extract(getRows(), p)), b.index(0)};
  });
  return SmallVector<Value>{y};
}

Results MoeCombineOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  RankedTensorType y = tensorType(getY()), weights = tensorType(getWeights());
  SmallVector<ReassociationIndices> pairs{{0, 1}, {2}};
  auto split = RankedTensorType::get(
      {weights.getDimSize(0), weights.getDimSize(1), y.getDimSize(1)}, y.getElementType());
  SmallVector<OpFoldResult> extents = e.extentsOf(getWeights());
  extents.push_back(e.extent(getY(), 1));
  Value each = tensor::ExpandShapeOp::create(builder, getLoc(), split, getY(), pairs, extents);
  return SmallVector<Value>{combine(e, each, getWeights())};
}
