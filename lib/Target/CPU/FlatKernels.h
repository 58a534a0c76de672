// SPDX-License-Identifier: Apache-2.0
// Makes kernels of the CPU of the flat form.
#ifndef HADAL_LIB_TARGET_CPU_FLATKERNELS_H
#define HADAL_LIB_TARGET_CPU_FLATKERNELS_H

#include "hadal/IR/HadalDialect.h"
#include "hadal/Target/CPU/Level.h"

namespace hadal::cpu {

/// Adds the variant for a level to the executable, of the one in the flat form: a
/// work item is a workgroup.
void emitFlatKernel(ExecutableOp executable, VariantOp flat, const KernelTarget &target);

} // namespace hadal::cpu

#endif // HADAL_LIB_TARGET_CPU_FLATKERNELS_H
