// SPDX-License-Identifier: Apache-2.0
// Follows dims through expressions, and how values move with them.
#include "core/Dependences.h"
#include "core/Expression.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace hadal::runtime {
namespace {

using artifact::Expr;
using artifact::ExprKind;

constexpr uint32_t kMostBits = 64;

Dependence joined(Dependence a, const Dependence &b) {
  a.add(b);
  return a;
}

Dependence notRising(const Dependence &of) { return {of.all, of.all, of.mayBeNegative}; }

// The value of a dim up to which a condition holds: it compares a multiple of the dim with a
// constant. Where no lesser value is rounded beyond it, rounding never changes the condition. So
// kernels choose among programs for few and for many rows.
std::optional<DimLimit> limitOf(Span<Expr> exprs, const Expr &condition,
                                const std::vector<Dependence> &sets) {
  if (condition.kind() != ExprKind::le || exprs[condition.b()].kind() != ExprKind::constant)
    return std::nullopt;
  const Dependence &value = sets[condition.a()];
  int64_t limit = exprs[condition.b()].value();
  if (!value.factor || limit < 0)
    return std::nullopt;
  return DimLimit{value.dim, limit / value.factor};
}

// Notes in what an expression gives that it is a multiple of a dim, if it is.
void noteFactor(Span<Expr> exprs, const Expr &expr, const std::vector<Dependence> &sets,
                Dependence &out) {
  if (expr.kind() != ExprKind::mul)
    return;
  uint32_t of = expr.a(), by = expr.b();
  if (exprs[of].kind() == ExprKind::constant)
    std::swap(of, by);
  int64_t factor = 0;
  if (exprs[by].kind() != ExprKind::constant || exprs[by].value() < 1 ||
      __builtin_mul_overflow(sets[of].factor, exprs[by].value(), &factor))
    return;
  out.factor = factor;
  out.dim = sets[of].dim;
}

// Of an operation on others; the condition of a select as it makes the value move.
Dependence combine(ExprKind kind, const Dependence &a, const Dependence &b, const Dependence &c) {
  switch (kind) {
  case ExprKind::add:
  case ExprKind::min:
  case ExprKind::max: return joined(a, b);
  case ExprKind::floor_div:
  case ExprKind::ceil_div: return joined(a, notRising(b));
  case ExprKind::sub: {
    Dependence both = joined(a, notRising(b));
    both.mayBeNegative = true;
    return both;
  }
  case ExprKind::mul: {
    Dependence both = joined(a, b);
    return both.mayBeNegative ? notRising(both) : both;
  }
  case ExprKind::select: // the same branch before and after, or either
    return joined(a, joined(b, c));
  default: // comparisons and what is made of them
    return notRising(joined(joined(a, b), c));
  }
}

// Of all expressions of a list; `named` says what those depend on that name something, and
// `limits` gets what keeps conditions as they are.
template <typename Named>
std::vector<Dependence> follow(Span<Expr> exprs, std::vector<DimLimit> &limits, Named named) {
  std::vector<Dependence> sets;
  for (const Expr &expr : exprs) {
    const uint32_t index[3] = {expr.a(), expr.b(), expr.c()};
    Dependence operands[3];
    int count = operandCount(expr.kind());
    for (int i = 0; i < count; ++i)
      operands[i] = sets[index[i]];
    if (expr.kind() == ExprKind::select) {
      std::optional<DimLimit> limit = limitOf(exprs, exprs[expr.a()], sets);
      operands[0] = limit ? Dependence{operands[0].all, 0, false} : notRising(operands[0]);
      if (limit)
        limits.push_back(*limit);
    }
    if (expr.kind() == ExprKind::constant)
      sets.push_back({0, 0, expr.value() < 0});
    else
      sets.push_back(count ? combine(expr.kind(), operands[0], operands[1], operands[2])
                           : named(expr));
    noteFactor(exprs, expr, sets, sets.back());
  }
  return sets;
}

} // namespace

void Dependence::add(const Dependence &other) {
  all |= other.all;
  notRising |= other.notRising;
  mayBeNegative = mayBeNegative || other.mayBeNegative;
  factor = 0;
}

Dependences::Dependences(const Program &program, const Entry &entry) : program(program) {
  sets = follow(entry.exprs, limits, [&](const Expr &expr) { return ofNamed(expr); });
}

Dependence Dependences::bit(size_t index, bool mayBeNegative) {
  full = full || index >= kMostBits;
  return full ? Dependence() : Dependence{DependenceSet(1) << index, 0, mayBeNegative};
}

Dependence Dependences::ofNamed(const Expr &expr) {
  if (expr.kind() == ExprKind::dim) {
    auto index = static_cast<size_t>(expr.value());
    const HostDim &dim = program.dims[index];
    bool mayBeNegative = isOfCaller(dim.kind) && dim.minimum < 0;
    if (isOfSession(dim.kind))
      return {0, 0, mayBeNegative};
    Dependence set = bit(index, mayBeNegative);
    set.factor = 1;
    set.dim = static_cast<uint32_t>(index);
    return set;
  }
  auto same = [&](const RecordDims::Extent &extent) {
    return extent.argument == expr.a() && extent.axis == expr.b();
  };
  auto known = std::find_if(extents.begin(), extents.end(), same);
  if (known == extents.end())
    known = extents.insert(extents.end(), {expr.a(), expr.b()});
  return bit(program.dims.size() + static_cast<size_t>(known - extents.begin()), false);
}

Dependence Dependences::of(Span<uint32_t> expressions) const {
  Dependence all;
  for (uint32_t expression : expressions)
    all.add(of(expression));
  return all;
}

Dependence Dependences::ofSizes(const KernelInterface &interface, const Launch &launch) {
  const uint32_t passed = launch.constants.size();
  std::vector<Dependence> inner = follow(interface.exprs, limits, [&](const Expr &expr) {
    auto index = static_cast<uint32_t>(expr.value());
    return of(index < passed ? launch.constants[index] : launch.grid[index - passed]);
  });
  Dependence sizes;
  for (uint32_t extent : interface.grid)
    sizes.add(inner[extent]);
  for (uint32_t bytes : {interface.workspace, interface.dynamicShared})
    if (bytes != kNone)
      sizes.add(inner[bytes]);
  return sizes;
}

std::vector<int64_t> Dependences::limitsOf(uint32_t dim) const {
  std::vector<int64_t> values;
  for (const DimLimit &limit : limits)
    if (limit.dim == dim)
      values.push_back(limit.value);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

void Dependences::sort(DependenceSet exact, DependenceSet rounded, RecordDims &out) const {
  for (uint32_t i = 0; i < program.dims.size() && i < kMostBits; ++i) {
    if (exact >> i & 1)
      out.exact.push_back(i);
    else if (rounded >> i & 1)
      out.rounded.push_back({i, limitsOf(i)});
  }
  for (uint32_t i = 0; i < extents.size(); ++i)
    if ((exact | rounded) >> (program.dims.size() + i) & 1)
      out.extents.push_back(extents[i]);
}

} // namespace hadal::runtime
