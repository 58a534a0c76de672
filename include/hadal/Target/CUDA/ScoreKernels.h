// SPDX-License-Identifier: Apache-2.0
// Kernels of a product in f32, of a row that may be normed before, emitted for a shape.
#ifndef HADAL_TARGET_CUDA_SCOREKERNELS_H
#define HADAL_TARGET_CUDA_SCOREKERNELS_H

#include "hadal/Target/CUDA/RowKernels.h"

#include <optional>

namespace hadal::cuda {

/// y[n, o] = sum of h[n, i] * w[o, i], all of f32 but w, which is of bf16 and packed in fragments.
/// The bindings: x; the norm's weights, if h is the norm of x and not x itself; w; h in the elements
/// it is wanted in; y.
struct ScoreSpec {
  struct Norm {
    double epsilon = 0;
    mlir::Type weight; // its elements
    std::vector<mlir::Type> elements; // in which h is written, f32 or bf16
  };
  std::string name;
  int64_t outputs = 0, inputs = 0;
  std::optional<Norm> norm;
};

/// Whether a row is in the registers of a workgroup, and as f32 in its memory, and outputs are
/// few enough that each row may read all weights.
bool isScorable(int64_t outputs, int64_t inputs);

/// Emits the kernel `spec.name` of its bindings and the address of one constant, the rows. A
/// workgroup has a row and a block of outputs; a sum's order depends on the inputs alone.
LaneLaunch emitScores(mlir::OpBuilder &builder, mlir::Location loc, const ScoreSpec &spec);

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_SCOREKERNELS_H
