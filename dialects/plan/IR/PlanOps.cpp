// SPDX-License-Identifier: Apache-2.0
// Verifiers of what the host knows: dims and block tables.
#include "plan/IR/PlanDialect.h"

#include "hadal_limits.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace hadal::plan;

// The same as an attribute of an op.
namespace hadal::plan {
static ParseResult parseAccessList(OpAsmParser &parser, AccessListAttr &list) {
  SmallVector<Access> accesses;
  if (failed(parseAccessList(parser, accesses)))
    return failure();
  list = AccessListAttr::get(parser.getContext(), accesses);
  return success();
}

static void printAccessList(OpAsmPrinter &printer, Operation *, AccessListAttr list) {
  printAccessList(printer, list.getValue());
}
} // namespace hadal::plan

#define GET_OP_CLASSES
#include "plan/IR/PlanOps.cpp.inc"

bool hadal::plan::isOfSession(DimKind kind) {
  switch (kind) {
  case DimKind::Slots:
  case DimKind::Capacity:
  case DimKind::PagesPerSlot:
  case DimKind::StepTokens:
  case DimKind::Rank:
  case DimKind::WorldSize:
  case DimKind::SessionValue: return true;
  case DimKind::Tokens:
  case DimKind::Sequences:
  case DimKind::LogitRows:
  case DimKind::MaxSequenceTokens:
  case DimKind::MinSequenceTokens:
  case DimKind::MaxContext:
  case DimKind::CallValue: return false;
  }
  return false;
}

HostDimOp hadal::plan::declarationOf(DimOp dim) {
  return SymbolTable::lookupNearestSymbolFrom<HostDimOp>(dim, dim.getDimAttr());
}

HostDimOp hadal::plan::lookupHostDim(Operation *op, FlatSymbolRefAttr name) {
  for (; op; op = op->getParentOp())
    if (op->hasTrait<OpTrait::SymbolTable>())
      if (auto dim = dyn_cast_or_null<HostDimOp>(SymbolTable::lookupSymbolIn(op, name)))
        return dim;
  return {};
}

HostDimOp hadal::plan::findHostDim(Operation *op, DimKind kind) {
  for (; op; op = op->getParentOp())
    if (op->hasTrait<OpTrait::SymbolTable>())
      for (auto dim : op->getRegion(0).getOps<HostDimOp>())
        if (dim.getKind() == kind)
          return dim;
  return {};
}

LogicalResult HostDimOp::verify() {
  // host_dim_c1
  if (getBlockTableAttr() ? getKind() != DimKind::PagesPerSlot : getKind() == DimKind::PagesPerSlot)
    return emitOpError() << "expected a block table exactly for pages_per_slot, got "
                         << (getBlockTableAttr() ? "one" : "none") << " for "
                         << stringifyDimKind(getKind());
  // host_dim_c2
  bool isCallers = getKind() == DimKind::SessionValue || getKind() == DimKind::CallValue;
  if (!isCallers && (getDefaultValue() || getMinimum() || getMaximum()))
    return emitOpError() << "expected a default and bounds only for session_value and call_value, "
                            "got them for "
                         << stringifyDimKind(getKind());
  // host_dim_c3
  if (getLeast() > getMost())
    return emitOpError() << "expected bounds in order, got from " << getLeast() << " to "
                         << getMost();
  if (getDefaultOrZero() < getLeast() || getDefaultOrZero() > getMost())
    return emitOpError() << "expected a default from " << getLeast() << " to " << getMost()
                         << ", got " << getDefaultOrZero();
  return success();
}

LogicalResult HostDimOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // host_dim_c1
  if (getBlockTableAttr() &&
      !symbols.lookupNearestSymbolFrom<BlockTableOp>(*this, getBlockTableAttr()))
    return emitOpError() << "expected " << getBlockTableAttr() << " to name a plan.block_table";
  return success();
}

LogicalResult BlockTableOp::verify() {
  // block_table_c1
  for (auto [what, count, most] : {std::tuple("a page size", getPageSize(), kMaxPageSize),
                                   std::tuple("tokens a row", getTokensPerRow(), kMaxTokensPerRow)})
    if (count < 1 || count > most)
      return emitOpError() << "expected " << what << " from 1 to " << most << ", got "
                           << static_cast<int64_t>(count);
  return success();
}

LogicalResult DimOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // dim_c1
  if (!symbols.lookupNearestSymbolFrom<HostDimOp>(*this, getDimAttr()))
    return emitOpError() << "expected " << getDimAttr() << " to name a plan.host_dim";
  return success();
}

LogicalResult ExtentOp::verify() {
  // extent_c1
  for (auto argument : getOperation()->getBlock()->getOps<ArgumentOp>())
    if (argument.getIndex() == getArgument() &&
        getAxis() < static_cast<uint64_t>(cast<RankedTensorType>(argument.getType()).getRank()))
      return success();
  return emitOpError() << "expected an axis of an argument of the entry point, got axis "
                       << static_cast<int64_t>(getAxis()) << " of argument "
                       << static_cast<int64_t>(getArgument());
}
