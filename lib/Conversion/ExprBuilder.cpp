// SPDX-License-Identifier: Apache-2.0
// Builds the expressions of an entry point, each one once.
#include "ExprBuilder.h"

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
