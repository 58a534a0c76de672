// SPDX-License-Identifier: Apache-2.0
// The dims of the program that an entry point is about.
#include "EntryConverter.h"

using namespace mlir;
using namespace hadal;

plan::HostDimOp EntryConverter::findDim(plan::DimKind kind) {
  for (auto dim : function->getParentRegion()->getOps<plan::HostDimOp>())
    if (dim.getKind() == kind)
      return dim;
  return {};
}

Value EntryConverter::dimOf(plan::DimKind kind) {
  return exprs.dim(FlatSymbolRefAttr::get(findDim(kind).getSymNameAttr()));
}

LogicalResult EntryConverter::verifyConstant(DispatchOp dispatch, Attribute constant) {
  if (auto dim = dyn_cast<HostDimAttr>(constant))
    if (!symbols.lookup<plan::HostDimOp>(dim.getName().getAttr()))
      return dispatch.emitOpError() << "expected " << dim << " to name a plan.host_dim";
  if (auto extent = dyn_cast<ExtentAttr>(constant))
    if (!extents[dispatch.getOperand(extent.getOperand())][extent.getAxis()].isKnown)
      return dispatch.emitOpError() << "expected a constant that the host knows, got " << extent;
  return success();
}

LogicalResult EntryConverter::verifyHostDims(DispatchOp dispatch, const BodyFacts &body) {
  SmallVector<plan::DimKind> kinds;
  if (WhenAttr when = dispatch.getWhenAttr())
    kinds.push_back(when.getBound() == SequenceBound::AnyShorter
                        ? plan::DimKind::MinSequenceTokens
                        : plan::DimKind::MaxSequenceTokens);
  if (body.needsContext())
    kinds.push_back(plan::DimKind::MaxContext);
  for (plan::DimKind kind : kinds)
    if (!findDim(kind))
      return dispatch.emitOpError() << "expected a plan.host_dim of kind "
                                    << plan::stringifyDimKind(kind) << ", found none";
  return success();
}
