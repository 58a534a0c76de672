// SPDX-License-Identifier: Apache-2.0
// Emits the steps of rows into a kernel that has more than them.
#ifndef HADAL_LIB_TARGET_CUDA_ROWEMITTER_H
#define HADAL_LIB_TARGET_CUDA_ROWEMITTER_H

#include "LaneBuilder.h"

#include "hadal/Target/CUDA/RowKernels.h"

namespace hadal::cuda {

/// The steps and outputs of row n, by all threads of a workgroup.
void emitRowSteps(LaneBuilder &b, const RowSpec &spec, mlir::ValueRange bindings, mlir::Value n,
                  int64_t threadsOfWorkgroup);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_ROWEMITTER_H
