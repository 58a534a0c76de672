// SPDX-License-Identifier: Apache-2.0
// Which attention has a kernel in the tile dialect, and how it is launched.
#ifndef HADAL_LIB_TARGET_CUDA_TILEATTENTION_H
#define HADAL_LIB_TARGET_CUDA_TILEATTENTION_H

#include "hadal/IR/HadalDialect.h"
#include "hadal/Target/CUDA/Level.h"

namespace hadal::cuda {

/// The op for which there is a kernel on every level, or null.
MlaAttendAbsorbedOp matchAttention(llvm::ArrayRef<mlir::Operation *> ops);

void setAttentionInterface(ExecutableOp executable, MlaAttendAbsorbedOp op);
void emitAttentionVariant(ExecutableOp executable, MlaAttendAbsorbedOp op, VariantOp variant,
                          const Level &level);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_TILEATTENTION_H
