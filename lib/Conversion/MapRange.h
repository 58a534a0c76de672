// SPDX-License-Identifier: Apache-2.0
// The least and the greatest index that an affine map gives.
#ifndef HADAL_LIB_CONVERSION_MAPRANGE_H
#define HADAL_LIB_CONVERSION_MAPRANGE_H

#include "ExprBuilder.h"

namespace hadal {

/// Of an index, over all iterations.
struct MapRange {
  Extent least, most;
};

/// Of an expression over loops of these extents; nullopt where one that counts is not known, or
/// the expression has no such form.
std::optional<MapRange> rangeOfMap(mlir::AffineExpr expr,
                                   llvm::ArrayRef<std::optional<Extent>> loops, ExprBuilder &exprs);

} // namespace hadal

#endif // HADAL_LIB_CONVERSION_MAPRANGE_H
