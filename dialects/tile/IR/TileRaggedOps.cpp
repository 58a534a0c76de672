// SPDX-License-Identifier: Apache-2.0
// Verifies the ops of the tile dialect on ragged groups of rows.
#include "tile/IR/TileDialect.h"

using namespace mlir;
using namespace hadal::tile;

LogicalResult LocateOp::verify() {
  // locate_c1
  MemRefType offsets = getOffsets().getType();
  if (offsets.isDynamicDim(0) || offsets.getDimSize(0) < 2)
    return emitOpError() << "expected two offsets or more, whose number is known, got " << offsets;
  // locate_c2
  if (int64_t(getHeight()) <= 0)
    return emitOpError() << "expected a positive height, got " << int64_t(getHeight());
  return success();
}

LogicalResult MatrixOp::verify() {
  // matrix_c1
  GlobalType stack = getStack().getType();
  auto matrix = stack.getShape().size() == 3
                    ? GlobalType::get(getContext(), stack.getShape().drop_front(),
                                      stack.getElementType(), stack.getOrder())
                    : GlobalType();
  if (getMatrix().getType() != matrix)
    return emitOpError() << "expected a matrix of " << stack << ", got " << getMatrix().getType();
  return success();
}
