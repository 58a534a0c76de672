// SPDX-License-Identifier: Apache-2.0
// Which work items are a thread's and which a warp's, and how a warp shares one.
#ifndef HADAL_LIB_TARGET_CUDA_WORKITEMS_H
#define HADAL_LIB_TARGET_CUDA_WORKITEMS_H

#include "plan/IR/PlanDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hadal::cuda {

/// Whether an item of a flat function is worth a warp: it has a sum (or another reduction)
/// that lanes can share, and each row has fewer items than a warp has threads: not as many
/// as the context is long, which only the host knows. What decides is known when the kernel
/// is compiled, so the order of a sum is the same for all sizes of a call.
bool isRowWise(mlir::func::FuncOp function, plan::InterfaceOp interface);

/// Spreads an item, which all lanes of a warp execute alike, over the lanes: of a reduction
/// lane l takes the iterations l, l + 32, ... of its loop, and what they have is combined in
/// a butterfly, 16 lanes apart first; the first lane alone writes.
void spreadOverWarp(mlir::Block &item, mlir::Value thread);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_WORKITEMS_H
