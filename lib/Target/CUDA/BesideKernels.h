// SPDX-License-Identifier: Apache-2.0
// Kernels in tiles that have nothing to do with each other, side by side in one launch.
#ifndef HADAL_LIB_TARGET_CUDA_BESIDEKERNELS_H
#define HADAL_LIB_TARGET_CUDA_BESIDEKERNELS_H

#include "hadal/IR/HadalDialect.h"

namespace hadal::cuda {

/// Whether these are ops of two kernels in tiles that stand side by side: linear layers of the same
/// rows, or the shared experts beside those that rows chose.
bool isBeside(llvm::ArrayRef<mlir::Operation *> ops);

/// Gives `executable`, whose body has such ops, its interface, and a variant for each level: the
/// first workgroups in x are the first op's.
mlir::LogicalResult emitBeside(ExecutableOp executable, llvm::ArrayRef<mlir::StringAttr> levels);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_BESIDEKERNELS_H
