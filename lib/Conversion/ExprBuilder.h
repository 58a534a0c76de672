// SPDX-License-Identifier: Apache-2.0
// Builds the expressions of an entry point, each one once.
#ifndef HADAL_LIB_CONVERSION_EXPRBUILDER_H
#define HADAL_LIB_CONVERSION_EXPRBUILDER_H

#include "plan/IR/PlanDialect.h"

#include "mlir/IR/Builders.h"

#include <map>
#include <tuple>

namespace hadal {

/// An extent that the host knows: factor * dim + constant, or just the constant.
struct Extent {
  std::optional<plan::Dim> dim;
  int64_t factor = 0;
  int64_t constant = 0;

  static Extent of(int64_t value) { return {std::nullopt, 0, value}; }
  static Extent of(plan::Dim dim, int64_t constant = 0) { return {dim, 1, constant}; }
  Extent times(int64_t n) const { return {dim, factor * n, constant * n}; }
  bool isStatic() const { return !dim; }
};

/// Appends expressions to the top of an entry point. Equal ones are built once,
/// and what constants decide is folded.
class ExprBuilder {
public:
  ExprBuilder(mlir::OpBuilder builder, mlir::Location loc) : builder(builder), loc(loc) {}

  mlir::Value constant(int64_t value);
  mlir::Value dim(plan::Dim dim);
  mlir::Value expr(plan::ExprKind kind, mlir::Value a, mlir::Value b);
  mlir::Value extent(const Extent &extent);

private:
  using Key = std::tuple<int, int64_t, const void *, const void *>;
  mlir::OpBuilder builder;
  mlir::Location loc;
  std::map<Key, mlir::Value> built;
};

} // namespace hadal

#endif // HADAL_LIB_CONVERSION_EXPRBUILDER_H
