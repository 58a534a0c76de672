// SPDX-License-Identifier: Apache-2.0
// Builds the expressions of an entry point, each one once.
#include "ExprBuilder.h"

#include "hadal/IR/HadalDialect.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace hadal;

namespace {
/// What distinguishes kinds of expressions before their operands do.
enum Kind { Constant = -1, Dim = -2, ArgumentExtent = -3, Select = -4 };
} // namespace

template <typename Make>
Value ExprBuilder::once(Key key, Make make) {
  Value &result = built[key];
  if (!result) {
    result = make();
    order[result] = order.size();
  }
  return result;
}

Value ExprBuilder::constant(int64_t value) {
  return once({Constant, value, 0, nullptr, nullptr, nullptr}, [&]() -> Value {
    return plan::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
  });
}

Value ExprBuilder::dim(FlatSymbolRefAttr dim) {
  return once({Dim, 0, 0, dim.getAsOpaquePointer(), nullptr, nullptr},
              [&]() -> Value { return plan::DimOp::create(builder, loc, dim); });
}

Value ExprBuilder::argumentExtent(unsigned argument, unsigned axis) {
  return once({ArgumentExtent, argument, axis, nullptr, nullptr, nullptr},
              [&]() -> Value { return plan::ExtentOp::create(builder, loc, argument, axis); });
}

Value ExprBuilder::expr(plan::ExprKind kind, Value a, Value b) {
  OpFoldResult folded = plan::foldExpr(kind, a, b);
  if (auto value = dyn_cast_if_present<Value>(folded))
    return value;
  if (auto attr = dyn_cast_if_present<Attribute>(folded))
    return constant(cast<IntegerAttr>(attr).getInt());
  return once(
      {static_cast<int>(kind), 0, 0, a.getAsOpaquePointer(), b.getAsOpaquePointer(), nullptr},
      [&]() -> Value { return plan::ExprOp::create(builder, loc, kind, a, b); });
}

Value ExprBuilder::select(Value condition, Value a, Value b) {
  if (std::optional<int64_t> known = plan::constantOf(condition))
    return *known ? a : b;
  return once({Select, 0, 0, condition.getAsOpaquePointer(), a.getAsOpaquePointer(),
               b.getAsOpaquePointer()},
              [&]() -> Value { return plan::SelectOp::create(builder, loc, condition, a, b); });
}

Value ExprBuilder::extent(const Extent &extent) {
  assert(extent.isKnown && "an extent that the host does not know");
  if (extent.isStatic())
    return constant(extent.constant);
  Value scaled = expr(plan::ExprKind::Mul, extent.unit, constant(extent.factor));
  return expr(plan::ExprKind::Add, scaled, constant(extent.constant));
}

Extent ExprBuilder::multiply(const Extent &a, const Extent &b) {
  if (!a.isKnown || !b.isKnown)
    return Extent::unknown();
  // A sum is a unit of its own.
  auto single = [&](const Extent &x) { return x.unit && x.constant ? Extent::of(extent(x)) : x; };
  if (a.isStatic())
    return single(b).times(a.constant);
  if (b.isStatic())
    return single(a).times(b.constant);
  Extent x = single(a), y = single(b);
  if (order[y.unit] < order[x.unit])
    std::swap(x, y); // so that equal products are one unit
  return Extent::of(expr(plan::ExprKind::Mul, x.unit, y.unit)).times(x.factor).times(y.factor);
}

std::optional<Extent> ExprBuilder::evaluate(OpFoldResult size,
                                            llvm::function_ref<const Extents *(Value)> extentsOf) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return *constant < 0 ? std::nullopt : std::optional(Extent::of(*constant));
  Operation *op = cast<Value>(size).getDefiningOp();
  if (auto of = dyn_cast_if_present<tensor::DimOp>(op)) {
    const Extents *extents = extentsOf(of.getSource());
    std::optional<int64_t> axis = of.getConstantIndex();
    // An axis beyond the last is valid IR, of a dim that nobody may ask for.
    if (!extents || !axis || *axis < 0 || *axis >= int64_t(extents->size()))
      return std::nullopt;
    return (*extents)[*axis];
  }
  if (auto host = dyn_cast_if_present<HostDimOp>(op))
    return Extent::of(dim(host.getNameAttr()));
  if (auto apply = dyn_cast_if_present<affine::AffineApplyOp>(op))
    return evaluate(apply.getAffineMap().getResult(0), apply, extentsOf);
  std::optional<plan::ExprKind> kind = op ? exprKindOf(op) : std::nullopt;
  if (!kind)
    return std::nullopt;
  std::optional<Extent> a = evaluate(op->getOperand(0), extentsOf);
  std::optional<Extent> b = evaluate(op->getOperand(1), extentsOf);
  if (!isOfNonNegative(op) || !a || !b || !a->isKnown || !b->isKnown)
    return combine(*kind, a, b);
  Value x = extent(*a), y = extent(*b);
  auto isSo = [&](Value value) { return isNonNegative(value); };
  if (isSo(x) && isSo(y))
    return combine(*kind, a, b);
  return Extent::of(
      makeExpr(op, x, y,
               {[&](int64_t value) { return constant(value); },
                [&](plan::ExprKind kind, Value a, Value b) { return expr(kind, a, b); },
                [&](Value condition, Value a, Value b) { return select(condition, a, b); }, isSo}));
}

