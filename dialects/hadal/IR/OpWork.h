// SPDX-License-Identifier: Apache-2.0
// How much work ops are, by what they have in common.
#ifndef HADAL_IR_OPWORK_H
#define HADAL_IR_OPWORK_H

#include "hadal/IR/HadalDialect.h"

namespace hadal {

/// Multiply-adds, times two, of one row through a weight [.., out, in].
int64_t productOf(mlir::Value weight);

/// The same through one expert of a stack.
int64_t productOfOne(mlir::Value stack);

/// Work of ops whose operations are few next to the weights that they read.
Work weightsOnly(mlir::Operation *op);

/// Work of `perRow` operations a row, over weights that are read once.
Work denseWork(mlir::Operation *op, int64_t perRow);

/// Work over stacked experts, of which a row reads `choices`.
Work sparseWork(mlir::Operation *op, mlir::Value stack, int64_t choices, int64_t perRow);

} // namespace hadal

#endif // HADAL_IR_OPWORK_H
