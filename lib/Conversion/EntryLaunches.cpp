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
    buffers[value] = plan::BufferOp::create(buffersAt, value.getLoc(), name,
                                            planner.offset(number), planner.size(number));
  }
  plan::ArenaOp::create(builder, function.getLoc(), planner.arenaSize());
  WhenAttr condition;
  OpBuilder at = builder;
  for (Operation *op : work) {
    auto dispatch = dyn_cast<DispatchOp>(op);
    WhenAttr when = dispatch ? dispatch.getWhenAttr() : WhenAttr();
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
          ? exprs.expr(plan::ExprKind::Lt, exprs.dim(plan::Dim::MinSequenceTokens), threshold)
          : exprs.expr(plan::ExprKind::Le, threshold, exprs.dim(plan::Dim::MaxSequenceTokens));
  auto branch = plan::BranchOp::create(builder, function.getLoc(), holds);
  return &branch.getThenOps().emplaceBlock();
}

Value EntryConverter::launchConstant(Attribute attr, DispatchOp dispatch) {
  if (auto integer = dyn_cast<IntegerAttr>(attr))
    return exprs.constant(integer.getInt());
  if (auto extent = dyn_cast<ExtentAttr>(attr))
    return exprs.extent(extents[dispatch.getOperand(extent.getOperand())][extent.getAxis()]);
  return exprs.dim(*plan::symbolizeDim(cast<HostDimAttr>(attr).getName()));
}

SmallVector<Value> EntryConverter::grid(plan::CountOp count, ArrayRef<Value> constants) {
  IRMapping values;
  values.map(count.getBody().getArguments(), constants);
  for (Operation &op : count.getBody().front()) {
    if (auto constant = dyn_cast<plan::ConstantOp>(op))
      values.map(constant.getResult(), exprs.constant(constant.getValue()));
    else if (auto expr = dyn_cast<plan::ExprOp>(op))
      values.map(expr.getResult(), exprs.expr(expr.getKind(), values.lookup(expr.getA()),
                                              values.lookup(expr.getB())));
  }
  auto yield = cast<plan::YieldOp>(count.getBody().front().getTerminator());
  return llvm::map_to_vector(yield.getValues(), [&](Value v) { return values.lookup(v); });
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
  auto [flops, bytes] = costs(executable, exprs.extent(extents[dispatch.getOperand(0)][0]));
  SmallVector<Value> extent = grid(countOf(executable), constants);
  constants.resize(interface.getPassed());
  plan::LaunchOp::create(at, dispatch.getLoc(), dispatch.getExecutableAttr(), extent[0],
                         extent[1], extent[2], bindings, constants, dispatch.getLabelAttr(),
                         flops, bytes);
  ++launchCount;
}

plan::CountOp EntryConverter::countOf(ExecutableOp executable) {
  for (auto variant : executable.getContents().front().getOps<VariantOp>())
    for (auto count : variant.getContents().front().getOps<plan::CountOp>())
      return count;
  return {};
}

std::pair<Value, Value> EntryConverter::costs(ExecutableOp executable, Value rows) {
  Operation &op = executable.getBody().getBody().front().front();
  Work cost = cast<ComputeOpInterface>(op).getWork();
  auto mul = [&](Value a, Value b) { return exprs.expr(plan::ExprKind::Mul, a, b); };
  Value perRow = exprs.constant(cost.perRow);
  if (cost.perRowAndKey)
    perRow = exprs.expr(plan::ExprKind::Add, perRow,
                        mul(exprs.dim(plan::Dim::MaxContext), exprs.constant(cost.perRowAndKey)));
  Value flops = cost.perRow || cost.perRowAndKey ? mul(rows, perRow) : exprs.constant(0);
  Value bytes = exprs.constant(cost.fixedBytes);
  if (cost.experts) {
    Value chosen = exprs.expr(plan::ExprKind::Min, exprs.constant(cost.experts),
                              mul(rows, exprs.constant(cost.choices)));
    bytes = exprs.expr(plan::ExprKind::Add, bytes,
                       mul(chosen, exprs.constant(cost.expertBytes)));
  }
  return {flops, bytes};
}

void EntryConverter::emitTap(OpBuilder &at, TapOp tap) {
  plan::TapOp::create(at, tap.getLoc(), tap.getName(), bufferOf(tap.getValue()),
                      typeOf(tap.getValue()), sizesOf(tap.getValue()));
}
