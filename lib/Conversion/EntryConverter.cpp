// SPDX-License-Identifier: Apache-2.0
// Walks a function and notes what its plan needs: buffers, extents, lives.
#include "EntryConverter.h"

using namespace mlir;
using namespace hadal;

namespace {
/// Name and extents of the arguments of every entry point, in order.
struct Port {
  StringRef name;
  Extents extents;
};
std::vector<Port> argumentPorts() {
  using plan::Dim;
  return {{"tokens", {Extent::of(Dim::Tokens)}},
          {"positions", {Extent::of(Dim::Tokens)}},
          {"sequence_offsets", {Extent::of(Dim::Sequences, 1)}},
          {"slots", {Extent::of(Dim::Sequences)}},
          {"logit_rows", {Extent::of(Dim::LogitRows)}},
          {"block_table", {Extent::of(Dim::Slots), Extent::of(Dim::PagesPerSlot)}}};
}
} // namespace

LogicalResult EntryConverter::run() {
  if (failed(bindArguments()))
    return failure();
  int64_t step = 0;
  for (Operation &op : function.getBody().front())
    if (failed(visit(op, step++)))
      return failure();
  planner.place();
  return emit();
}

OpBuilder EntryConverter::makeSection() {
  // Sections are kept apart by markers that emit() erases.
  auto marker = plan::ConstantOp::create(builder, function.getLoc(),
                                         builder.getI64IntegerAttr(0));
  markers.push_back(marker);
  return OpBuilder(marker);
}

LogicalResult EntryConverter::bindArguments() {
  std::vector<Port> ports = argumentPorts();
  if (function.getNumArguments() != ports.size())
    return function.emitOpError() << "expected " << ports.size() << " arguments, got "
                                  << function.getNumArguments();
  for (auto [i, port] : llvm::enumerate(ports)) {
    BlockArgument argument = function.getArgument(i);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || type.getRank() != static_cast<int64_t>(port.extents.size()))
      return function.emitOpError() << "expected argument '" << port.name << "' of rank "
                                    << port.extents.size() << ", got " << argument.getType();
    extents[argument] = port.extents;
    buffers[argument] = plan::ArgumentOp::create(buffersAt, function.getLoc(), i, port.name,
                                                 typeOf(argument), sizesOf(argument));
  }
  return success();
}

LogicalResult EntryConverter::visit(Operation &op, int64_t step) {
  for (Value operand : op.getOperands())
    if (auto it = transientOf.find(operand); it != transientOf.end())
      planner.use(it->second, step);
  if (auto param = dyn_cast<ParamOp>(op)) {
    extents[param.getValue()] = staticExtents(typeOf(param.getValue()));
    buffers[param.getValue()] =
        plan::ParameterOp::create(buffersAt, op.getLoc(), param.getNameAttr());
    return success();
  }
  if (auto read = dyn_cast<StateReadOp>(op)) {
    extents[read.getValue()] = staticExtents(typeOf(read.getValue()));
    buffers[read.getValue()] =
        plan::StateOp::create(buffersAt, op.getLoc(), read.getNameAttr());
    return success();
  }
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    // Its rows are those of the step's tokens: the only dynamic empty tensor
    // that decomposition makes.
    Extents result = staticExtents(empty.getType());
    result[0] = Extent::of(plan::Dim::Tokens);
    return defineTransient(empty.getResult(), result, "scratch", step);
  }
  if (isa<tensor::DimOp, arith::ConstantOp>(op))
    return success();
  if (isa<StateWriteOp>(op))
    return success(); // in place, as hadal-verify-model has checked
  if (auto dispatch = dyn_cast<DispatchOp>(op))
    return visitDispatch(dispatch, step);
  if (isa<TapOp>(op)) {
    work.push_back(&op);
    return success();
  }
  if (auto ret = dyn_cast<func::ReturnOp>(op))
    return visitReturn(ret);
  return op.emitOpError("has no place in a plan");
}

