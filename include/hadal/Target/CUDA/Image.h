// SPDX-License-Identifier: Apache-2.0
// Compiles kernels in the llvm and nvvm dialects to PTX.
#ifndef HADAL_TARGET_CUDA_IMAGE_H
#define HADAL_TARGET_CUDA_IMAGE_H

#include "hadal/Target/CUDA/Level.h"
#include "hadal/Target/Target.h"

#include "mlir/IR/BuiltinOps.h"

namespace hadal::cuda {

class Assembler;

/// Compiles `module`, which holds the llvm and nvvm dialects only, for `level`: the text of
/// PTX, in which nothing is external, and its entries with the bytes of their text; with an
/// assembler machine code of each beside it, and a warning where a kernel spills registers.
/// Kernels compile side by side in the context's threads, equal ones once. The same module
/// gives the same bytes. Failures are diagnostics at the module's location. Safe to
/// call from several threads with modules of different contexts.
mlir::FailureOr<TargetImage> compileImage(mlir::ModuleOp module, const Level &level,
                                          const Assembler *assembler = nullptr,
                                          ImageObserver observe = nullptr);

/// Runs buildKernelPipeline on `module`, then compileImage.
mlir::FailureOr<TargetImage> lowerAndCompile(mlir::ModuleOp module, const Level &level);

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_IMAGE_H
