// SPDX-License-Identifier: Apache-2.0
// What all kernels of the target have alike: what they are given, and how they are launched.
#ifndef HADAL_LIB_TARGET_CUDA_KERNELFRAME_H
#define HADAL_LIB_TARGET_CUDA_KERNELFRAME_H

#include "plan/IR/PlanDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include <optional>

namespace hadal::cuda {

/// A kernel with an empty block: its arguments are the bindings, of these types, and the constants
/// of the launch, by address, so that a record of the launch serves calls of many sizes.
mlir::func::FuncOp createKernel(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
                                llvm::ArrayRef<mlir::Type> bindings, int64_t threads);

/// The threads of a workgroup of such a kernel; nothing where that is no kernel.
std::optional<int64_t> threadsOf(mlir::FunctionOpInterface kernel);

/// The interface of such a kernel, without contents.
plan::InterfaceOp createInterface(mlir::OpBuilder &builder, mlir::Location loc, int64_t threads);

/// Says in an interface what the kernel is passed. A workspace is like one more binding.
void passParameters(mlir::OpBuilder &builder, mlir::Location loc, int64_t bindings,
                    bool hasWorkspace = false);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_KERNELFRAME_H
