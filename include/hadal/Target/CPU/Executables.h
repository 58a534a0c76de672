// SPDX-License-Identifier: Apache-2.0
// From the executables of a program to CPU kernels: the passes of this target.
#ifndef HADAL_TARGET_CPU_EXECUTABLES_H
#define HADAL_TARGET_CPU_EXECUTABLES_H

#include "hadal/IR/HadalDialect.h"
#include "plan/IR/PlanDialect.h"

#include "mlir/Pass/Pass.h"

namespace hadal {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "hadal/Target/CPU/ExecutablePasses.h.inc"

} // namespace hadal

#endif // HADAL_TARGET_CPU_EXECUTABLES_H
