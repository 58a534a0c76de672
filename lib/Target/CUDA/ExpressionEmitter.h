// SPDX-License-Identifier: Apache-2.0
// Expressions of interfaces, computed by kernels.
#ifndef HADAL_LIB_TARGET_CUDA_EXPRESSIONEMITTER_H
#define HADAL_LIB_TARGET_CUDA_EXPRESSIONEMITTER_H

#include "plan/IR/PlanDialect.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace hadal::cuda {

/// The value of an expression of an interface, computed by the kernel from its constants.
class ExpressionEmitter {
public:
  ExpressionEmitter(mlir::ImplicitLocOpBuilder &builder, plan::InterfaceOp interface,
                    mlir::ValueRange constants);
  mlir::Value emit(mlir::Value expression);

private:
  mlir::Value emit(plan::ExprKind kind, mlir::Value x, mlir::Value y);

  mlir::ImplicitLocOpBuilder &b;
  llvm::DenseMap<mlir::Value, mlir::Value> known;
};

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_EXPRESSIONEMITTER_H
