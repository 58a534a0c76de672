// SPDX-License-Identifier: Apache-2.0
// Kernels that choose experts and sort what they get, emitted for a configuration.
#ifndef HADAL_TARGET_CUDA_ROUTEKERNELS_H
#define HADAL_TARGET_CUDA_ROUTEKERNELS_H

#include "hadal/IR/HadalDialect.h"
#include "hadal/Target/CUDA/LaneKernel.h"

#include <string>

namespace hadal::cuda {

/// hadal.moe_route, hadal.moe_group of ids that are given, or both.
struct RouteSpec {
  std::string name;
  int64_t experts = 0, topK = 0;
  bool routes = true, sorts = false;
  /// Whether the ids are a result; otherwise, of both, they are in the workspace.
  bool storesIds = true;
  Scoring scoring = Scoring::Softmax;
  GroupRule groupRule = GroupRule::None;
  int64_t groups = 1, keptGroups = 1;
  mlir::Type bias; // its elements; null: none
  bool normalise = false;
  double scale = 1;
};

/// Whether kernels have lanes for the groups, and shared memory for the experts.
bool isRoutable(const RouteSpec &spec);

/// Emits the kernel `spec.name`. Its bindings, as far as there are any: logits, bias (or else ids),
/// weights, ids, offsets, rows. A token is a warp's. What sorts is one workgroup.
LaneLaunch emitRoute(mlir::OpBuilder &builder, mlir::Location loc, const RouteSpec &spec);

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_ROUTEKERNELS_H
