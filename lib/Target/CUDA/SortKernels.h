// SPDX-License-Identifier: Apache-2.0
// Emits the stable sorting of pairs by expert, by one workgroup.
#ifndef HADAL_LIB_TARGET_CUDA_SORTKERNELS_H
#define HADAL_LIB_TARGET_CUDA_SORTKERNELS_H

#include "LaneBuilder.h"

namespace hadal::cuda {

/// Threads of a workgroup that sorts by so many experts: one for each of them.
int64_t sortThreads(int64_t experts);

/// offsets and rows of hadal.moe_group of `pairs` ids. One that is no expert is taken for the
/// nearest that is.
void emitSort(LaneBuilder &b, int64_t experts, mlir::Value ids, mlir::Value pairs,
              mlir::Value offsets, mlir::Value rows);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_SORTKERNELS_H
