// SPDX-License-Identifier: Apache-2.0
// Verifiers of entry points: their buffers and what they execute.
#include "plan/IR/PlanDialect.h"
#include "plan/IR/Signature.h"

#include "hadal_limits.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::plan;

/// Bytes that buffers begin at multiples of.
static constexpr int64_t kBufferAlignment = 64;

//===-- what an entry point holds ----------------------------------------------===//

/// Verifies that ops are those that an artifact has a place for; `depth` branches are around them.
static LogicalResult verifyContents(Block &block, uint32_t depth) {
  for (Operation &op : block) {
    // entry_c1
    if (!isa<ConstantOp, DimOp, ExtentOp, ExprOp, SelectOp, ArgumentOp, ResultOp, ParameterOp,
             StateOp, BufferOp, ArenaOp, LaunchOp, BranchOp, TapOp>(op))
      return op.emitOpError("expected expressions, buffers, launches, branches and taps in an "
                            "entry point");
    auto branch = dyn_cast<BranchOp>(op);
    if (!branch)
      continue;
    // branch_c1
    if (depth == kMaxBranchDepth)
      return op.emitOpError() << "expected " << kMaxBranchDepth
                              << " branches inside each other at most, got another";
    Region &others = branch.getElseOps();
    if (others.getBlocks().size() > 1)
      return op.emitOpError() << "expected one block of ops for else, got "
                              << others.getBlocks().size();
    if (failed(verifyContents(branch.getThenOps().front(), depth + 1)) ||
        (!others.empty() && failed(verifyContents(others.front(), depth + 1))))
      return failure();
  }
  return success();
}

/// Ports are written in their order, and named by their index.
template <typename PortOp>
static LogicalResult verifyOrder(EntryOp entry) {
  // entry_c2
  for (auto [place, port] : llvm::enumerate(entry.getOps<PortOp>()))
    if (port.getIndex() != place)
      return port.emitOpError() << "expected the index " << place << ", its place, got "
                                << static_cast<int64_t>(port.getIndex());
  return success();
}

LogicalResult EntryOp::verifyRegions() {
  if (failed(verifyContents(getContents().front(), 0)) || failed(verifyOrder<ArgumentOp>(*this)))
    return failure();
  return verifyOrder<ResultOp>(*this);
}

//===-- what it is made of -----------------------------------------------------===//

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

LogicalResult TapOp::verify() {
  // tap_c1
  if (failed(verifySizes(*this, getType(), getSizes().size())))
    return failure();
  // tap_c2
  auto type = cast<RankedTensorType>(getType());
  if (type.getRank() > kMaxRank)
    return emitOpError() << "expected a tensor of rank " << kMaxRank << " at most, got " << type;
  return success();
}

LogicalResult BufferOp::verify() {
  // buffer_c1
  int64_t offset = knownOr(getOffset(), 0), size = knownOr(getSize(), 0);
  if (offset < 0 || offset % kBufferAlignment != 0 || size < 0)
    return emitOpError() << "expected an offset that is a multiple of " << kBufferAlignment
                         << " and a size, neither negative, got " << size << " bytes at " << offset;
  return success();
}

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
