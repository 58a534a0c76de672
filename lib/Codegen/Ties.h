// SPDX-License-Identifier: Apache-2.0
// Axes of arguments whose extents ops of an entry point want to be equal.
#ifndef HADAL_LIB_CODEGEN_TIES_H
#define HADAL_LIB_CODEGEN_TIES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <set>

namespace hadal {

/// Pairs of arguments and axes, those of the earlier argument first.
using Ties = std::set<std::pair<std::pair<int64_t, int64_t>, std::pair<int64_t, int64_t>>>;

/// What ops of linalg say of loops that operands share.
Ties findTies(mlir::func::FuncOp function);

/// Notes on the function which of those that there were no op says any more.
void noteLost(mlir::func::FuncOp function, const Ties &before);

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_TIES_H
