// SPDX-License-Identifier: Apache-2.0
// The passes of the CPU target.
#ifndef HADAL_TARGET_CPU_PASSES_H
#define HADAL_TARGET_CPU_PASSES_H

#include "hadal/IR/HadalDialect.h"
#include "plan/IR/PlanDialect.h"

#include "mlir/Pass/Pass.h"

namespace hadal::cpu {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "hadal/Target/CPU/Passes.h.inc"

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_PASSES_H