LogicalResult EntryConverter::visitDispatch(DispatchOp dispatch, int64_t step) {
  auto executable = symbols.lookup<ExecutableOp>(dispatch.getExecutable());
  if (!executable.getInterface())
    return dispatch.emitOpError() << "expected an interface on executable "
                                  << dispatch.getExecutableAttr() << ", found none";
  for (Value operand : dispatch.getOperands())
    if (!extents.contains(operand))
      return dispatch.emitOpError("expected operands that are arguments, parameters, states or "
                                  "results of dispatches, got another value");
  plan::CountOp count = countOf(executable);
  ArrayAttr constants = executable.getInterface()->getConstants();
  if (!count || count.getBody().getNumArguments() != constants.size())
    return dispatch.emitOpError() << "expected a variant with a plan.count of "
                                  << constants.size() << " constants in executable "
                                  << dispatch.getExecutableAttr() << ", found none";
  for (Attribute constant : constants)
    if (auto dim = dyn_cast<HostDimAttr>(constant); dim && !plan::symbolizeDim(dim.getName()))
      return dispatch.emitOpError() << "expected a dim that the host knows, got " << dim;
  work.push_back(dispatch);
  Operation &op = executable.getBody().getBody().front().front();
  FailureOr<SmallVector<Extents>> shapes = resultExtents(dispatch, executable);
  if (failed(shapes))
    return failure();
  for (auto [i, result] : llvm::enumerate(dispatch.getResults())) {
    auto inPlace = dyn_cast<DestinationStyleOpInterface>(op);
    if (!inPlace) {
      if (result.use_empty() && !isBound(executable, i))
        continue;
      if (failed(defineTransient(result, (*shapes)[i], dispatch.getLabel(), step)))
        return failure();
      continue;
    }
    unsigned operand = inPlace.getTiedOpOperand(op.getResult(i))->getOperandNumber();
    Value destination = dispatch.getOperand(operand);
    // By value: inserting moves what a map's references point to.
    Extents shape = extents.lookup(destination);
    extents[result] = std::move(shape);
    aliasOf[result] = destination;
    if (auto it = transientOf.find(destination); it != transientOf.end()) {
      unsigned transient = it->second;
      transientOf[result] = transient;
    }
  }
  return success();
}

LogicalResult EntryConverter::visitReturn(func::ReturnOp ret) {
  for (auto [i, value] : llvm::enumerate(ret.getOperands())) {
    if (!transientOf.contains(value) || aliasOf.contains(value) || returned.contains(value))
      return ret.emitOpError("expected to return the result of a dispatch, made for this "
                             "alone");
    buffers[value] = plan::ResultOp::create(buffersAt, ret.getLoc(), i, "logits",
                                            typeOf(value), sizesOf(value));
    returned.insert(value);
  }
  return success();
}

LogicalResult EntryConverter::defineTransient(Value value, Extents shape, StringRef name, int64_t step) {
  Extent bytes = Extent::of(typeOf(value).getElementTypeBitWidth() / 8);
  for (const Extent &extent : shape) {
    if (!extent.isStatic() && !bytes.isStatic())
      return emitError(value.getLoc(), "expected at most one dynamic extent in a buffer");
    bytes = extent.isStatic() ? bytes.times(extent.constant) : extent.times(bytes.constant);
  }
  if (!bytes.isStatic() && bytes.constant != 0)
    return emitError(value.getLoc(), "expected a buffer whose size is a multiple of one extent");
  extents[value] = std::move(shape);
  transientOf[value] = planner.add({bytes, step, step});
  transients.push_back({value, name.str()});
  return success();
}

bool EntryConverter::isBound(ExecutableOp executable, unsigned result) {
  int64_t binding = executable.getBody().getNumArguments() + result;
  return llvm::is_contained(executable.getInterface()->getBindings(), binding);
}
