// SPDX-License-Identifier: Apache-2.0
// Follows dims through expressions, and how values move with them.
#include "core/Dependences.h"
#include "core/Expression.h"

#include <algorithm>

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

// Whether rounding a dim up never changes a condition: it compares the dim with a power of two,
// which no dim of that or less is rounded beyond. So kernels choose among programs for few and for
// many rows.
bool isSteady(Span<Expr> exprs, const Expr &condition, const std::vector<Dependence> &sets) {
  if (condition.kind() != ExprKind::le || !sets[condition.a()].isDim ||
      exprs[condition.b()].kind() != ExprKind::constant)
    return false;
  int64_t limit = exprs[condition.b()].value();
  return limit > 0 && (limit & (limit - 1)) == 0;
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

// Of all expressions of a list; `named` says what those depend on that name something.
template <typename Named>
std::vector<Dependence> follow(Span<Expr> exprs, Named named) {
  std::vector<Dependence> sets;
  for (const Expr &expr : exprs) {
    const uint32_t index[3] = {expr.a(), expr.b(), expr.c()};
    Dependence operands[3];
    int count = operandCount(expr.kind());
    for (int i = 0; i < count; ++i)
      operands[i] = sets[index[i]];
    if (expr.kind() == ExprKind::select)
      operands[0] = isSteady(exprs, exprs[expr.a()], sets) ? Dependence{operands[0].all, 0, false}
                                                           : notRising(operands[0]);
    if (expr.kind() == ExprKind::constant)
      sets.push_back({0, 0, expr.value() < 0});
    else
      sets.push_back(count ? combine(expr.kind(), operands[0], operands[1], operands[2])
                           : named(expr));
  }
  return sets;
}

} // namespace

void Dependence::add(const Dependence &other) {
  all |= other.all;
  notRising |= other.notRising;
  mayBeNegative = mayBeNegative || other.mayBeNegative;
  isDim = false;
}

Dependences::Dependences(const Program &program, const Entry &entry) : program(program) {
  sets = follow(entry.exprs, [&](const Expr &expr) { return ofNamed(expr); });
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
    // A context is rounded up to more than the next power of two.
    set.isDim = dim.kind != artifact::Dim::max_context;
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

Dependence Dependences::ofSizes(const KernelInterface &interface, const Launch &launch) const {
  const uint32_t passed = launch.constants.size();
  std::vector<Dependence> inner = follow(interface.exprs, [&](const Expr &expr) {
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

void Dependences::sort(DependenceSet exact, DependenceSet rounded, RecordDims &out) const {
  for (uint32_t i = 0; i < program.dims.size() && i < kMostBits; ++i) {
    if (exact >> i & 1)
      out.exact.push_back(i);
    else if (rounded >> i & 1)
      out.rounded.push_back(i);
  }
  for (uint32_t i = 0; i < extents.size(); ++i)
    if ((exact | rounded) >> (program.dims.size() + i) & 1)
      out.extents.push_back(extents[i]);
}

} // namespace hadal::runtime
