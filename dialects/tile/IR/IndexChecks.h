// SPDX-License-Identifier: Apache-2.0
// What is checked of ops whose windows have rows by an index.
#ifndef TILE_IR_INDEXCHECKS_H
#define TILE_IR_INDEXCHECKS_H

#include "tile/IR/TileDialect.h"

namespace hadal::tile {

/// An index is of a window whose rows are counted, and its divisor is positive.
template <typename Op>
mlir::LogicalResult verifyIndex(Op op) {
  if ((op.getIndex() && !op.getRows()) || int64_t(op.getDivisor()) <= 0)
    return op.emitOpError() << "expected an index only where rows are given, with a positive "
                               "divisor, got "
                            << int64_t(op.getDivisor());
  return mlir::success();
}

} // namespace hadal::tile

#endif // TILE_IR_INDEXCHECKS_H
