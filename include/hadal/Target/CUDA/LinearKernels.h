// SPDX-License-Identifier: Apache-2.0
// Kernels of linear layers in the tile dialect, emitted for a shape.
#ifndef HADAL_TARGET_CUDA_LINEARKERNELS_H
#define HADAL_TARGET_CUDA_LINEARKERNELS_H

#include "hadal/Target/CUDA/Level.h"

#include "hadal/IR/HadalDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>

namespace hadal::cuda {

/// A stack of weights, each for the rows that chose it: pairs of a row and a rank, sorted by the weight,
/// whose numbers the device knows alone.
struct ExpertSpec {
  int64_t experts = 0;
  int64_t topK = 1; // pairs of a row, neighbours before they were sorted
  bool xOfPairs = false; // x has a row for topK pairs, y has the pairs as they are sorted
  // otherwise x has the pairs as they are sorted, and y as they were before
};

/// A stack of weights, one for each head, whose rows of x and of y lie side by side.
struct HeadSpec {
  int64_t heads = 0;
  int64_t width = 0; // columns of a head in x, of which the first inputs are read
};

/// Weights are of f8E4M3FN, each block of so many outputs and inputs with a scale of f32.
struct ScaleSpec {
  int64_t outputs = 0, inputs = 0;
};

/// The last columns of each head of y, two for each column of the tables, are rotated by the angle
/// of the row's position.
struct RotationSpec {
  int64_t head = 0; // columns
  int64_t positions = 0, pairs = 0; // rows and columns of the tables
  bool interleaved = false;
};

/// y[n, o] = sum of x[n, i] * w[o, i]: x of bf16, w packed in fragments, any number of rows n. Gated: silu(y) * z,
/// where z is the same of a second weight. To that rows of f32 may be added, or it is rotated.
struct LinearSpec {
  std::string name;
  int64_t outputs = 0, inputs = 0;
  int64_t segment = 0; // depth that is summed by itself; segments are added in order
  mlir::Type element; // of y
  bool isGated = false;
  std::optional<ScaleSpec> scales = std::nullopt;
  int64_t addends = 0; // matrices of f32 that are added, in order
  std::optional<ExpertSpec> experts = std::nullopt;
  std::optional<HeadSpec> heads = std::nullopt;
  std::optional<RotationSpec> rotation = std::nullopt;
  int64_t threads = 0; // of a workgroup; zero: as many as suit the shape

  int64_t weights() const { return isGated ? 2 : 1; }
  /// x, offsets and pairs of experts, the weights, their scales, the addends, positions, cos and
  /// sin of a rotation, and y.
  int64_t bindings() const {
    return 2 + (experts ? 2 : 0) + weights() * (scales ? 2 : 1) + addends + (rotation ? 3 : 0);
  }
  /// What lies side by side in x and in y.
  int64_t xColumns() const { return heads ? heads->heads * heads->width : inputs; }
  int64_t yColumns() const { return heads ? heads->heads * outputs : outputs; }
  /// How many pairs have a row of x in common.
  int64_t xDivisor() const { return experts && experts->xOfPairs ? experts->topK : 1; }
};

/// Outputs of which those of a head are a multiple: no tile of any program has those of two.
inline constexpr int64_t kHeadOutputs = 128;

/// Threads of a workgroup, where the shape does not suit more.
inline constexpr int64_t kLinearThreads = 128;

/// One way to compute it, for calls of up to so many rows, or pairs. Ways differ in speed and not in
/// a bit: each sums the same segments in the same order.
struct LinearProgram {
  int64_t mostRows = 0; // zero: any number
  int64_t outputs = 0, rows = 0; // of a workgroup's tile of y
  int64_t stages = 0; // of its pipeline through shared memory; none: straight to registers
  int64_t sharedBytes = 0;
};

/// A kernel: one of its programs runs, the first that is for so many rows.
struct LinearKernel {
  int64_t threads = 0; // of a workgroup
  llvm::SmallVector<LinearProgram> programs;
};

/// The depth of a segment of weights [outputs, inputs]: the whole, or shorter where one warp
/// for 16 outputs would leave a GPU idle. `together` weights are read at once at least.
int64_t chooseSegment(int64_t outputs, int64_t inputs, int64_t together = 1);

/// Whether its programs rotate so: a window of y has a head's rotated columns whole where they need
/// each other.
bool canRotate(const RotationSpec &rotation, int64_t outputs, int64_t inputs);

/// Emits the kernel `spec.name` of these bindings and the address of one constant, the rows or pairs.
LinearKernel emitLinear(mlir::OpBuilder &builder, mlir::Location loc, const LinearSpec &spec,
                        const Level &level);

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_LINEARKERNELS_H
