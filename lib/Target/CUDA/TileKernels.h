// SPDX-License-Identifier: Apache-2.0
// Which bodies of executables have kernels in the tile dialect, and their emission.
#ifndef HADAL_LIB_TARGET_CUDA_TILEKERNELS_H
#define HADAL_LIB_TARGET_CUDA_TILEKERNELS_H

#include "hadal/IR/HadalDialect.h"
#include "hadal/Target/CUDA/Level.h"

namespace hadal::cuda {

/// Whether there is a kernel of these ops: one op of an entry point before its parameters
/// have layouts, or several of one or of a body:
///
///   linear, addf...            the residual, shared experts
///   linear, rope               queries
///   gated_linear
///   moe_gate_up, moe_down
///   head_linear
///   mla_attend_absorbed
///   mla_attend_expanded
bool hasTileKernel(llvm::ArrayRef<mlir::Operation *> ops);

/// The type as which these kernels read a matrix that is stored as `type`.
mlir::RankedTensorType getMatrixType(mlir::RankedTensorType type);

/// Gives `executable`, whose body has a kernel, its interface. Fails with a diagnostic where a
/// weight is not packed.
mlir::LogicalResult setTileInterface(ExecutableOp executable);

/// Fills a variant of `executable` with its interface and kernel for `level`; a linear layer has so many
/// threads, or as many as suit its shape.
void emitTileVariant(ExecutableOp executable, VariantOp variant, const Level &level,
                     int64_t linearThreads = 0);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_TILEKERNELS_H
