// SPDX-License-Identifier: Apache-2.0
// Writes the launches, branches and taps of a plan.entry.
#include "EntryConverter.h"

using namespace mlir;
using namespace hadal;

Value EntryConverter::bufferOf(Value value) {
  if (auto it = aliasOf.find(value); it != aliasOf.end())
    return bufferOf(it->second);
  return buffers.lookup(value);
}

LogicalResult EntryConverter::emit() {
  for (auto &[value, name] : transients) {
    if (returned.contains(value))
      continue;
    unsigned number = transientOf[value];
    buffers[value] = plan::BufferOp::create(buffersAt, value.getLoc(), name, planner.offset(number),
                                            planner.size(number));
  }
  plan::ArenaOp::create(builder, function.getLoc(), planner.arenaSize());
  WhenAttr condition;
  OpBuilder at = builder;
  for (Operation *op : work) {
    auto dispatch = dyn_cast<DispatchOp>(op);
    WhenAttr when = dispatch ? dispatch.getWhenAttr() : op->getAttrOfType<WhenAttr>(kWhenAttrName);
    if (when != condition) {
      condition = when;
      at = when ? OpBuilder::atBlockEnd(makeBranch(when)) : builder;
    }
    if (dispatch)
      emitLaunch(at, dispatch);
    else
      emitTap(at, cast<TapOp>(op));
  }
  for (Operation *marker : markers)
    marker->erase();
  return success();
}

Block *EntryConverter::makeBranch(WhenAttr when) {
  Value threshold = exprs.constant(when.getThreshold());
  Value holds =
      when.getBound() == SequenceBound::AnyShorter
          ? exprs.expr(plan::ExprKind::Lt, dimOf(plan::DimKind::MinSequenceTokens), threshold)
          : exprs.expr(plan::ExprKind::Le, threshold, dimOf(plan::DimKind::MaxSequenceTokens));
  auto branch = plan::BranchOp::create(builder, function.getLoc(), holds);
  return &branch.getThenOps().emplaceBlock();
}

Value EntryConverter::launchConstant(Attribute attr, DispatchOp dispatch) {
  if (auto integer = dyn_cast<IntegerAttr>(attr))
    return exprs.constant(integer.getInt());
  if (auto extent = dyn_cast<ExtentAttr>(attr))
    return exprs.extent(extents[dispatch.getOperand(extent.getOperand())][extent.getAxis()]);
  return exprs.dim(cast<HostDimAttr>(attr).getName());
}

void EntryConverter::emitLaunch(OpBuilder &at, DispatchOp dispatch) {
  auto executable = symbols.lookup<ExecutableOp>(dispatch.getExecutable());
  KernelInterfaceAttr interface = *executable.getInterface();
  int64_t operands = dispatch.getOperands().size();
  SmallVector<Value> bindings, constants;
  for (int64_t binding : interface.getBindings())
    bindings.push_back(bufferOf(binding < operands ? dispatch.getOperand(binding)
                                                   : dispatch.getResult(binding - operands)));
  for (Attribute constant : interface.getConstants())
    constants.push_back(launchConstant(constant, dispatch));
  auto [flops, bytes] =
      facts.find(dispatch)->second.costs(exprs, [&] { return dimOf(plan::DimKind::MaxContext); });
  plan::LaunchOp::create(at, dispatch.getLoc(), dispatch.getExecutableAttr(), bindings, constants,
                         dispatch.getLabelAttr(), flops, bytes);
  ++launchCount;
}

void EntryConverter::emitTap(OpBuilder &at, TapOp tap) {
  if (!llvm::all_of(extents[tap.getValue()], [](const Extent &extent) { return extent.isKnown; }))
    extents[tap.getValue()].front() = *poolPages(tap.getValue());
  plan::TapOp::create(at, tap.getLoc(), tap.getName(), bufferOf(tap.getValue()),
                      typeOf(tap.getValue()), sizesOf(tap.getValue()));
}
