// SPDX-License-Identifier: Apache-2.0
// Folds and evaluates expressions, as the runtime does.
#include "plan/IR/PlanDialect.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace hadal::plan;

std::optional<int64_t> hadal::plan::evaluate(ExprKind kind, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (kind) {
  case ExprKind::Add: return llvm::AddOverflow(a, b, result) ? std::nullopt : std::optional(result);
  case ExprKind::Sub: return llvm::SubOverflow(a, b, result) ? std::nullopt : std::optional(result);
  case ExprKind::Mul: return llvm::MulOverflow(a, b, result) ? std::nullopt : std::optional(result);
  case ExprKind::FloorDiv:
    return b <= 0 ? std::nullopt : std::optional(llvm::divideFloorSigned(a, b));
  case ExprKind::CeilDiv:
    return b <= 0 ? std::nullopt : std::optional(llvm::divideCeilSigned(a, b));
  case ExprKind::Min: return std::min(a, b);
  case ExprKind::Max: return std::max(a, b);
  case ExprKind::Lt: return a < b;
  case ExprKind::Le: return a <= b;
  case ExprKind::Eq: return a == b;
  case ExprKind::And: return a && b;
  case ExprKind::Or: return a || b;
  }
  return std::nullopt;
}

std::optional<int64_t> hadal::plan::constantOf(Value value) {
  if (auto op = value.getDefiningOp<ConstantOp>())
    return static_cast<int64_t>(op.getValue());
  return std::nullopt;
}

OpFoldResult hadal::plan::foldExpr(ExprKind kind, Value a, Value b) {
  std::optional<int64_t> x = constantOf(a), y = constantOf(b);
  if (x && y)
    if (std::optional<int64_t> result = evaluate(kind, *x, *y))
      return Builder(a.getContext()).getI64IntegerAttr(*result);
  switch (kind) {
  case ExprKind::Add: return x == 0 ? b : y == 0 ? a : Value();
  case ExprKind::Sub: return y == 0 ? a : Value();
  case ExprKind::Mul: return x == 1 ? b : y == 1 ? a : Value();
  case ExprKind::FloorDiv:
  case ExprKind::CeilDiv: return y == 1 ? a : Value();
  case ExprKind::Min:
  case ExprKind::Max: return a == b ? a : Value();
  default: return {};
  }
}

bool hadal::plan::isNonNegative(Value value, llvm::function_ref<bool(Value)> leaves) {
  if (std::optional<int64_t> constant = constantOf(value))
    return *constant >= 0;
  auto isSo = [&](Value operand) { return isNonNegative(operand, leaves); };
  if (auto select = value.getDefiningOp<SelectOp>())
    return isSo(select.getA()) && isSo(select.getB());
  if (value.getDefiningOp<ExtentOp>())
    return true;
  auto expr = value.getDefiningOp<ExprOp>();
  if (!expr)
    return leaves(value);
  switch (expr.getKind()) {
  case ExprKind::Sub: return false;
  case ExprKind::Max: return isSo(expr.getA()) || isSo(expr.getB());
  case ExprKind::FloorDiv: // by what is positive
  case ExprKind::CeilDiv: return isSo(expr.getA());
  case ExprKind::Add:
  case ExprKind::Mul:
  case ExprKind::Min: return isSo(expr.getA()) && isSo(expr.getB());
  default: return true; // 0 or 1
  }
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

OpFoldResult ExprOp::fold(FoldAdaptor) { return foldExpr(getKind(), getA(), getB()); }

OpFoldResult SelectOp::fold(FoldAdaptor) {
  if (getA() == getB())
    return getA();
  if (std::optional<int64_t> condition = constantOf(getCondition()))
    return *condition ? getA() : getB();
  return {};
}

std::optional<int64_t> Evaluator::operator()(Value value) {
  // Verifiers ask before dominance is known: a value that is made of itself has none.
  if (auto [it, isNew] = known.try_emplace(value, std::nullopt); !isNew)
    return it->second;
  std::optional<int64_t> result = constantOf(value);
  if (auto expr = value.getDefiningOp<ExprOp>()) {
    std::optional<int64_t> a = (*this)(expr.getA()), b = (*this)(expr.getB());
    if (a && b)
      result = evaluate(expr.getKind(), *a, *b);
  } else if (auto select = value.getDefiningOp<SelectOp>()) {
    if (std::optional<int64_t> condition = (*this)(select.getCondition()))
      result = (*this)(*condition ? select.getA() : select.getB());
  } else if (!result) {
    result = leaves(value);
  }
  known[value] = result;
  return result;
}

int64_t hadal::plan::knownOr(Value value, int64_t other) {
  return Evaluator([](Value) { return std::nullopt; })(value).value_or(other);
}
