// SPDX-License-Identifier: Apache-2.0
// Builds the expressions of an entry point, each one once.
#include "ExprBuilder.h"

using namespace mlir;
using namespace hadal;

Value ExprBuilder::constant(int64_t value) {
  Value &result = built[{0, value, nullptr, nullptr}];
  if (!result)
    result = plan::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
  return result;
}

Value ExprBuilder::dim(plan::Dim dim) {
  Value &result = built[{1, static_cast<int64_t>(dim), nullptr, nullptr}];
  if (!result)
    result = plan::DimOp::create(builder, loc, dim);
  return result;
}

Value ExprBuilder::expr(plan::ExprKind kind, Value a, Value b) {
  OpFoldResult folded = plan::foldExpr(kind, a, b);
  if (auto value = dyn_cast_if_present<Value>(folded))
    return value;
  if (auto attr = dyn_cast_if_present<Attribute>(folded))
    return constant(cast<IntegerAttr>(attr).getInt());
  Value &result =
      built[{static_cast<int>(kind), 0, a.getAsOpaquePointer(), b.getAsOpaquePointer()}];
  if (!result)
    result = plan::ExprOp::create(builder, loc, kind, a, b);
  return result;
}

Value ExprBuilder::extent(const Extent &extent) {
  if (extent.isStatic())
    return constant(extent.constant);
  Value scaled = expr(plan::ExprKind::Mul, dim(*extent.dim), constant(extent.factor));
  return expr(plan::ExprKind::Add, scaled, constant(extent.constant));
}
