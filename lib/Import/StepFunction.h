// SPDX-License-Identifier: Apache-2.0
// Declares what the host knows of a step, and the function that makes one.
#ifndef HADAL_LIB_IMPORT_STEPFUNCTION_H
#define HADAL_LIB_IMPORT_STEPFUNCTION_H

#include "hadal/IR/HadalDialect.h"

#include "mlir/IR/BuiltinOps.h"

namespace hadal {

/// Name of the block table of the caches.
inline constexpr llvm::StringLiteral kPagesName = "pages";

/// Declares the dims of a language model and the block table, at the top of the
/// module; then the function `step`, whose arguments are of the roles that a
/// session fills, in their order, and whose result are logits [R, vocabulary].
mlir::func::FuncOp createStep(mlir::ModuleOp module, int64_t vocabulary, int64_t pageSize);

/// Its argument of that role.
mlir::Value stepArgument(mlir::func::FuncOp step, plan::PortRole role);

} // namespace hadal

#endif // HADAL_LIB_IMPORT_STEPFUNCTION_H
