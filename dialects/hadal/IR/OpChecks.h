// SPDX-License-Identifier: Apache-2.0
// Checks that the verifiers of several hadal ops share.
#ifndef HADAL_IR_OPCHECKS_H
#define HADAL_IR_OPCHECKS_H

#include "hadal/IR/HadalDialect.h"

#include <cmath>

namespace hadal {

inline mlir::RankedTensorType tensorType(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

/// Two extents agree when they are equal or one is known at run time only.
inline bool extentsAgree(int64_t a, int64_t b) {
  return a == b || mlir::ShapedType::isDynamic(a) || mlir::ShapedType::isDynamic(b);
}

/// Fails with "expected WHAT to be WANT, got GOT" unless the extents agree.
inline llvm::LogicalResult expectExtent(mlir::Operation *op, llvm::StringRef what, int64_t want,
                                        int64_t got) {
  if (extentsAgree(want, got))
    return mlir::success();
  return op->emitOpError() << "expected " << what << " to be " << want << ", got " << got;
}

/// Fails unless `got` has as many rows as `want`.
inline llvm::LogicalResult expectRows(mlir::Operation *op, llvm::StringRef what, mlir::Value want,
                                      mlir::Value got) {
  return expectExtent(op, what, tensorType(want).getDimSize(0), tensorType(got).getDimSize(0));
}

/// Fails unless both values have the same type.
inline llvm::LogicalResult expectSameType(mlir::Operation *op, llvm::StringRef what,
                                          mlir::Type want, mlir::Type got) {
  if (want == got)
    return mlir::success();
  return op->emitOpError() << "expected " << what << " to be " << want << ", got " << got;
}

/// Fails unless the number is positive and finite.
inline llvm::LogicalResult expectPositive(mlir::Operation *op, llvm::StringRef what,
                                          const llvm::APFloat &value) {
  if (value.isFinite() && !value.isNegative() && !value.isZero())
    return mlir::success();
  return op->emitOpError() << "expected " << what << " to be positive and finite, got "
                           << value.convertToDouble();
}

/// Fails unless a scale is present exactly for f8E4M3FN weights, and then has
/// the shape of the blocks [bo, bi] over the last two dimensions of the weight.
llvm::LogicalResult verifyScale(mlir::Operation *op, mlir::RankedTensorType weight,
                                mlir::Value scale, std::optional<llvm::ArrayRef<int64_t>> block);

/// The extents of a tensor: constants where static, tensor.dim where not.
mlir::OpFoldResult extentOf(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor,
                            int64_t dimension);

/// Reifies a result whose rows are those of `rows` (its dimension `dimension`)
/// and whose other extents are static.
void reifyRowsLike(mlir::OpBuilder &builder, mlir::Operation *op, mlir::Value rows,
                   mlir::ReifiedRankedShapedTypeDims &shapes);

} // namespace hadal

#endif // HADAL_IR_OPCHECKS_H
