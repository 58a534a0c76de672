// SPDX-License-Identifier: Apache-2.0
// What is known of an index before anything runs.
#ifndef HADAL_LIB_CODEGEN_INDEXRANGE_H
#define HADAL_LIB_CODEGEN_INDEXRANGE_H

#include "mlir/IR/Value.h"

#include <optional>

namespace hadal {

/// The least and the greatest value of an index.
struct IndexRange {
  int64_t least, most;
  bool isExact; // both are taken, where the loops run
};

/// As far as constants and the bounds of loops tell.
std::optional<IndexRange> rangeOf(mlir::OpFoldResult index);

/// On a body: its arguments whose first extent the host does not know, which is the pages
/// of a state. The session's block table gives their numbers; no index of one is checked.
inline constexpr llvm::StringLiteral kPagesAttrName = "pages";

/// Whether an axis is that of such pages.
bool isOfPages(mlir::Value shaped, int64_t axis);

/// Whether the index is from 0 to below the extent of an axis of a tensor or memref, given
/// that operands of linalg agree on the extents of its loops; or one of a page.
bool isInside(mlir::Value index, mlir::Value shaped, int64_t axis);

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_INDEXRANGE_H
