// SPDX-License-Identifier: Apache-2.0
// NVIDIA GPUs as a target of the compiler.
#ifndef HADAL_TARGET_CUDA_CUDATARGET_H
#define HADAL_TARGET_CUDA_CUDATARGET_H

#include "hadal/Target/Target.h"

namespace hadal {

/// NVIDIA GPUs: PTX for each compute capability of Level.h.
std::shared_ptr<Target> createCUDATarget();

} // namespace hadal

#endif // HADAL_TARGET_CUDA_CUDATARGET_H
