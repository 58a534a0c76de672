// SPDX-License-Identifier: Apache-2.0
// Follows extents of tensors to what tells them.
#ifndef HADAL_LIB_CONVERSION_ORIGINS_H
#define HADAL_LIB_CONVERSION_ORIGINS_H

#include "ExprBuilder.h"

namespace hadal {

/// What an extent is the same as: an axis of a tensor, an index, or a constant.
struct Origin {
  mlir::Value value; // null: a constant
  int64_t axis;      // kIndex: the value is the extent; or the constant
  static constexpr int64_t kIndex = -1;

  bool operator==(const Origin &other) const { return value == other.value && axis == other.axis; }
};

/// As far up as ops of tensors and loops around them give what they are given.
Origin originOf(mlir::Value tensor, int64_t axis);
Origin originOf(mlir::OpFoldResult size);

/// Notes the extents of a tensor in a loop, unknown where the host knows none.
void noteExtents(mlir::Value tensor, ExprBuilder &exprs,
                 llvm::DenseMap<mlir::Value, Extents> &known);

} // namespace hadal

#endif // HADAL_LIB_CONVERSION_ORIGINS_H
