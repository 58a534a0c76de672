// SPDX-License-Identifier: Apache-2.0
// Which expanded attention has a kernel in the tile dialect, and how it is launched.
#ifndef HADAL_LIB_TARGET_CUDA_TILEEXPANDED_H
#define HADAL_LIB_TARGET_CUDA_TILEEXPANDED_H

#include "hadal/IR/HadalDialect.h"
#include "hadal/Target/CUDA/Level.h"

namespace hadal::cuda {

/// The op for which there is a kernel on every level, or null.
MlaAttendExpandedOp matchExpanded(llvm::ArrayRef<mlir::Operation *> ops);

/// Fails with a diagnostic where a weight is not packed.
mlir::LogicalResult setExpandedInterface(ExecutableOp executable, MlaAttendExpandedOp op);
void emitExpandedVariant(ExecutableOp executable, MlaAttendExpandedOp op, VariantOp variant,
                         const Level &level);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_TILEEXPANDED_H
