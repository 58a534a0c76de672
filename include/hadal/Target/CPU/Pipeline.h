// SPDX-License-Identifier: Apache-2.0
// The passes that turn emitted CPU kernels into the LLVM dialect.
#ifndef HADAL_TARGET_CPU_PIPELINE_H
#define HADAL_TARGET_CPU_PIPELINE_H

#include "hadal/Target/CPU/Level.h"

#include "mlir/Pass/PassManager.h"

namespace hadal::cpu {

/// Appends the passes from kernels in func, scf, vector, memref, arith, math
/// and linalg (on memrefs) to the LLVM dialect. Mathematical functions become
/// polynomials: an image has no imports. The order of additions is kept.
void buildKernelPipeline(mlir::OpPassManager &pm, Level level);

/// Makes `hadal-cpu-lower-kernels{level=NAME}` and the passes of this library
/// known to hadal-opt.
void registerCPUPasses();

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_PIPELINE_H
