// SPDX-License-Identifier: Apache-2.0
// Expansion of the router: ranks are counted, so that ties need no order of evaluation.
#include "Expansion.h"

#include "hadal/IR/OpChecks.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;
using namespace hadal;

namespace {
class Router {
public:
  Router(Expansion &e, MoeRouteOp op, OpBuilder &builder)
      : e(e), op(op), f32(builder.getF32Type()), i32(builder.getI32Type()),
        rows(e.extent(op.getLogits(), 0)), experts(e.extent(op.getLogits(), 1)) {}

  SmallVector<Value> route() {
    Value scores = op.getScoring() == Scoring::Sigmoid ? sigmoid() : softmax();
    Value choices = choose(scores), ranks;
    if (op.getGroupRule() == GroupRule::None)
      ranks = rank("ranks", choices);
    else
      ranks = rankKept(choices, excluded(e.split(choices, op.getNGroup())));
    Value ids = idsOf(ranks);
    return {weigh(scores, ids), ids};
  }

private:
  static constexpr double lowest = -std::numeric_limits<double>::infinity();

  static Value dropNaN(ElementBuilder &b, Value choice) {
    return b.select(b.isNaN(choice), b.f32(lowest), choice);
  }

  // In terms of e^-|x|, so that both tails keep their precision.
  Value sigmoid() {
    return e.map("scores", {rows, experts}, f32, Read{op.getLogits(), {0, 1}},
                 [](ElementBuilder &b, ValueRange read) {
                   Value tail = b.exp(b.sub(b.f32(0), math::AbsFOp::create(b, read[0])));
                   Value top = b.select(b.less(read[0], b.f32(0)), tail, b.f32(1));
                   return b.div(top, b.add(b.f32(1), tail));
                 });
  }

  Value softmax() {
    Read logits{op.getLogits(), {0, 1}};
    Value largest =
        e.reduce("largest", e.fill(rows, FloatAttr::get(f32, lowest)), 1, logits,
                 [](ElementBuilder &b, ValueRange read) { return b.max(read[1], read[0]); });
    Value tails =
        e.map("tails", {rows, experts}, f32, {logits, {largest, {0}}},
              [](ElementBuilder &b, ValueRange read) { return b.exp(b.sub(read[0], read[1])); });
    Value total =
        e.reduce("total", e.zeros(rows), 1, Read{tails, {0, 1}},
                 [](ElementBuilder &b, ValueRange read) { return b.add(read[1], read[0]); });
    return e.map("scores", {rows, experts}, f32, {{tails, {0, 1}}, {total, {0}}},
                 [](ElementBuilder &b, ValueRange read) { return b.div(read[0], read[1]); });
  }

  Value choose(Value scores) {
    SmallVector<Read> reads{{scores, {0, 1}}};
    if (op.getBias())
      reads.push_back({op.getBias(), {1}});
    return e.map("choices", {rows, experts}, f32, reads, [](ElementBuilder &b, ValueRange read) {
      return dropNaN(b, read.size() == 1 ? read[0] : b.add(read[0], b.widen(read[1])));
    });
  }

  /// Whether a choice comes before another: it is larger, or equal and of lower index.
  static Value isBefore(ElementBuilder &b, Value other, Value own, int64_t otherLoop,
                        int64_t ownLoop) {
    Value isTie = b.both(b.equal(other, own), b.less(b.loop(otherLoop), b.loop(ownLoop)));
    return b.either(b.less(own, other), isTie);
  }

  /// How many of the last dimension come before each element of it.
  Value rank(StringRef what, Value values) {
    int64_t last = tensorType(values).getRank() - 1, other = last + 1;
    Read each{values, llvm::to_vector<4>(llvm::seq<int64_t>(last + 1))}, others = each;
    others.loops.back() = other;
    return e.reduce(what, e.fill(e.extentsOf(values), IntegerAttr::get(i32, 0)), 1, {each, others},
                    [&](ElementBuilder &b, ValueRange read) {
                      return b.add(read[2], b.count(isBefore(b, read[1], read[0], other, last)));
                    });
  }

