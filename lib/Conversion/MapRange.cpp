// SPDX-License-Identifier: Apache-2.0
// The least and the greatest index that an affine map gives.
#include "MapRange.h"

using namespace mlir;
using namespace hadal;

static Extent add(const Extent &a, const Extent &b, ExprBuilder &exprs) {
  if (b.isStatic())
    return {a.unit, a.factor, a.constant + b.constant};
  if (a.isStatic())
    return {b.unit, b.factor, b.constant + a.constant};
  return Extent::of(exprs.expr(plan::ExprKind::Add, exprs.extent(a), exprs.extent(b)));
}

std::optional<MapRange> hadal::rangeOfMap(AffineExpr expr, ArrayRef<std::optional<Extent>> loops,
                                          ExprBuilder &exprs) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return MapRange{Extent::of(constant.getValue()), Extent::of(constant.getValue())};
  if (auto loop = dyn_cast<AffineDimExpr>(expr)) {
    const std::optional<Extent> &count = loops[loop.getPosition()];
    return count ? std::optional(MapRange{Extent::of(0), add(*count, Extent::of(-1), exprs)})
                 : std::nullopt;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  auto by = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (expr.getKind() == AffineExprKind::Mod && by)
    return MapRange{Extent::of(0), Extent::of(by.getValue() - 1)};
  std::optional<MapRange> a = rangeOfMap(binary.getLHS(), loops, exprs),
                          b = rangeOfMap(binary.getRHS(), loops, exprs);
  if (!a || !b)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return MapRange{add(a->least, b->least, exprs), add(a->most, b->most, exprs)};
  if (!by)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Mul) {
    MapRange range{a->least.times(by.getValue()), a->most.times(by.getValue())};
    if (by.getValue() < 0)
      std::swap(range.least, range.most);
    return range.least.isKnown && range.most.isKnown ? std::optional(range) : std::nullopt;
  }
  auto quotient = [&](const Extent &of) {
    bool isDown = expr.getKind() == AffineExprKind::FloorDiv;
    Value size = exprs.expr(isDown ? plan::ExprKind::FloorDiv : plan::ExprKind::CeilDiv,
                            exprs.extent(of), exprs.constant(by.getValue()));
    std::optional<int64_t> constant = plan::constantOf(size);
    return constant ? Extent::of(*constant) : Extent::of(size);
  };
  return MapRange{quotient(a->least), quotient(a->most)};
}
