// SPDX-License-Identifier: Apache-2.0
// The passes of the target for NVIDIA GPUs.
#ifndef HADAL_TARGET_CUDA_PASSES_H
#define HADAL_TARGET_CUDA_PASSES_H

#include "hadal/IR/HadalDialect.h"
#include "plan/IR/PlanDialect.h"
#include "tile/IR/TileDialect.h"

#include "mlir/Pass/Pass.h"

namespace hadal::cuda {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "hadal/Target/CUDA/Passes.h.inc"
} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_PASSES_H