  /// [N, E]: 1 for experts outside of the kept groups.
  Value excluded(Value choices) {
    int64_t members = tensorType(choices).getDimSize(2);
    Value groupRanks = rank("group_ranks", scoreGroups(choices));
    return e.map("excluded", {rows, experts}, i32, {}, [&](ElementBuilder &b, ValueRange) {
      Value rank = b.extract(groupRanks, {b.loop(0), b.divIndex(b.loop(1), members)});
      return b.count(b.negate(b.less(rank, b.i32(op.getTopkGroup()))));
    });
  }

  /// [N, groups], of choices [N, groups, members].
  Value scoreGroups(Value choices) {
    SmallVector<OpFoldResult> groups{rows, e.extent(choices, 1)};
    if (op.getGroupRule() == GroupRule::Max)
      return e.reduce("group_scores", e.fill(groups, FloatAttr::get(f32, lowest)), 1,
                      Read{choices, {0, 1, 2}},
                      [](ElementBuilder &b, ValueRange read) { return b.max(read[1], read[0]); });
    Value ranks = rank("member_ranks", choices);
    Value sums =
        e.reduce("two_best", e.zeros(groups), 1, {{choices, {0, 1, 2}}, {ranks, {0, 1, 2}}},
                 [](ElementBuilder &b, ValueRange read) {
                   Value isBest = b.less(read[1], b.i32(2));
                   return b.add(read[2], b.select(isBest, read[0], b.f32(0)));
                 });
    // Infinities of both signs have no sum.
    return e.map("group_scores", groups, f32, Read{sums, {0, 1}},
                 [](ElementBuilder &b, ValueRange read) { return dropNaN(b, read[0]); });
  }

  /// rank() where what is excluded comes after all that is not.
  Value rankKept(Value choices, Value excluded) {
    return e.reduce("ranks", e.fill({rows, experts}, IntegerAttr::get(i32, 0)), 1,
                    {{choices, {0, 1}}, {choices, {0, 2}}, {excluded, {0, 1}}, {excluded, {0, 2}}},
                    [](ElementBuilder &b, ValueRange read) {
                      Value own = read[2], other = read[3];
                      Value isLarger =
                          b.both(b.equal(other, own), isBefore(b, read[1], read[0], 2, 1));
                      return b.add(read[4], b.count(b.either(b.less(other, own), isLarger)));
                    });
  }

  /// [N, k]: the expert of each rank.
  Value idsOf(Value ranks) {
    Value none = e.fill({rows, e.extent(int64_t(op.getTopK()))}, IntegerAttr::get(i32, 0));
    return e.reduce("ids", none, 1, Read{ranks, {0, 2}}, [](ElementBuilder &b, ValueRange read) {
      Value isIt = b.equal(read[0], b.toI32(b.loop(1)));
      return b.add(read[1], b.select(isIt, b.toI32(b.loop(2)), b.i32(0)));
    });
  }

  Value weigh(Value scores, Value ids) {
    SmallVector<OpFoldResult> chosen = e.extentsOf(ids);
    Value weights =
        e.map("chosen", chosen, f32, Read{ids, {0, 1}}, [&](ElementBuilder &b, ValueRange read) {
          return b.extract(scores, {b.loop(0), b.toIndex(read[0])});
        });
    double scale = op.getScale().convertToDouble();
    if (!op.getNormalise())
      return e.map("", chosen, f32, Read{weights, {0, 1}}, [&](ElementBuilder &b, ValueRange read) {
        return b.mul(read[0], b.f32(scale));
      });
    Value total =
        e.reduce("chosen_total", e.zeros(rows), 1, Read{weights, {0, 1}},
                 [](ElementBuilder &b, ValueRange read) { return b.add(read[1], read[0]); });
    return e.map("", chosen, f32, {{weights, {0, 1}}, {total, {0}}},
                 [&](ElementBuilder &b, ValueRange read) {
                   Value part = b.div(read[0], b.add(read[1], b.f32(1e-20)));
                   return b.mul(part, b.f32(scale));
                 });
  }

  Expansion &e;
  MoeRouteOp op;
  Type f32, i32;
  OpFoldResult rows, experts;
};
} // namespace

FailureOr<SmallVector<Value>> MoeRouteOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  return Router(e, *this, builder).route();
}
