// SPDX-License-Identifier: Apache-2.0
// Runs a target's passes on the programs of that target.
#ifndef HADAL_LIB_PIPELINE_TARGETPASS_H
#define HADAL_LIB_PIPELINE_TARGETPASS_H

#include "hadal/Target/Target.h"

#include "mlir/Pass/Pass.h"

#include <optional>

namespace hadal {

/// The family of target that a program, at whatever stage, is for; nullopt for
/// other ops.
std::optional<llvm::StringRef> targetFamilyOf(mlir::Operation *op);

/// A pass that runs `passes` on a program of `target`, and leaves those of other
/// targets alone.
std::unique_ptr<mlir::Pass> createTargetPass(const Target &target, mlir::OpPassManager passes);

} // namespace hadal

#endif // HADAL_LIB_PIPELINE_TARGETPASS_H
