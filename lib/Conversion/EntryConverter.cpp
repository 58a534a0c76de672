// SPDX-License-Identifier: Apache-2.0
// Walks a function and notes what its plan needs: buffers, extents, lives.
#include "EntryConverter.h"

using namespace mlir;
using namespace hadal;

/// Of a buffer, or of what it has for each of a dynamic extent: the sum of all that
/// live together is within 63 bits.
static constexpr int64_t kMaxBufferBytes = int64_t(1) << 48;

LogicalResult EntryConverter::run() {
  if (failed(bindArguments()))
    return failure();
  int64_t step = 0;
  for (Operation &op : function.getBody().front())
    if (failed(visit(op, step++)))
      return failure();
  shapes.write(arguments);
  planner.place();
  return emit();
}

OpBuilder EntryConverter::makeSection() {
  // Sections are kept apart by markers that emit() erases.
  auto marker = plan::ConstantOp::create(builder, function.getLoc(), builder.getI64IntegerAttr(0));
  markers.push_back(marker);
  return OpBuilder(marker);
}

LogicalResult EntryConverter::bindArguments() {
  for (BlockArgument argument : function.getArguments()) {
    unsigned number = argument.getArgNumber();
    if (!isa<RankedTensorType>(argument.getType()))
      return function.emitOpError()
             << "expected arguments that are ranked tensors, got " << argument.getType();
    PortAttr port = argumentPortOf(function, number);
    extents[argument] = argumentExtents(argument, port);
    auto bound = plan::ArgumentOp::create(buffersAt, function.getLoc(), number, port.getName(),
                                          port.getRole(), port.getBlockTable(), typeOf(argument),
                                          sizesOf(argument));
    arguments.push_back(bound);
    buffers[argument] = bound;
  }
  if (auto alike = function->getAttrOfType<ArrayAttr>(kAlikeAttrName))
    for (auto pair : alike.getAsRange<DenseI64ArrayAttr>())
      if (failed(requireAlike(pair)))
        return failure();
  return success();
}

LogicalResult EntryConverter::requireAlike(ArrayRef<int64_t> pair) {
  auto extentOf = [&](int64_t argument, int64_t axis) {
    bool isThere = argument < int64_t(function.getNumArguments()) &&
                   axis < typeOf(function.getArgument(argument)).getRank();
    return isThere ? extents[function.getArgument(argument)][axis] : Extent::unknown();
  };
  Requirement areEqual{extentOf(pair[0], pair[1]), extentOf(pair[2], pair[3]), /*areEqual=*/true};
  if (!shapes.require(areEqual))
    return function.emitOpError("expected arguments whose extents agree, got others");
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
    extents[read.getValue()] = stateExtents(read);
    buffers[read.getValue()] = plan::StateOp::create(buffersAt, op.getLoc(), read.getNameAttr());
    return success();
  }
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    Extents result;
    for (OpFoldResult size : empty.getMixedSizes())
      result.push_back(extentOf(size));
    SmallVector<Requirement> requirements;
    findRequirements(
        &op, exprs, [&](Value value) { return lookUpExtents(extents, value); }, requirements);
    for (const Requirement &each : requirements)
      shapes.require(each);
    return defineTransient(empty.getResult(), result, "scratch", step);
  }
  if (isCarried(&op) && staysInEntry(&op))
    return success(); // numbers, of which extents are made
  if (isa<StateWriteOp>(op))
    return success(); // in place, as hadal-verify-model has checked
  if (auto dispatch = dyn_cast<DispatchOp>(op))
    return visitDispatch(dispatch, step);
  if (auto tap = dyn_cast<TapOp>(op)) {
    Extents &known = extents[tap.getValue()];
    auto isUnknown = [](const Extent &extent) { return !extent.isKnown; };
    if (llvm::any_of(known, isUnknown) &&
        (!poolPages(tap.getValue()) || llvm::any_of(llvm::drop_begin(known), isUnknown)))
      return tap.emitOpError() << "expected a value whose extents the host knows, got "
                               << tap.getValue().getType();
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
  for (Attribute constant : executable.getInterface()->getConstants())
    if (failed(verifyConstant(dispatch, constant)))
      return failure();
  FailureOr<BodyFacts> body =
      BodyFacts::find(executable,
                      llvm::map_to_vector(dispatch.getOperands(),
                                          [&](Value operand) { return extents.lookup(operand); }),
                      exprs, dispatch.getLoc());
  if (failed(body) || failed(verifyHostDims(dispatch, *body)))
    return failure();
  if (!llvm::all_of(body->getRequirements(),
                    [&](const Requirement &each) { return shapes.require(each); }))
    return dispatch.emitOpError("expected operands whose extents agree, got others");
  work.push_back(dispatch);
  for (auto [i, result] : llvm::enumerate(dispatch.getResults())) {
    BlockArgument argument = findDestination(executable.getBodyResults()[i]);
    if (!argument) {
      if (result.use_empty() && !isBound(executable, i))
        continue;
      if (failed(defineTransient(result, body->getResults()[i], dispatch.getLabel(), step)))
        return failure();
      continue;
    }
    Value destination = dispatch.getOperand(argument.getArgNumber());
    // By value: inserting moves what a map's references point to.
    Extents shape = extents.lookup(destination);
    extents[result] = std::move(shape);
    aliasOf[result] = destination;
    overwritten.insert(destination);
    if (auto it = transientOf.find(destination); it != transientOf.end()) {
      unsigned transient = it->second;
      transientOf[result] = transient;
    }
  }
  facts.try_emplace(dispatch, std::move(*body));
  return success();
}

LogicalResult EntryConverter::visitReturn(func::ReturnOp ret) {
  for (auto [i, value] : llvm::enumerate(ret.getOperands())) {
    // What was made in place lies where its first destination does.
    Value made = value;
    for (auto it = aliasOf.find(made); it != aliasOf.end(); it = aliasOf.find(made))
      made = it->second;
    if (!transientOf.contains(made) || overwritten.contains(value) || returned.contains(made) ||
        isa_and_present<tensor::EmptyOp>(value.getDefiningOp()))
      return ret.emitOpError("expected to return the result of a dispatch, made for this "
                             "alone");
    PortAttr port = resultPortOf(function, i);
    buffers[made] =
        plan::ResultOp::create(buffersAt, ret.getLoc(), i, port.getName(), port.getRole(),
                               port.getBlockTable(), typeOf(value), sizesOf(value));
    returned.insert(made);
  }
  return success();
}

LogicalResult EntryConverter::defineTransient(Value value, Extents shape, StringRef name,
                                              int64_t step) {
  std::optional<int64_t> elementBytes = bufferBytesOf(typeOf(value).getElementType());
  if (!elementBytes)
    return emitError(value.getLoc())
           << "expected a buffer of numbers that kernels know, got " << value.getType();
  Extent bytes = Extent::of(*elementBytes);
  for (const Extent &extent : shape)
    bytes = exprs.multiply(bytes, extent);
  if (!bytes.isKnown || std::max(bytes.constant, bytes.factor) > kMaxBufferBytes)
    return emitError(value.getLoc())
           << "expected a buffer whose extents the host knows, of " << kMaxBufferBytes
           << " bytes at most for each that is not constant, got " << value.getType();
  extents[value] = std::move(shape);
  transientOf[value] = planner.add({bytes, step, step});
  transients.push_back({value, name.str()});
  return success();
}

bool EntryConverter::isBound(ExecutableOp executable, unsigned result) {
  int64_t binding = executable.getBody().getNumArguments() + result;
  return llvm::is_contained(executable.getInterface()->getBindings(), binding);
}
