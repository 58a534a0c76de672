// SPDX-License-Identifier: Apache-2.0
// Verifiers of the ops of programs and entry points.
#include "plan/IR/PlanDialect.h"
#include "plan/IR/Signature.h"

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

//===-- what the host knows ----------------------------------------------------===//

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
  auto pageSize = static_cast<int64_t>(getPageSize()),
       tokens = static_cast<int64_t>(getTokensPerRow());
  if (pageSize <= 0 || tokens <= 0)
    return emitOpError() << "expected a positive page size and tokens a row, got " << pageSize
                         << " and " << tokens;
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

//===-- entry points -----------------------------------------------------------===//

/// One size for each dynamic extent of `type`.
static LogicalResult verifySizes(Operation *op, Type type, size_t sizes) {
  auto dynamic = static_cast<size_t>(cast<RankedTensorType>(type).getNumDynamicDims());
  if (dynamic == sizes)
    return success();
  return op->emitOpError() << "expected " << dynamic << " sizes for " << type << ", got " << sizes;
}

template <typename PortOp>
static LogicalResult verifyPort(PortOp op, bool isArgument) {
  // port_c1
  if (failed(verifySizes(op, op.getType(), op.getSizes().size())))
    return failure();
  // port_c2
  return verifyPortType([&] { return op.emitOpError(); }, op.getRole(), isArgument,
                        cast<RankedTensorType>(op.getType()));
}

// port_c3
template <typename PortOp>
static LogicalResult verifyBlockTable(PortOp op, SymbolTableCollection &symbols) {
  FlatSymbolRefAttr table = op.getBlockTableAttr();
  if (static_cast<bool>(table) != (op.getRole() == PortRole::BlockTable))
    return op.emitOpError() << "expected a plan.block_table exactly for the role block_table, got "
                            << (table ? "one" : "none") << " for "
                            << stringifyPortRole(op.getRole());
  if (table && !symbols.lookupNearestSymbolFrom<BlockTableOp>(op, table))
    return op.emitOpError() << "expected " << table << " to name a plan.block_table";
  return success();
}

LogicalResult ArgumentOp::verify() { return verifyPort(*this, /*isArgument=*/true); }
LogicalResult ResultOp::verify() { return verifyPort(*this, /*isArgument=*/false); }
LogicalResult ArgumentOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyBlockTable(*this, symbols);
}
LogicalResult ResultOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyBlockTable(*this, symbols);
}

// tap_c1
LogicalResult TapOp::verify() { return verifySizes(*this, getType(), getSizes().size()); }

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // launch_c1
  auto executable = symbols.lookupNearestSymbolFrom<ExecutableOp>(*this, getExecutableAttr());
  if (!executable)
    return emitOpError() << "expected " << getExecutableAttr() << " to name a plan.executable";
  // launch_c2
  size_t bindings = executable.getAccess().getValue().size();
  if (bindings != getBindings().size() || executable.getConstantCount() != getConstants().size())
    return emitOpError() << "expected " << bindings << " bindings and "
                         << executable.getConstantCount() << " constants, got "
                         << getBindings().size() << " and " << getConstants().size();
  // launch_c3
  for (auto [i, binding, access] :
       llvm::enumerate(getBindings(), executable.getAccess().getValue()))
    if (access != Access::Read && isa_and_present<ArgumentOp, ParameterOp>(binding.getDefiningOp()))
      return emitOpError() << "expected storage that " << getExecutableAttr()
                           << " may write as binding " << i << ", got '"
                           << binding.getDefiningOp()->getName() << "'";
  return success();
}
