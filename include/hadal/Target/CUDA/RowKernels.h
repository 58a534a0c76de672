// SPDX-License-Identifier: Apache-2.0
// Kernels that compute rows of one width, a workgroup a row, emitted for a list of steps.
#ifndef HADAL_TARGET_CUDA_ROWKERNELS_H
#define HADAL_TARGET_CUDA_ROWKERNELS_H

#include "hadal/Target/CUDA/LaneKernel.h"

#include "mlir/IR/Builders.h"

#include <string>
#include <vector>

namespace hadal::cuda {

/// What a row of f32, which stays in registers, is made of.
struct RowStep {
  enum class Kind {
    Read,    // row n of a binding
    Choose,  // row index[n] of a binding; NaN where there are so many rows and it is none of them
    Combine, // sum of weights[n, j] * rows[n k + j], by j ascending
    Add,     // of two steps
    Norm,    // of a step: over the root of its mean square, times weights
  };
  Kind kind = Kind::Read;
  size_t a = 0, b = 0;    // steps
  int64_t rows = 0;       // binding of what is read
  mlir::Type element = {}; // of it
  int64_t index = 0;      // binding of numbers of rows
  int64_t rowCount = 0;   // zero: all numbers are of rows
  int64_t weights = 0;    // binding: of f32 to combine by, of `element` of a norm
  int64_t topK = 0;
  double epsilon = 0;
};

struct RowOutput {
  size_t step = 0;
  int64_t binding = 0;
  mlir::Type element; // f32 or bf16
};

struct RowSpec {
  std::string name;
  int64_t width = 0, bindings = 0;
  std::vector<RowStep> steps;
  std::vector<RowOutput> outputs;
};

/// Whether kernels have registers for rows of that width.
bool isRowWidth(int64_t width);
/// Whether they read and write elements of that type.
bool isRowElement(mlir::Type element);

/// Emits the kernel `spec.name` of its bindings and the address of one constant, the rows. How
/// elements are shared between threads, and so the order of a sum, depends on the width alone.
LaneLaunch emitRows(mlir::OpBuilder &builder, mlir::Location loc, const RowSpec &spec);

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_ROWKERNELS_H
