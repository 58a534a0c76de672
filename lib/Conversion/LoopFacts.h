// SPDX-License-Identifier: Apache-2.0
// What ops in loops of a body want of extents.
#ifndef HADAL_LIB_CONVERSION_LOOPFACTS_H
#define HADAL_LIB_CONVERSION_LOOPFACTS_H

#include "Requirements.h"

namespace hadal {

/// Adds the requirements of the ops in the regions of `op`, and notes extents of their tensors.
/// Gives an op whose operands agree as neither constants, nor the host, nor one index tells; or
/// null where there is none.
mlir::Operation *findLoopRequirements(mlir::Operation *op, ExprBuilder &exprs,
                                      llvm::DenseMap<mlir::Value, Extents> &known,
                                      llvm::SmallVectorImpl<Requirement> &requirements);

} // namespace hadal

#endif // HADAL_LIB_CONVERSION_LOOPFACTS_H
