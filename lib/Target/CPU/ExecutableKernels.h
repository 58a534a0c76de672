// SPDX-License-Identifier: Apache-2.0
// What the emission of an executable's kernel shares between families.
#ifndef HADAL_LIB_TARGET_CPU_EXECUTABLEKERNELS_H
#define HADAL_LIB_TARGET_CPU_EXECUTABLEKERNELS_H

#include "KernelBody.h"

#include "hadal/IR/HadalDialect.h"
#include "hadal/Target/CPU/KernelInfo.h"
#include "hadal/Target/CPU/Level.h"
#include "hadal/Target/CPU/PackedLayout.h"

#include "mlir/IR/Builders.h"

namespace hadal::cpu {

/// Interface of an executable while its kernel is emitted.
struct ExecutableInterface {
  llvm::SmallVector<int64_t> bindings; // operand number, or operands + result number
  llvm::SmallVector<Access> access;
  llvm::SmallVector<mlir::Attribute> constants; // that the kernel reads
  std::array<GridExtent, 3> grid;
  int64_t rows = 0;  // the operand whose first extent is the number of rows
  int64_t slots = 0; // that whose first extent is the number of sequences
  int64_t scratchBytes = 0;
  WorkspaceBytes workspace;
};

/// The body of an executable, seen as operands and results of the kernel of its root.
class BodyOp {
public:
  BodyOp(const KernelBody &kernel, mlir::OperandRange results, ExecutableInterface &interface)
      : op(kernel.root), kernel(kernel), results(results), interface(interface) {}

  /// Binds an operand (a block argument of the body); absent ones are skipped.
  void bind(mlir::Value operand, Access access = Access::Read);
  /// Binds operands in the order given, all read.
  template <typename... Values>
  void bindAll(Values... operands) {
    (bind(operands), ...);
  }
  /// Binds what is written of a value that the body returns.
  void bindResult(mlir::Value result);
  /// Says which operand's first extent is the number of rows.
  void setRows(mlir::Value operand);
  /// Says which operand's first extent is the number of sequences.
  void setSlots(mlir::Value operand);
  void addExtentConstant(mlir::Value operand, int64_t axis = 0);
  void addRowsConstant();
  void addConstant(int64_t value);

  mlir::Operation *op;
  const KernelBody &kernel;
  mlir::OperandRange results;
  ExecutableInterface &interface;
};

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}
FloatType floatTypeOf(mlir::Value value);
/// The layout of a packed weight, or nullopt where its type is none of them.
std::optional<WeightType> weightTypeOf(mlir::Value value);

/// Emits the kernel of `executable` into `module`. Fails with a diagnostic where its
/// body has no kernel on this target.
mlir::FailureOr<ExecutableInterface> emitKernel(ExecutableOp executable, mlir::ModuleOp module,
                                                const KernelTarget &target);

/// The same for matrix products; nullopt for other ops.
std::optional<mlir::LogicalResult> emitMatrixKernel(BodyOp body, llvm::StringRef name,
                                                    mlir::ModuleOp module,
                                                    const KernelTarget &target);

} // namespace hadal::cpu

#endif // HADAL_LIB_TARGET_CPU_EXECUTABLEKERNELS_H
