// SPDX-License-Identifier: Apache-2.0
// Which bodies of executables have kernels of lanes, and their emission.
#ifndef HADAL_LIB_TARGET_CUDA_LANEKERNELS_H
#define HADAL_LIB_TARGET_CUDA_LANEKERNELS_H

#include "hadal/IR/HadalDialect.h"

namespace hadal::cuda {

/// Whether there is a kernel of these ops, of an entry point or of a body:
///
///   embedding, gather_rows, rms_norm, moe_combine, arith.addf, arith.truncf, of rows of one
///     width that read each other, at least one of the dialect
///   rope, mla_append, and at most one of each beside rows as above: parts side by side
///   linear of f32 and few outputs, and before it the rms_norm that it reads, rounded too
///   moe_route, moe_group, or both but where a step has any number of tokens: one workgroup sorts
bool hasLaneKernel(llvm::ArrayRef<mlir::Operation *> ops);

/// Gives `executable`, whose body has a kernel, its interface.
void setLaneInterface(ExecutableOp executable);

/// Fills a variant of `executable` with its interface and kernel.
void emitLaneVariant(ExecutableOp executable, VariantOp variant);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_LANEKERNELS_H
