// SPDX-License-Identifier: Apache-2.0
// Verifiers of the plan ops.
#include "plan/IR/PlanDialect.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace hadal::plan;

#define GET_OP_CLASSES
#include "plan/IR/PlanOps.cpp.inc"

/// One size for each dynamic extent of `type`.
static LogicalResult verifySizes(Operation *op, Type type, size_t sizes) {
  auto dynamic = static_cast<size_t>(cast<RankedTensorType>(type).getNumDynamicDims());
  if (dynamic == sizes)
    return success();
  return op->emitOpError() << "expected " << dynamic << " sizes for " << type << ", got " << sizes;
}

// port_c1
LogicalResult ArgumentOp::verify() { return verifySizes(*this, getType(), getSizes().size()); }
// port_c1
LogicalResult ResultOp::verify() { return verifySizes(*this, getType(), getSizes().size()); }
// tap_c1
LogicalResult TapOp::verify() { return verifySizes(*this, getType(), getSizes().size()); }

LogicalResult CountOp::verifyRegions() {
  // count_c1
  Block &block = getBody().front();
  for (BlockArgument argument : block.getArguments())
    if (!isa<IntType>(argument.getType()))
      return emitOpError() << "expected arguments of !plan.int, got " << argument.getType();
  auto yield = dyn_cast<YieldOp>(block.back());
  size_t yielded = yield ? yield.getValues().size() : 0;
  if (yielded != 3)
    return emitOpError() << "expected three extents of a grid, got " << yielded;
  // count_c2
  for (Operation &op : block.without_terminator())
    if (!isa<ConstantOp, ExprOp>(op))
      return op.emitOpError("expected constants and expressions in a count");
  return success();
}

LogicalResult ExecutableOp::verify() {
  // executable_c1
  for (int64_t access : getAccess())
    if (access < 0 || access > 2)
      return emitOpError() << "expected an access of 0, 1 or 2, got " << access;
  // executable_c2
  if (static_cast<int64_t>(getConstantCount()) < 0 || static_cast<int64_t>(getScratch()) < 0)
    return emitOpError() << "expected constants and scratch that are not negative, got "
                         << static_cast<int64_t>(getConstantCount()) << " and "
                         << static_cast<int64_t>(getScratch());
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // launch_c1
  auto executable = symbols.lookupNearestSymbolFrom<ExecutableOp>(*this, getExecutableAttr());
  if (!executable)
    return emitOpError() << "expected " << getExecutableAttr() << " to name a plan.executable";
  // launch_c2
  if (executable.getAccess().size() != getBindings().size() ||
      executable.getConstantCount() != getConstants().size())
    return emitOpError() << "expected " << executable.getAccess().size() << " bindings and "
                         << executable.getConstantCount() << " constants, got "
                         << getBindings().size() << " and " << getConstants().size();
  return success();
}
