// SPDX-License-Identifier: Apache-2.0
// Passes from the kernel stage to the plan stage.
#ifndef HADAL_CONVERSION_PASSES_H
#define HADAL_CONVERSION_PASSES_H

#include "hadal/IR/HadalDialect.h"
#include "plan/IR/PlanDialect.h"

#include "mlir/Pass/Pass.h"

namespace hadal {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "hadal/Conversion/Passes.h.inc"

} // namespace hadal

#endif // HADAL_CONVERSION_PASSES_H
