// SPDX-License-Identifier: Apache-2.0
// What the stages between the model and the plan promise of a module, and of bodies.
#ifndef HADAL_LIB_TRANSFORMS_VERIFYPROGRAMS_H
#define HADAL_LIB_TRANSFORMS_VERIFYPROGRAMS_H

#include "hadal/IR/HadalDialect.h"

#include "llvm/ADT/SetVector.h"

namespace hadal {

/// Verifies that a module holds programs alone, one for a family, each for levels that
/// its target has, and with entry points that are to each other what
/// hadal-verify-model wants of functions.
llvm::LogicalResult verifyPrograms(mlir::ModuleOp module);

/// Verifies the value of an option of passes: native or reference.
llvm::LogicalResult verifyPrecision(mlir::Operation *op, llvm::StringRef precision);

/// The arguments that a body overwrites in place.
llvm::SetVector<mlir::BlockArgument> destinationsOf(ExecutableOp executable);

} // namespace hadal

#endif // HADAL_LIB_TRANSFORMS_VERIFYPROGRAMS_H
