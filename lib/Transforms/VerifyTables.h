// SPDX-License-Identifier: Apache-2.0
// What may read a rotary table.
#ifndef HADAL_LIB_TRANSFORMS_VERIFYTABLES_H
#define HADAL_LIB_TRANSFORMS_VERIFYTABLES_H

#include "hadal/IR/HadalDialect.h"

namespace hadal {

/// Verifies that a function reads rotary tables at the positions of a step alone. A session
/// has as many rows of a table as a slot has positions, whatever its type says, and checks
/// the positions of a step, but no other integers.
llvm::LogicalResult verifyTables(mlir::func::FuncOp function, mlir::SymbolTable &symbols);

} // namespace hadal

#endif // HADAL_LIB_TRANSFORMS_VERIFYTABLES_H
