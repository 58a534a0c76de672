// SPDX-License-Identifier: Apache-2.0
// What all kernels of the target have alike: what they are given, and how they are launched.
#ifndef HADAL_LIB_TARGET_CUDA_KERNELFRAME_H
#define HADAL_LIB_TARGET_CUDA_KERNELFRAME_H

#include "hadal/IR/HadalDialect.h"
#include "plan/IR/PlanDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include <optional>

namespace hadal::cuda {

/// Of an operand or result of an op.
inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

/// Extents of operands of a body.
using Extents = llvm::ArrayRef<std::pair<mlir::Value, int64_t>>;

/// Says what the kernel of `executable` binds: operands of the body that it reads, those that it
/// writes a part of, and results; and the extents that are its constants, before others.
void setInterface(ExecutableOp executable, llvm::ArrayRef<mlir::Value> reads,
                  llvm::ArrayRef<mlir::Value> updates, llvm::ArrayRef<mlir::Value> results,
                  Extents constants, llvm::ArrayRef<mlir::Attribute> others = {});

/// Fails with a diagnostic where one of the weights that a kernel of `op` reads is not in fragments.
mlir::LogicalResult expectPacked(mlir::Operation *op, llvm::ArrayRef<mlir::Value> weights);

/// A variant for a level, with an empty block, behind what the executable has.
VariantOp addVariant(ExecutableOp executable, mlir::StringAttr level);

/// A kernel with an empty block: its arguments are the bindings, of these types, and the constants
/// of the launch, by address, so that a record of the launch serves calls of many sizes.
mlir::func::FuncOp createKernel(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
                                llvm::ArrayRef<mlir::Type> bindings, int64_t threads);

/// The threads of a workgroup of such a kernel; nothing where that is no kernel.
std::optional<int64_t> threadsOf(mlir::FunctionOpInterface kernel);

/// The interface of such a kernel, without contents.
plan::InterfaceOp createInterface(mlir::OpBuilder &builder, mlir::Location loc, int64_t threads);

/// Builds such an interface; expressions are made in it, of constants of a launch.
class InterfaceBuilder : public mlir::ImplicitLocOpBuilder {
public:
  InterfaceBuilder(mlir::OpBuilder &builder, mlir::Location loc, int64_t threads, size_t constants);

  mlir::ValueRange launchConstants() { return getInsertionBlock()->getArguments(); }
  mlir::Value constant(int64_t value);
  mlir::Value expr(plan::ExprKind kind, mlir::Value x, mlir::Value y);
};

/// Says in an interface what the kernel is passed. A workspace is like one more binding.
void passParameters(mlir::OpBuilder &builder, mlir::Location loc, int64_t bindings,
                    bool hasWorkspace = false);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_KERNELFRAME_H
