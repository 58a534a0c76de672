// SPDX-License-Identifier: Apache-2.0
// Kernels that work on the rows of an activation: embedding, norm, gather,
// element-wise.
#ifndef HADAL_TARGET_CPU_ROWKERNELS_H
#define HADAL_TARGET_CPU_ROWKERNELS_H

#include "hadal/Target/CPU/KernelBuilder.h"
#include "hadal/Target/CPU/KernelInfo.h"

namespace hadal::cpu {

/// y[n, :] = table[tokens[n], :].
/// Bindings: tokens i32 [N], table [vocab, width] of `table`, y f32 [N, width].
/// Grid (N). Fails with code 1 on a token outside the table.
struct EmbeddingSpec {
  int64_t vocab = 0;
  int64_t width = 0;
  FloatType table = FloatType::F32;
};
KernelInfo getEmbeddingInfo(const EmbeddingSpec &spec);
void emitEmbedding(KernelBuilder &k, const EmbeddingSpec &spec);

/// y[n, :] = weight * x[m, :] / sqrt(mean(x[m, :]^2) + eps), where m = n, or
/// m = rows[n] when `selectRows`.
/// Bindings: x f32 (rows `inputStride` elements apart), [rows i32 [R]],
/// weight f32 [width], y [N, width] of `output`, [y2 f32 [N, width]].
/// Grid (rows): N, or R when `selectRows`. In place (y = x) is allowed without
/// `selectRows` when output is F32 and the strides agree.
struct RMSNormSpec {
  int64_t width = 0;
  int64_t inputStride = 0; ///< 0 means `width`
  float epsilon = 0;
  FloatType output = FloatType::F32;
  bool secondOutput = false;
  bool selectRows = false;
};
KernelInfo getRMSNormInfo(const RMSNormSpec &spec);
void emitRMSNorm(KernelBuilder &k, const RMSNormSpec &spec);

/// y[i, :] = x[rows[i], :].
/// Bindings: x [N, width], rows i32 [R], y [R, width], both of `element`.
/// Grid (R).
struct GatherRowsSpec {
  int64_t width = 0;
  FloatType element = FloatType::F32;
};
KernelInfo getGatherRowsInfo(const GatherRowsSpec &spec);
void emitGatherRows(KernelBuilder &k, const GatherRowsSpec &spec);

/// What an element-wise kernel computes from a (and b).
enum class ElementwiseKind {
  Cast,   ///< a
  Add,    ///< a + b
  SwiGLU, ///< silu(a) * b
};

/// y[n, i] = f(a[n, aOffset + i], b[n, bOffset + i]).
/// Bindings: a (rows `aStride` apart), [b (rows `bStride` apart)], both of `input`,
/// y [N, width] of `output`. One buffer may be bound as both a and b. Grid (N).
struct ElementwiseSpec {
  ElementwiseKind kind = ElementwiseKind::Cast;
  int64_t width = 0;
  int64_t aStride = 0; ///< 0 means `width`
  int64_t aOffset = 0;
  int64_t bStride = 0; ///< 0 means `width`
  int64_t bOffset = 0;
  FloatType output = FloatType::F32;
  FloatType input = FloatType::F32;
};
KernelInfo getElementwiseInfo(const ElementwiseSpec &spec);
void emitElementwise(KernelBuilder &k, const ElementwiseSpec &spec);

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_ROWKERNELS_H
