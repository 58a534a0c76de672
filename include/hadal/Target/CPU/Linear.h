// SPDX-License-Identifier: Apache-2.0
// CPU kernels that multiply activations by packed weights: dense and by expert.
#ifndef HADAL_TARGET_CPU_LINEAR_H
#define HADAL_TARGET_CPU_LINEAR_H

#include "hadal/Target/CPU/Level.h"
#include "hadal/Target/CPU/PackedLayout.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

#include <cstdint>
#include <optional>
#include <string>

namespace hadal::cpu {

// Contractions are emitted as loops over vectors, not as linalg that is tiled
// and vectorised later, for two reasons. The accumulators of a tile must stay
// in registers over the whole sum, which needs the tile, the unrolling and the
// loads to be chosen together. And the order of that sum is part of the
// contract: each result is accumulated over ascending k in one accumulator,
// whatever the number of rows or the tile that the row falls in, so results are
// the same bits in every batch. Element-wise kernels have neither concern and
// may go through linalg.
//
// Arithmetic, by type of activation and of weight:
//   bf16 x BF16   V4BF16: dot unit on pairs, accumulated in f32 (subnormals
//                 flushed, as the unit does). V3: exact widening, f32 fused
//                 multiply-add, even element first.
//   otherwise     both widened exactly to f32, fused multiply-add. An F8E4M3
//                 weight is its value times its scale, rounded once to f32.

enum class ActivationType { F32, BF16 };

/// Where rows of activations lie: element (row n, batch b, column c) at
/// `offset + n * rowStride + b * batchStride + c` of its binding, in elements.
struct Activations {
  ActivationType type = ActivationType::F32;
  int64_t offset = 0;
  int64_t rowStride = 0;
  int64_t batchStride = 0;
};

/// Block scales of an F8E4M3 weight. The scale of W_b[o][k] is element
///   offset + b * batchStride
///     + (outputOrigin + b * outputBatch + o) / outputBlock * outputStride
///     + (inputOrigin  + b * inputBatch  + k) / inputBlock  * inputStride
/// of the scales (f32). So blocks keep their places in the checkpoint when a
/// weight is a slice of a tensor (origins), one head of many (`...Batch`),
/// one expert of a stack (batchStride), or used transposed (strides exchanged).
struct BlockScales {
  int64_t offset = 0;
  int64_t batchStride = 0;
  int64_t outputOrigin = 0, outputBatch = 0, outputBlock = 128;
  int64_t outputStride = 1;
  int64_t inputOrigin = 0, inputBatch = 0, inputBlock = 128;
  int64_t inputStride = 1;

  /// Scales of a stack of tensors [outputs][inputs], each with its own blocks.
  static BlockScales stacked(int64_t outputs, int64_t inputs, int64_t outputBlock,
                             int64_t inputBlock) {
    BlockScales scales;
    scales.outputBlock = outputBlock;
    scales.inputBlock = inputBlock;
    scales.outputStride = (inputs + inputBlock - 1) / inputBlock;
    scales.batchStride = (outputs + outputBlock - 1) / outputBlock * scales.outputStride;
    return scales;
  }
};

/// y[n,b,o] = sum_k x[n,b,k] W_b[o,k] (+ residual[n,b,o]), or in dual mode
/// y = silu(x W_bᵀ) * (x W2_bᵀ) (+ residual).
///
/// Bindings: x, W, (W2), (scales, (scales2)), (residual), y. Constants: [0] =
/// N, the number of rows. Grid: see `Grid`. No scratch.
struct LinearSpec {
  std::string name;
  int64_t batch = 1;
  int64_t outputs = 0;
  int64_t inputs = 0;
  WeightType weight = WeightType::BF16;
  Activations x, y;
  std::optional<Activations> residual;
  std::optional<BlockScales> scales; ///< for F8E4M3, and for it alone
  bool dual = false;
  /// 0: chosen from the bytes of a panel.
  int64_t panelsPerWorkgroup = 0;
};

/// Workgroups of a linear kernel: x over groups of panels, y over batches,
/// z = ceil(N / rowsPerWorkgroup).
struct Grid {
  int64_t x = 1, y = 1;
  int64_t rowsPerWorkgroup = 1;
};
Grid getGrid(const LinearSpec &spec);

/// Appends `func.func @spec.name` to `module`. Fails with a diagnostic at the
/// module where the specification contradicts itself.
mlir::LogicalResult emitLinear(mlir::ModuleOp module, const LinearSpec &spec,
                               const KernelTarget &target);

/// A linear of experts over ragged groups of rows. Sorted position p belongs to
/// expert e where offsets[e] <= p < offsets[e + 1]; rows[p] = n * topK + rank
/// names the token and which of its choices it is.
///
///   gateUp   y[p] = silu(x[rows[p] / topK] W_eᵀ) * (x[rows[p] / topK] W2_eᵀ)
///   down     y[rows[p]] = x[p] W_eᵀ
///
/// Bindings: gateUp: x, offsets i32 [experts + 1], rows i32 [N * topK], W, W2,
/// (scales), (scales2), y. down: x, offsets, rows, W, (scales), y. No constants,
/// no scratch. Grid: x = getGroupedGrid(spec), y = z = 1: a workgroup owns a
/// group of panels of every expert and passes over the experts without rows,
/// which in decode are most. offsets and rows are trusted.
struct GroupedLinearSpec {
  std::string name;
  bool gateUp = false;
  int64_t experts = 0;
  int64_t topK = 1;
  int64_t outputs = 0;
  int64_t inputs = 0;
  WeightType weight = WeightType::BF16;
  /// Of W2, which need not be that of W.
  std::optional<WeightType> weight2;
  Activations x, y; ///< batchStride is unused
  /// Of W and W2, those of them that are F8E4M3; the batch is the expert.
  std::optional<BlockScales> scales;
  int64_t panelsPerWorkgroup = 0;
};

int64_t getGroupedGrid(const GroupedLinearSpec &spec);

mlir::LogicalResult emitGroupedLinear(mlir::ModuleOp module, const GroupedLinearSpec &spec,
                                      const KernelTarget &target);

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_LINEAR_H
