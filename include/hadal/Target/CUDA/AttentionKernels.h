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
  bool splitsContext = false; // over workgroups, in segments, as far as registers are enough
  int64_t columns = 0;     // of a latent in shared memory, with padding
  int64_t values = 0;      // columns of the result, with padding
  int64_t sharedBytes = 0;
  int64_t groups = 0;      // of heads, for all
  int64_t segment = 0;     // keys that have a softmax of their own
  int64_t keptNumbers = 0; // of f32, that what is known of a segment takes

  /// Workgroups of a launch that segments are split over, but for the rounding of tokens to a power of two.
  static constexpr int64_t kLevelsOfWorkgroups = 8;
  /// So many tokens or fewer leave a context as it is that has been halved `level` times: 0, if none do.
  int64_t mostTokens(int64_t level) const {
    return level < kLevelsOfWorkgroups ? (int64_t(1) << (kLevelsOfWorkgroups - 1 - level)) / groups
                                       : 0;
  }
  int64_t threads() const { return rowWarps * columnWarps * kWarp; }
};

/// The program for `spec` on a level, or nothing where none fits. Of those that fit, the one that reads the cache
/// the fewest times, then the one with the fewest heads of padding, then with the most keys.
std::optional<AttentionProgram> chooseAttention(const AttentionSpec &spec, const Level &level);

/// Emits the kernel `spec.name` of bindings q_latent, q, cache, positions, sequence_offsets, slots,
/// block_table, y, where it splits the context a workspace, and the address of constants: tokens, sequences, pages of a
/// slot, the longest context. Its workgroups are tokens in x, groups of heads in y, and runs of segments of the longest
/// context in z, or one.
void emitAttention(mlir::OpBuilder &builder, mlir::Location loc, const AttentionSpec &spec,
                   const AttentionProgram &program);

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_ATTENTIONKERNELS_H