bool ExprBuilder::isNonNegative(Value expression) {
  return plan::isNonNegative(expression, [&](Value leaf) { return isNonNegativeDim(leaf); });
}

bool ExprBuilder::isNonNegativeDim(Value value) {
  auto op = value.getDefiningOp<plan::DimOp>();
  auto declaration = op ? dims.lookup<plan::HostDimOp>(op.getDimAttr().getAttr()) : nullptr;
  return declaration && declaration.getLeast() >= 0;
}

std::optional<Extent> ExprBuilder::evaluate(AffineExpr expr, affine::AffineApplyOp apply,
                                            llvm::function_ref<const Extents *(Value)> extentsOf) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue() < 0 ? std::nullopt : std::optional(Extent::of(constant.getValue()));
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return evaluate(apply.getDimOperands()[dim.getPosition()], extentsOf);
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return evaluate(apply.getSymbolOperands()[symbol.getPosition()], extentsOf);
  auto binary = cast<AffineBinaryOpExpr>(expr);
  std::optional<Extent> a = evaluate(binary.getLHS(), apply, extentsOf);
  // a - b is a + b * -1.
  auto negated = dyn_cast<AffineBinaryOpExpr>(binary.getRHS());
  auto factor = negated ? dyn_cast<AffineConstantExpr>(negated.getRHS()) : AffineConstantExpr();
  if (expr.getKind() == AffineExprKind::Add && factor && factor.getValue() == -1)
    return combine(plan::ExprKind::Sub, a, evaluate(negated.getLHS(), apply, extentsOf));
  std::optional<Extent> b = evaluate(binary.getRHS(), apply, extentsOf);
  switch (expr.getKind()) {
  case AffineExprKind::Add: return combine(plan::ExprKind::Add, a, b);
  case AffineExprKind::Mul: return combine(plan::ExprKind::Mul, a, b);
  case AffineExprKind::FloorDiv: return combine(plan::ExprKind::FloorDiv, a, b);
  case AffineExprKind::CeilDiv: return combine(plan::ExprKind::CeilDiv, a, b);
  default: return std::nullopt;
  }
}

std::optional<Extent> ExprBuilder::combine(plan::ExprKind kind, std::optional<Extent> a,
                                           std::optional<Extent> b) {
  if (!a || !b)
    return std::nullopt;
  if (!a->isKnown || !b->isKnown)
    return Extent::unknown();
  if (kind == plan::ExprKind::Mul)
    return multiply(*a, *b);
  if (kind == plan::ExprKind::Add && b->isStatic())
    return Extent{a->unit, a->factor, a->constant + b->constant};
  if (a->isStatic() && b->isStatic()) {
    std::optional<int64_t> folded = plan::evaluate(kind, a->constant, b->constant);
    return folded && *folded >= 0 ? std::optional(Extent::of(*folded)) : std::nullopt;
  }
  return Extent::of(expr(kind, extent(*a), extent(*b)));
}

Value ExprBuilder::inlineBlock(Block &block) {
  IRMapping values;
  for (Operation &op : block.without_terminator()) {
    if (auto constantOp = dyn_cast<plan::ConstantOp>(op))
      values.map(constantOp.getResult(), constant(constantOp.getValue()));
    else if (auto dimOp = dyn_cast<plan::DimOp>(op))
      values.map(dimOp.getResult(), dim(dimOp.getDimAttr()));
    else if (auto exprOp = dyn_cast<plan::ExprOp>(op))
      values.map(exprOp.getResult(), expr(exprOp.getKind(), values.lookup(exprOp.getA()),
                                          values.lookup(exprOp.getB())));
    else if (auto selectOp = dyn_cast<plan::SelectOp>(op))
      values.map(selectOp.getResult(),
                 select(values.lookup(selectOp.getCondition()), values.lookup(selectOp.getA()),
                        values.lookup(selectOp.getB())));
  }
  return values.lookup(cast<plan::YieldOp>(block.getTerminator()).getValues().front());
}
