// SPDX-License-Identifier: Apache-2.0
// Expressions: verified once at load, evaluated once a step, in order.
#include "core/Expression.h"

#include <algorithm>
#include <cinttypes>

namespace hadal::runtime {

using artifact::Expr;
using artifact::ExprKind;

int operandCount(ExprKind kind) {
  if (kind > ExprKind::MAX)
    return -1;
  if (kind == ExprKind::constant || kind == ExprKind::dim)
    return 0;
  return kind == ExprKind::select ? 3 : 2;
}

Status verifyExpressions(const ExprList *exprs) {
  // The FlatBuffers verifier aligns the length of a vector, not its elements.
  if (exprs && reinterpret_cast<uintptr_t>(exprs->Data()) % alignof(Expr) != 0)
    return fail(HADAL_STATUS_INVALID_ARTIFACT, "exprs: expected %zu-byte alignment", alignof(Expr));
  for (uint32_t i = 0, count = exprs ? exprs->size() : 0; i < count; ++i) {
    const Expr &expr = *exprs->Get(i);
    int operands = operandCount(expr.kind());
    if (operands < 0)
      return fail(HADAL_STATUS_INVALID_ARTIFACT, "exprs[%u].kind: expected at most %u, got %u", i,
                  static_cast<unsigned>(ExprKind::MAX), static_cast<unsigned>(expr.kind()));
    if (expr.kind() == ExprKind::dim && (expr.value() < 0 || expr.value() >= kDimCount))
      return fail(HADAL_STATUS_INVALID_ARTIFACT,
                  "exprs[%u].value: expected a dim below %u, got %" PRId64, i, kDimCount,
                  expr.value());
    const uint32_t operand[3] = {expr.a(), expr.b(), expr.c()};
    for (int j = 0; j < operands; ++j)
      if (operand[j] >= i)
        return fail(HADAL_STATUS_INVALID_ARTIFACT,
                    "exprs[%u].%c: expected an earlier expression, got %u", i, 'a' + j, operand[j]);
  }
  return {};
}

namespace {

int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
int64_t ceilDivide(int64_t a, int64_t b) { return a / b + (a % b > 0 ? 1 : 0); }

Status evaluateOne(uint32_t index, const Expr &expr, const Dims &dims, const int64_t *values,
                   int64_t *result) {
  ExprKind kind = expr.kind();
  if (kind == ExprKind::constant) {
    *result = expr.value();
    return {};
  }
  if (kind == ExprKind::dim) {
    *result = dims.values[expr.value()];
    return {};
  }
  int64_t a = values[expr.a()], b = values[expr.b()];
  bool overflow = false;
  switch (kind) {
  case ExprKind::add:
    overflow = __builtin_add_overflow(a, b, result);
    break;
  case ExprKind::sub:
    overflow = __builtin_sub_overflow(a, b, result);
    break;
  case ExprKind::mul:
    overflow = __builtin_mul_overflow(a, b, result);
    break;
  case ExprKind::floor_div:
  case ExprKind::ceil_div:
    if (b <= 0)
      return fail(HADAL_STATUS_INVALID_ARTIFACT,
                  "exprs[%u]: expected a positive divisor, got %" PRId64, index, b);
    *result = kind == ExprKind::floor_div ? floorDivide(a, b) : ceilDivide(a, b);
    break;
  case ExprKind::min:
    *result = std::min(a, b);
    break;
  case ExprKind::max:
    *result = std::max(a, b);
    break;
  case ExprKind::lt:
    *result = a < b;
    break;
  case ExprKind::le:
    *result = a <= b;
    break;
  case ExprKind::eq:
    *result = a == b;
    break;
  case ExprKind::logical_and:
    *result = a && b;
    break;
  case ExprKind::logical_or:
    *result = a || b;
    break;
  case ExprKind::select:
    *result = a ? b : values[expr.c()];
    break;
  case ExprKind::constant:
  case ExprKind::dim:
    break;
  }
  if (overflow)
    return fail(HADAL_STATUS_INVALID_ARTIFACT,
                "exprs[%u]: %s of %" PRId64 " and %" PRId64 " exceeds 64 bits", index,
                artifact::EnumNameExprKind(kind), a, b);
  return {};
}

} // namespace

Status evaluateExpressions(const ExprList *exprs, const Dims &dims, std::vector<int64_t> &values) {
  uint32_t count = exprs ? exprs->size() : 0;
  values.resize(count);
  for (uint32_t i = 0; i < count; ++i)
    HADAL_TRY(evaluateOne(i, *exprs->Get(i), dims, values.data(), &values[i]));
  return {};
}

} // namespace hadal::runtime
