// SPDX-License-Identifier: Apache-2.0
// What ops at the level of entry points write over, and what these return.
#ifndef HADAL_LIB_CODEGEN_DESTINATIONS_H
#define HADAL_LIB_CODEGEN_DESTINATIONS_H

#include "hadal/IR/HadalDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hadal {

/// True for ops of other dialects that write over a destination.
bool isPlain(mlir::Operation *op);

/// Whether something writes over `value` in place, so that later reads see another one.
bool isOverwritten(mlir::Value value);

/// Whether an op is written over something that it does not read, but that is in its result.
bool keepsUnread(mlir::Operation *op);

/// Gives ops empty tensors to write over, where they do not read what is there.
void dropUnread(mlir::func::FuncOp function);

/// Gives ops copies to write over, where they must not write over what they name.
void copyKept(mlir::func::FuncOp function);

/// Copies what is returned and not made for that alone: arguments, constants, what is
/// returned already. An empty tensor is returned as zeros.
void copyReturned(mlir::func::FuncOp function);

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_DESTINATIONS_H
