// SPDX-License-Identifier: Apache-2.0
// The passes that turn GPU kernels into the llvm and nvvm dialects.
#ifndef HADAL_TARGET_CUDA_PIPELINE_H
#define HADAL_TARGET_CUDA_PIPELINE_H

#include "hadal/Target/CUDA/Level.h"

#include "mlir/Pass/PassManager.h"

namespace hadal::cuda {

/// Appends the passes from kernels in func, tile, scf, memref, arith, math and gpu to the
/// llvm and nvvm dialects, for `level`. Mathematical functions become polynomials: a kernel calls
/// nothing. The order of additions is kept.
void buildKernelPipeline(mlir::OpPassManager &pm, const Level &level);

/// Makes `hadal-cuda-lower-kernels` and the passes of this library known to hadal-opt.
void registerCUDAPasses();

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_PIPELINE_H
