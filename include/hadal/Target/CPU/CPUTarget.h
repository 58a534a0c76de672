// SPDX-License-Identifier: Apache-2.0
// The CPU as a target of the compiler.
#ifndef HADAL_TARGET_CPU_CPUTARGET_H
#define HADAL_TARGET_CPU_CPUTARGET_H

#include "hadal/Target/Target.h"

namespace hadal {

/// x86-64 processors: one image of kernels for each level of Level.h.
std::shared_ptr<Target> createCPUTarget();

} // namespace hadal

#endif // HADAL_TARGET_CPU_CPUTARGET_H
