// SPDX-License-Identifier: Apache-2.0
// Which ops one kernel chooses experts and sorts by them for.
#include "KernelFrame.h"
#include "LaneBodies.h"

#include "hadal/Target/CUDA/RouteKernels.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

/// One workgroup routes and sorts: not where a step brings prompts.
static bool isOfFewTokens(Operation *op) {
  auto function = op->getParentOfType<func::FuncOp>();
  return !function || entryRoleOf(function) != plan::EntryRole::Step;
}

std::optional<LaneBody> hadal::cuda::matchRoute(ArrayRef<Operation *> ops) {
  auto route = dyn_cast<MoeRouteOp>(ops.front());
  auto group = dyn_cast<MoeGroupOp>(ops.back());
  if (ops.size() != size_t(!!route) + size_t(!!group))
    return std::nullopt;
  RouteSpec spec;
  spec.routes = bool(route);
  spec.sorts = bool(group);
  LaneBody body;
  if (route) {
    RankedTensorType logits = typeOf(route.getLogits());
    if (logits.isDynamicDim(1))
      return std::nullopt;
    spec.experts = logits.getDimSize(1);
    spec.topK = int64_t(route.getTopK());
    spec.scoring = route.getScoring();
    spec.groupRule = route.getGroupRule();
    spec.groups = int64_t(route.getNGroup());
    spec.keptGroups = int64_t(route.getTopkGroup());
    spec.normalise = route.getNormalise();
    spec.scale = route.getScale().convertToDouble();
    body.operands.push_back(route.getLogits());
    if (Value bias = route.getBias()) {
      spec.bias = typeOf(bias).getElementType();
      if (!isRowElement(spec.bias))
        return std::nullopt;
      body.operands.push_back(bias);
    }
    body.results = {route.getWeights(), route.getIds()};
  }
  if (group) {
    bool isOfRoute = route && group.getIds() == route.getIds() &&
                     int64_t(group.getExperts()) == spec.experts && isOfFewTokens(route);
    RankedTensorType ids = typeOf(group.getIds());
    if ((route && !isOfRoute) || ids.isDynamicDim(1))
      return std::nullopt;
    spec.experts = int64_t(group.getExperts());
    spec.topK = ids.getDimSize(1);
    if (!route)
      body.operands.push_back(group.getIds());
    body.results.append({group.getOffsets(), group.getRows()});
  }
  if (!isRoutable(spec))
    return std::nullopt;
  body.constants = {{body.operands.front(), 0}};
  Value ids = route ? route.getIds() : Value();
  body.emit = [spec, ids](OpBuilder &builder, Location loc, StringRef name,
                          ArrayRef<Value> written) mutable {
    spec.name = name.str();
    spec.storesIds = llvm::is_contained(written, ids);
    return emitRoute(builder, loc, spec);
  };
  return body;
}
