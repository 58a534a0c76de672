// SPDX-License-Identifier: Apache-2.0
// Extents of the values of a function that dispatches do not make.
#include "EntryConverter.h"

using namespace mlir;
using namespace hadal;

SmallVector<Value> EntryConverter::sizesOf(Value value) {
  SmallVector<Value> sizes;
  for (auto [extent, size] : llvm::zip(extents[value], typeOf(value).getShape()))
    if (ShapedType::isDynamic(size))
      sizes.push_back(exprs.extent(extent));
  return sizes;
}

Extents EntryConverter::staticExtents(RankedTensorType type) {
  Extents result;
  for (int64_t extent : type.getShape())
    result.push_back(Extent::of(extent));
  return result;
}

Extents EntryConverter::argumentExtents(BlockArgument argument, PortAttr port) {
  Extents result;
  unsigned next = 0;
  for (auto [axis, size] : llvm::enumerate(typeOf(argument).getShape())) {
    if (!ShapedType::isDynamic(size)) {
      result.push_back(Extent::of(size));
      continue;
    }
    PortExtent named = port.getExtents().empty() ? PortExtent() : port.getExtents()[next++];
    result.push_back(named.dim
                         ? Extent::of(exprs.dim(FlatSymbolRefAttr::get(named.dim)), named.plus)
                         : Extent::of(exprs.argumentExtent(argument.getArgNumber(), axis)));
  }
  return result;
}

Extents EntryConverter::stateExtents(StateReadOp read) {
  auto state = symbols.lookup<StateOp>(read.getName());
  Extents result = staticExtents(typeOf(read.getValue()));
  // How many pages there are, only the session knows.
  result[0] = Extent::unknown();
  if (!state || !state.isRing())
    return result;
  if (plan::HostDimOp slots = findDim(plan::DimKind::Slots))
    result[0] = Extent::of(exprs.dim(FlatSymbolRefAttr::get(slots.getSymNameAttr())));
  result[1] = Extent::of(exprs.inlineBlock(state.getRows().front()));
  return result;
}

std::optional<Extent> EntryConverter::poolPages(Value value) {
  for (auto it = aliasOf.find(value); it != aliasOf.end(); it = aliasOf.find(value))
    value = it->second;
  auto read = value.getDefiningOp<StateReadOp>();
  auto state = read ? symbols.lookup<StateOp>(read.getName()) : StateOp();
  plan::HostDimOp slots = findDim(plan::DimKind::Slots);
  if (!state || state.isRing() || !slots)
    return std::nullopt;
  for (auto dim : function->getParentRegion()->getOps<plan::HostDimOp>())
    if (dim.getKind() == plan::DimKind::PagesPerSlot &&
        dim.getBlockTableAttr() == state.getBlockTableAttr())
      return Extent::of(exprs.expr(plan::ExprKind::Mul,
                                   exprs.dim(FlatSymbolRefAttr::get(slots.getSymNameAttr())),
                                   exprs.dim(FlatSymbolRefAttr::get(dim.getSymNameAttr()))));
  return std::nullopt;
}

Extent EntryConverter::extentOf(OpFoldResult size) {
  auto extentsOf = [&](Value value) { return lookUpExtents(extents, value); };
  return exprs.evaluate(size, extentsOf).value_or(Extent::unknown());
}
