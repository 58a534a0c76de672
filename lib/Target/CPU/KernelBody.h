// SPDX-License-Identifier: Apache-2.0
// How kernels of the CPU see the body of an executable: a root, and what is done with its result.
#ifndef HADAL_LIB_TARGET_CPU_KERNELBODY_H
#define HADAL_LIB_TARGET_CPU_KERNELBODY_H

#include "hadal/IR/HadalDialect.h"

#include <optional>

namespace hadal::cpu {

/// An op, and what its kernel does in the same pass over the rows.
struct KernelBody {
  mlir::Operation *root = nullptr;
  /// What is added to the root's result, in this order.
  llvm::SmallVector<mlir::Value> addends;
  /// What the kernel writes (the first of the root's results), after the above.
  mlir::Value result;
  /// The same before it was rounded to bf16, where that is wanted too.
  mlir::Value wide;
};

/// Ops that kernels are about, by class.
template <typename... Ops>
struct Roots {
  static bool contain(mlir::Operation *op) { return llvm::isa<Ops...>(op); }
};
using MatrixRoots = Roots<LinearOp, GatedLinearOp, HeadLinearOp, MoeGateUpOp, MoeDownOp>;
using RowRoots = Roots<EmbeddingOp, RmsNormOp, GatherRowsOp, SwigluOp, RopeOp, MlaAppendOp,
                       MlaAttendAbsorbedOp, MlaAttendExpandedOp, MoeRouteOp, MoeGroupOp,
                       MoeCombineOp, mlir::arith::TruncFOp, mlir::arith::AddFOp>;

/// Whether there is a kernel of these ops.
bool hasKernel(llvm::ArrayRef<mlir::Operation *> ops);

/// Whether the op of another dialect is one of rows of f32 that has a kernel.
bool isOfRows(mlir::Operation *op);

/// How one kernel computes `ops`, in their order; nullopt where none does. One op
/// is always seen as a root: whether there is a kernel, its emission says.
std::optional<KernelBody> matchKernelBody(llvm::ArrayRef<mlir::Operation *> ops);

/// Which ops of an entry point the CPU computes in one kernel:
///
///   rms_norm, truncf           the norm rounded, and in f32 where that is read too
///   linear, addf               the residual
///   moe_combine, addf...       the shared experts and the residual
bool fuses(llvm::ArrayRef<mlir::Operation *> ops);

/// Reports which op of a body that is not matched has no kernel.
mlir::LogicalResult reportNoKernel(llvm::ArrayRef<mlir::Operation *> ops);

} // namespace hadal::cpu

#endif // HADAL_LIB_TARGET_CPU_KERNELBODY_H
