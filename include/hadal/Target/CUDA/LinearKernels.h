// SPDX-License-Identifier: Apache-2.0
// Kernels of linear layers in the tile dialect, emitted for a shape.
#ifndef HADAL_TARGET_CUDA_LINEARKERNELS_H
#define HADAL_TARGET_CUDA_LINEARKERNELS_H

#include "hadal/Target/CUDA/Level.h"

#include "hadal/IR/HadalDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hadal::cuda {

/// y[n, o] = sum of x[n, i] * w[o, i]: x of bf16, w packed in fragments, any number of rows n.
struct LinearSpec {
  std::string name;
  int64_t outputs = 0, inputs = 0;
  int64_t segment = 0;  // depth that is summed by itself; segments are added in order
  mlir::Type element;   // of y
};

/// Threads of a workgroup.
inline constexpr int64_t kLinearThreads = 128;

/// One way to compute it, for calls of up to so many rows. Ways differ in speed and not in
/// a bit: each sums the same segments in the same order.
struct LinearProgram {
  int64_t mostRows = 0;          // zero: any number
  int64_t outputs = 0, rows = 0; // of a workgroup's tile of y
  int64_t stages = 0; // of its pipeline through shared memory; none: straight to registers
  int64_t sharedBytes = 0;
};

/// The depth of a segment of weights [outputs, inputs]: the whole, or shorter where one warp
/// for 16 outputs would leave a GPU idle.
int64_t chooseSegment(int64_t outputs, int64_t inputs);

/// Emits the kernel `spec.name` of bindings x, w and y, and the address of one constant, the rows; how
/// it chooses among programs, in the order of their rows.
llvm::SmallVector<LinearProgram> emitLinear(mlir::OpBuilder &builder, mlir::Location loc,
                                            const LinearSpec &spec, const Level &level);

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_LINEARKERNELS_H
