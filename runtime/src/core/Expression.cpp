// SPDX-License-Identifier: Apache-2.0
// Expressions: verified once at load, evaluated once a session, call or launch, in order.
#include "core/Expression.h"

#include <algorithm>
#include <cinttypes>

namespace hadal::runtime {

using artifact::Expr;
using artifact::ExprKind;

int operandCount(ExprKind kind) {
  if (kind > ExprKind::MAX)
    return -1;
  if (kind == ExprKind::constant || kind == ExprKind::dim || kind == ExprKind::extent ||
      kind == ExprKind::launch_constant)
    return 0;
  return kind == ExprKind::select ? 3 : 2;
}

namespace {

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;

Status verifyDim(uint32_t index, const Expr &expr, const ExprScope &scope) {
  if (expr.value() < 0 || expr.value() >= scope.dims.size())
    return fail(kInvalid, "exprs[%u].value: expected a dim below %u, got %" PRId64, index,
                scope.dims.size(), expr.value());
  const HostDim &dim = scope.dims[static_cast<uint32_t>(expr.value())];
  if (scope.sessionOnly && !isOfSession(dim.kind))
    return fail(kInvalid, "exprs[%u].value: expected a dim of a session, got '%s' of a call", index,
                dim.name);
  return {};
}

Status verifyExtent(uint32_t index, const Expr &expr, const std::vector<Port> *arguments) {
  if (!arguments)
    return fail(kInvalid, "exprs[%u].kind: expected extent in entry points alone, got it elsewhere",
                index);
  if (expr.a() >= arguments->size())
    return fail(kInvalid, "exprs[%u].a: expected an argument below %zu, got %u", index,
                arguments->size(), expr.a());
  if (expr.b() >= (*arguments)[expr.a()].shape.size())
    return fail(kInvalid, "exprs[%u].b: expected an axis below %u of argument '%s', got %u", index,
                (*arguments)[expr.a()].shape.size(), (*arguments)[expr.a()].name, expr.b());
  return {};
}

// The scope of an interface is the one that has neither dims nor arguments.
Status verifyLaunchConstant(uint32_t index, const Expr &expr, const ExprScope &scope) {
  if (scope.arguments || scope.sessionOnly)
    return fail(kInvalid,
                "exprs[%u].kind: expected launch_constant in interfaces alone, got it elsewhere",
                index);
  if (expr.value() < 0 || expr.value() >= scope.constantCount)
    return fail(kInvalid, "exprs[%u].value: expected a constant below %u, got %" PRId64, index,
                scope.constantCount, expr.value());
  return {};
}

// Which nodes are known where of those without operands `isKnown` says which.
template <typename IsKnown>
std::vector<bool> knownBy(Span<Expr> exprs, IsKnown isKnown) {
  std::vector<bool> known(exprs.size());
  for (uint32_t i = 0; i < exprs.size(); ++i) {
    const uint32_t operand[3] = {exprs[i].a(), exprs[i].b(), exprs[i].c()};
    int operands = operandCount(exprs[i].kind());
    known[i] = operands != 0 || isKnown(exprs[i]);
    for (int j = 0; j < operands; ++j)
      known[i] = known[i] && known[operand[j]];
  }
  return known;
}

} // namespace

Status verifyExpressions(Span<Expr> exprs, const ExprScope &scope) {
  for (uint32_t i = 0; i < exprs.size(); ++i) {
    const Expr &expr = exprs[i];
    int operands = operandCount(expr.kind());
    if (operands < 0)
      return fail(kInvalid, "exprs[%u].kind: expected at most %u, got %u", i,
                  static_cast<unsigned>(ExprKind::MAX), static_cast<unsigned>(expr.kind()));
    if (expr.kind() == ExprKind::dim)
      HADAL_TRY(verifyDim(i, expr, scope));
    if (expr.kind() == ExprKind::extent)
      HADAL_TRY(verifyExtent(i, expr, scope.arguments));
    if (expr.kind() == ExprKind::launch_constant)
      HADAL_TRY(verifyLaunchConstant(i, expr, scope));
    const uint32_t operand[3] = {expr.a(), expr.b(), expr.c()};
    for (int j = 0; j < operands; ++j)
      if (operand[j] >= i)
        return fail(kInvalid, "exprs[%u].%c: expected an earlier expression, got %u", i, 'a' + j,
                    operand[j]);
  }
  // All nodes are evaluated, so what constants alone make must have a value.
  std::vector<int64_t> values;
  std::vector<bool> constant = constants(exprs);
  return evaluateExpressions(exprs, {}, values, &constant);
}

std::vector<bool> constants(Span<Expr> exprs) {
  return knownBy(exprs, [](const Expr &expr) { return expr.kind() == ExprKind::constant; });
}

std::vector<bool> knownAtLoad(const Program &program) {
  return knownBy(program.exprs, [&](const Expr &expr) {
    if (expr.kind() != ExprKind::dim)
      return true;
    artifact::Dim kind = program.dims[static_cast<size_t>(expr.value())].kind;
    return kind == artifact::Dim::rank || kind == artifact::Dim::world_size;
  });
}

namespace {

int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
int64_t ceilDivide(int64_t a, int64_t b) { return a / b + (a % b > 0 ? 1 : 0); }

// What a node without operands stands for.
int64_t named(const Expr &expr, const ExprInputs &inputs) {
  switch (expr.kind()) {
  case ExprKind::dim: return inputs.dims[static_cast<uint32_t>(expr.value())];
  case ExprKind::extent: return inputs.arguments[expr.a()].values[expr.b()];
  case ExprKind::launch_constant: return inputs.constants[static_cast<uint32_t>(expr.value())];
  default: return expr.value();
  }
}

Status evaluateOne(uint32_t index, const Expr &expr, const ExprInputs &inputs,
                   const int64_t *values, int64_t *result) {
  ExprKind kind = expr.kind();
  if (operandCount(kind) == 0) {
    *result = named(expr, inputs);
    return {};
  }
  int64_t a = values[expr.a()], b = values[expr.b()];
  bool overflow = false;
  switch (kind) {
  case ExprKind::add: overflow = __builtin_add_overflow(a, b, result); break;
  case ExprKind::sub: overflow = __builtin_sub_overflow(a, b, result); break;
  case ExprKind::mul: overflow = __builtin_mul_overflow(a, b, result); break;
  case ExprKind::floor_div:
  case ExprKind::ceil_div:
    if (b <= 0)
      return fail(HADAL_STATUS_INVALID_ARTIFACT,
                  "exprs[%u]: expected a positive divisor, got %" PRId64, index, b);
    *result = kind == ExprKind::floor_div ? floorDivide(a, b) : ceilDivide(a, b);
    break;
  case ExprKind::min: *result = std::min(a, b); break;
  case ExprKind::max: *result = std::max(a, b); break;
  case ExprKind::lt: *result = a < b; break;
  case ExprKind::le: *result = a <= b; break;
  case ExprKind::eq: *result = a == b; break;
  case ExprKind::logical_and: *result = a && b; break;
  case ExprKind::logical_or: *result = a || b; break;
  case ExprKind::select: *result = a ? b : values[expr.c()]; break;
  default: // without operands
    break;
  }
  if (overflow)
    return fail(HADAL_STATUS_INVALID_ARTIFACT,
                "exprs[%u]: %s of %" PRId64 " and %" PRId64 " exceeds 64 bits", index,
                artifact::EnumNameExprKind(kind), a, b);
  return {};
}

} // namespace

Status evaluateExpressions(Span<Expr> exprs, const ExprInputs &inputs, std::vector<int64_t> &values,
                           const std::vector<bool> *only) {
  values.resize(exprs.size());
  for (uint32_t i = 0; i < exprs.size(); ++i)
    if (!only || (*only)[i])
      HADAL_TRY(evaluateOne(i, exprs[i], inputs, values.data(), &values[i]));
  return {};
}

} // namespace hadal::runtime
