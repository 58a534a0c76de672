// SPDX-License-Identifier: Apache-2.0
// Kernels of Multi-head Latent Attention: rotation, cache append, both forms of
// attention.
#ifndef HADAL_TARGET_CPU_MLAKERNELS_H
#define HADAL_TARGET_CPU_MLAKERNELS_H

#include "hadal/Target/CPU/KernelBuilder.h"
#include "hadal/Target/CPU/KernelInfo.h"
#include "hadal/Target/CPU/Linear.h"

namespace hadal::cpu {

/// Rotates the rope part of the queries and copies the other part.
///
/// With a_i, b_i the i-th pair of the rope part (elements 2i, 2i+1 when
/// `interleaved`, else i, i + rope/2) and c, s the table entries of the
/// position:  y_i = a_i c_i - b_i s_i,  y_{i + rope/2} = b_i c_i + a_i s_i.
/// So the result is laid out in halves in both cases, as in the cache.
///
/// Bindings: q f32 [N, heads, nope + rope], positions i32 [N],
/// cos f32 [P, rope/2], sin f32 [P, rope/2], y [N, heads, nope + rope].
/// Grid (N). `rope` is even.
struct RopeQuerySpec {
  int64_t heads = 0;
  int64_t nope = 0;
  int64_t rope = 0;
  bool interleaved = false;
  FloatType output = FloatType::F32;
};
KernelInfo getRopeQueryInfo(const RopeQuerySpec &spec);
void emitRopeQuery(KernelBuilder &k, const RopeQuerySpec &spec);

/// Writes one cache row for each new token: the RMS-normalised latent, then the
/// rotated rope part in halves. Token n of sequence s at position p goes to row
/// p mod pageSize of page block_table[slots[s], p / pageSize].
///
/// Bindings: kv f32 (rows `inputStride` apart; latent, then rope),
/// weight f32 [latent], cos f32 [P, rope/2], sin f32 [P, rope/2],
/// positions i32 [N], sequence_offsets i32 [S+1], slots i32 [S],
/// block_table i32 [slots, pages_per_slot],
/// cache [pages, pageSize, latent + rope] (read_write).
/// Constants: N, S, pages_per_slot. Grid (N).
struct MLAAppendSpec {
  int64_t latent = 0;
  int64_t rope = 0;
  int64_t inputStride = 0; ///< 0 means latent + rope
  int64_t pageSize = 0;
  float epsilon = 0;
  bool interleaved = false;
  FloatType cache = FloatType::F32;
};
KernelInfo getMLAAppendInfo(const MLAAppendSpec &spec);
void emitMLAAppend(KernelBuilder &k, const MLAAppendSpec &spec);

/// Attention of each query over the cache rows themselves:
///   s_j = scale * (q_latent . c_j + q_rope . k_rope_j) for positions j <= p,
///   y = sum_j softmax(s)_j c_j.
///
/// A row is split into at most 32 parts of whole segments of 512 positions. A
/// part is an online softmax over blocks of 128 positions; parts meet in a binary
/// tree, in the workgroup that comes second to a node. All that is laid out by
/// absolute positions, so a row's result depends on its own query and cache rows
/// alone. Cache rows beyond p do not count, whatever they hold.
///
/// With a cache of bf16 on a target that usesPairDot(), queries and weights of
/// the softmax are rounded to bf16 (and the weights' sum is of rounded ones);
/// else all is f32.
///
/// Bindings: q_latent f32 [N, heads, latent], q_rot [N, heads, nope + rope] of
/// `cache` type (rope part at offset nope), cache [pages, pageSize,
/// latent + rope], block_table i32 [slots, pages_per_slot], positions i32 [N],
/// sequence_offsets i32 [S+1], slots i32 [S], y [N, heads, latent] of `cache`
/// type. Constants: N, S, pages_per_slot, threshold: rows of sequences with at
/// least `threshold` new tokens are left alone.
/// Grid (ceil(heads / 16), N, 32); of more rows than fit in the workspace a
/// workgroup computes all parts of a row, and the others return.
struct MLAAbsorbedSpec {
  int64_t heads = 0;
  int64_t latent = 0;
  int64_t nope = 0;
  int64_t rope = 0;
  int64_t pageSize = 0;
  float scale = 0;
  FloatType cache = FloatType::F32;
};
KernelInfo getMLAAbsorbedInfo(const MLAAbsorbedSpec &spec, const KernelTarget &target);
void emitMLAAbsorbed(KernelBuilder &k, const MLAAbsorbedSpec &spec);

/// Attention of each query over keys and values expanded from the cache:
///   k_j = [W_UK,h c_j ; k_rope_j],  v_j = W_UV,h c_j,
///   s_j = (scale * q) . k_j for positions j <= p,  y = sum_j softmax(s)_j v_j.
///
/// A workgroup takes one head and up to `blockRows` query rows of one sequence.
/// For each block of positions, aligned at absolute positions, it expands keys
/// and values once into scratch, as the products with them want them to lie, and
/// lets all its rows attend to them. With a cache of bf16 on a target that
/// usesPairDot(), blocks are of 128 positions, and keys, values and weights of
/// the softmax are rounded to bf16 (the weights' sum is of rounded ones), and
/// scores are scaled instead of queries; else blocks are of 64 and all is f32. The expansion has the arithmetic of
/// LinearSpec. A row's result depends on its own query and
/// the cache rows up to its position. Cache rows that no row of the workgroup
/// may see are not read. Positions of a sequence's rows ascend.
///
/// Bindings: q_rot [N, heads, nope + rope] of `cache` type, W_UK (packed,
/// batch = heads, outputs = nope, inputs = latent), [its scales], W_UV (packed,
/// batch = heads, outputs = value, inputs = latent), [its scales], cache
/// [pages, pageSize, latent + rope], block_table i32 [slots, pages_per_slot],
/// positions i32 [N], sequence_offsets i32 [S+1], slots i32 [S],
/// y [N, heads * value] of `cache` type. Constants: N, S, pages_per_slot,
/// threshold: rows of sequences with fewer than `threshold` new tokens are left
/// alone. Grid (heads, ceil(N / blockRows) + S); surplus workgroups return.
struct MLAExpandedSpec {
  int64_t heads = 0;
  int64_t latent = 0;
  int64_t nope = 0;
  int64_t rope = 0;
  int64_t value = 0;
  int64_t pageSize = 0;
  float scale = 0;
  FloatType cache = FloatType::F32;
  WeightType weight = WeightType::F32;
  std::optional<BlockScales> keyScales = std::nullopt,
                             valueScales = std::nullopt; ///< with F8E4M3 only
  int64_t blockRows = 512;
};
KernelInfo getMLAExpandedInfo(const MLAExpandedSpec &spec, const KernelTarget &target);
void emitMLAExpanded(KernelBuilder &k, const MLAExpandedSpec &spec);

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_MLAKERNELS_H
