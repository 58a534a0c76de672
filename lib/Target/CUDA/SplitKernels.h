// SPDX-License-Identifier: Apache-2.0
// Takes a module of kernels apart, so that they compile side by side and equal ones once.
#ifndef HADAL_LIB_TARGET_CUDA_SPLITKERNELS_H
#define HADAL_LIB_TARGET_CUDA_SPLITKERNELS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace hadal::cuda {

/// What every kernel is called while it is compiled alone; its own name replaces it in the text.
inline constexpr llvm::StringLiteral kKernelStandIn = "hadal_kernel__";

/// A kernel with the symbols that it refers to, in a module of its own, and all kernels of which
/// that is the code.
struct DistinctKernel {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<std::string> names; // the first one's place in the order is the kernel's
};

std::vector<DistinctKernel> splitKernels(mlir::ModuleOp module);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_SPLITKERNELS_H
