// SPDX-License-Identifier: Apache-2.0
// Kernels of absorbed latent attention in the tile dialect, emitted for a shape.
#ifndef HADAL_TARGET_CUDA_ATTENTIONKERNELS_H
#define HADAL_TARGET_CUDA_ATTENTIONKERNELS_H

#include "hadal/Target/CUDA/Level.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>
#include <string>

namespace hadal::cuda {

/// hadal.mla_attend_absorbed with queries and cache of bf16; latent queries of f32.
struct AttentionSpec {
  std::string name;
  int64_t heads = 0;
  int64_t rank = 0, nope = 0, rope = 0; // columns: of a latent; of a head's query
  int64_t pageSize = 0;
  float scale = 0;
  int64_t threshold = 0; // sequences of so many new tokens or more are left out; none: 0
};

/// How a workgroup computes some heads of one token.
struct AttentionProgram {
  int64_t heads = 0;       // of a workgroup, with padding
  int64_t keys = 0;        // of a tile of the cache
  int64_t rowWarps = 0;    // that share the heads
  int64_t columnWarps = 0; // that share the keys, and the columns of the result
  bool keepsQueries = false; // in registers, for all tiles
  bool splitsDepth = false; // of scores, between neighbouring warps, which exchange their sums
  int64_t columns = 0;     // of a latent in shared memory, with padding
  int64_t sharedBytes = 0;

  int64_t threads() const { return rowWarps * columnWarps * kWarp; }
};

/// The program for `spec` on a level, or nothing where none fits. Of those that fit, the one that reads the cache
/// the fewest times, then the one with the fewest heads of padding, then with the most keys.
std::optional<AttentionProgram> chooseAttention(const AttentionSpec &spec, const Level &level);

/// Emits the kernel `spec.name` of bindings q_latent, q, cache, positions, sequence_offsets, slots,
/// block_table and y, and the address of constants: tokens, sequences, pages of a slot. Its workgroups
/// are tokens in x and groups of heads in y.
void emitAttention(mlir::OpBuilder &builder, mlir::Location loc, const AttentionSpec &spec,
                   const AttentionProgram &program);

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_ATTENTIONKERNELS_H
