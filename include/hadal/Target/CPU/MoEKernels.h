// SPDX-License-Identifier: Apache-2.0
// Kernels around the experts: routing, grouping rows by expert, weighted
// combine.
#ifndef HADAL_TARGET_CPU_MOEKERNELS_H
#define HADAL_TARGET_CPU_MOEKERNELS_H

#include "hadal/Target/CPU/KernelBuilder.h"
#include "hadal/Target/CPU/KernelInfo.h"

namespace hadal::cpu {

/// How logits become scores.
enum class RouteScore { Softmax, Sigmoid };

/// How the experts of a group give the group's own score.
enum class GroupRule {
  None,     ///< experts are not grouped
  Max,      ///< the largest choice (DeepSeek-V2)
  SumOfTwo, ///< the sum of the two largest (DeepSeek-V3); groups of 2 or more
};

/// Chooses the experts of each token.
///
///   score = softmax(logits) or sigmoid(logits); choice = score (+ bias)
///   experts outside the `keptGroups` groups of largest group score are
///   excluded ids = the topK largest choices, largest first, ties to the lower
///   index weights = score[ids] (/ (sum of them + 1e-20) when `normalize`) *
///   scale
///
/// The ids of a row are distinct and in range whatever the logits hold; a NaN
/// score is chosen last.
///
/// Bindings: logits f32 [N, experts], [bias f32 [experts]], weights f32
/// [N, topK], ids i32 [N, topK]. Grid (N).
struct MoERouteSpec {
  int64_t experts = 0;
  int64_t topK = 0;
  RouteScore score = RouteScore::Softmax;
  bool bias = false;
  GroupRule groupRule = GroupRule::None;
  int64_t groups = 1;
  int64_t keptGroups = 1;
  bool normalize = false;
  float scale = 1;
};
KernelInfo getMoERouteInfo(const MoERouteSpec &spec);
void emitMoERoute(KernelBuilder &k, const MoERouteSpec &spec);

/// Sorts the choices by expert: pair n * topK + rank of expert e is listed in
/// rows[offsets[e] .. offsets[e+1]), in ascending order.
///
/// Bindings: ids i32 [N, topK], offsets i32 [experts + 1], rows i32 [N * topK].
/// Constants: N. Grid (1). Fails with code 1 on an id out of range.
struct MoEGroupSpec {
  int64_t experts = 0;
  int64_t topK = 0;
};
KernelInfo getMoEGroupInfo(const MoEGroupSpec &spec);
void emitMoEGroup(KernelBuilder &k, const MoEGroupSpec &spec);

/// out[n, :] = sum over ranks j, ascending, of weights[n, j] * y[n * topK + j,
/// :], then plus addend[n, :] of each addend in their order.
///
/// Bindings: y f32 [N * topK, width], weights f32 [N, topK], each addend f32
/// [N, width], out f32 [N, width]. Grid (N). `out` may be the buffer of an addend.
struct MoECombineSpec {
  int64_t width = 0;
  int64_t topK = 0;
  int64_t addends = 0; ///< the shared experts and the residual, for example
};
KernelInfo getMoECombineInfo(const MoECombineSpec &spec);
void emitMoECombine(KernelBuilder &k, const MoECombineSpec &spec);

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_MOEKERNELS_H
