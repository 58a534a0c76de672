// SPDX-License-Identifier: Apache-2.0
// Builds the expressions of an entry point, each one once.
#ifndef HADAL_LIB_CONVERSION_EXPRBUILDER_H
#define HADAL_LIB_CONVERSION_EXPRBUILDER_H

#include "plan/IR/PlanDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/MathExtras.h"

#include <map>
#include <tuple>

namespace hadal {

/// An extent, or a size: factor * unit + constant, where the unit is an
/// expression, or just the constant.
struct Extent {
  mlir::Value unit;
  int64_t factor = 0;
  int64_t constant = 0;
  bool isKnown = true; // to the host

  static Extent of(int64_t value) { return {nullptr, 0, value}; }
  static Extent of(mlir::Value unit, int64_t constant = 0) { return {unit, 1, constant}; }
  static Extent unknown() { return {nullptr, 0, 0, false}; }
  /// Unknown where it exceeds 63 bits.
  Extent times(int64_t n) const {
    Extent product = {unit, 0, 0, isKnown};
    bool exceeds = llvm::MulOverflow(factor, n, product.factor) ||
                   llvm::MulOverflow(constant, n, product.constant);
    return exceeds ? unknown() : product;
  }
  bool isStatic() const { return isKnown && !unit; }
};

using Extents = llvm::SmallVector<Extent>;

/// Of a value, or null.
inline const Extents *lookUpExtents(const llvm::DenseMap<mlir::Value, Extents> &known,
                                    mlir::Value value) {
  auto found = known.find(value);
  return found == known.end() ? nullptr : &found->second;
}

/// Appends expressions to the top of an entry point. Equal ones are built once,
/// and what constants decide is folded.
class ExprBuilder {
public:
  /// `dims` has the declarations of those that expressions name.
  ExprBuilder(mlir::OpBuilder builder, mlir::Location loc, const mlir::SymbolTable &dims)
      : builder(builder), loc(loc), dims(dims) {}

  mlir::Value constant(int64_t value);
  mlir::Value dim(mlir::FlatSymbolRefAttr dim);
  /// An extent of an argument that no dim names.
  mlir::Value argumentExtent(unsigned argument, unsigned axis);
  mlir::Value expr(plan::ExprKind kind, mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  mlir::Value extent(const Extent &extent);
  /// The product, as a multiple of one unit.
  Extent multiply(const Extent &a, const Extent &b);
  /// The extent that an integer of a function is, a dim of a tensor or made of such;
  /// nullopt where it is nothing of the kind. `extentsOf` gives those of tensors, or null.
  std::optional<Extent> evaluate(mlir::OpFoldResult size,
                                 llvm::function_ref<const Extents *(mlir::Value)> extentsOf);
  /// Whether an expression is at least 0, whatever the arguments are.
  bool isNonNegative(mlir::Value expression);
  /// What the block of expressions yields.
  mlir::Value inlineBlock(mlir::Block &block);

private:
  std::optional<Extent> evaluate(mlir::AffineExpr expr, mlir::affine::AffineApplyOp apply,
                                 llvm::function_ref<const Extents *(mlir::Value)> extentsOf);
  bool isNonNegativeDim(mlir::Value value);
  std::optional<Extent> combine(plan::ExprKind kind, std::optional<Extent> a,
                                std::optional<Extent> b);

  using Key = std::tuple<int, int64_t, int64_t, const void *, const void *, const void *>;
  template <typename Make>
  mlir::Value once(Key key, Make make);

  mlir::OpBuilder builder;
  mlir::Location loc;
  const mlir::SymbolTable &dims;
  std::map<Key, mlir::Value> built;
  llvm::DenseMap<mlir::Value, unsigned> order; // of building
};

} // namespace hadal

#endif // HADAL_LIB_CONVERSION_EXPRBUILDER_H
