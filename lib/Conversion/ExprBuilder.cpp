// SPDX-License-Identifier: Apache-2.0
// Builds the expressions of an entry point, each one once.
#include "ExprBuilder.h"

using namespace mlir;
using namespace hadal;

static std::optional<int64_t> constantOf(Value value) {
  if (auto op = value.getDefiningOp<plan::ConstantOp>())
    return static_cast<int64_t>(op.getValue());
  return std::nullopt;
}

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
  std::optional<int64_t> x = constantOf(a), y = constantOf(b);
  if (x && y && kind == plan::ExprKind::Add)
    return constant(*x + *y);
  if (x && y && kind == plan::ExprKind::Mul)
    return constant(*x * *y);
  if (kind == plan::ExprKind::Add && (x == 0 || y == 0))
    return x == 0 ? b : a;
  if (kind == plan::ExprKind::Mul && (x == 1 || y == 1))
    return x == 1 ? b : a;
  if (kind == plan::ExprKind::CeilDiv && y == 1)
    return a;
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
