// SPDX-License-Identifier: Apache-2.0
// Turns entry points and executables into a plan.
#include "hadal/Conversion/Passes.h"

#include "BufferPlanner.h"
#include "ExprBuilder.h"

#include "hadal/Target/Target.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_CONVERTTOPLANPASS
#include "hadal/Conversion/Passes.h.inc"

namespace {
using Extents = SmallVector<Extent>;

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

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

/// Converts one function to a plan.entry.
class EntryConverter {
public:
  EntryConverter(func::FuncOp function, SymbolTable &symbols, plan::EntryOp entry)
      : function(function), symbols(symbols), entry(entry),
        builder(OpBuilder::atBlockEnd(&entry.getContents().front())),
        exprs(makeSection(), function.getLoc()), buffersAt(makeSection()), planner(exprs) {}

  LogicalResult run() {
    if (failed(bindArguments()))
      return failure();
    int64_t step = 0;
    for (Operation &op : function.getBody().front())
      if (failed(visit(op, step++)))
        return failure();
    planner.place();
    return emit();
  }

  int64_t launchCount = 0;
  int64_t bufferCount() const { return transients.size(); }

private:
  /// A place to insert at that stays before everything appended later.
  OpBuilder makeSection() {
    // Sections are kept apart by markers that emit() erases.
    auto marker = plan::ConstantOp::create(builder, function.getLoc(),
                                           builder.getI64IntegerAttr(0));
    markers.push_back(marker);
    return OpBuilder(marker);
  }

  LogicalResult bindArguments() {
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

  /// The expressions of the dynamic extents of a value.
  SmallVector<Value> sizesOf(Value value) {
    SmallVector<Value> sizes;
    for (auto [extent, size] : llvm::zip(extents[value], typeOf(value).getShape()))
      if (ShapedType::isDynamic(size))
        sizes.push_back(exprs.extent(extent));
    return sizes;
  }

  static Extents staticExtents(RankedTensorType type) {
    Extents result;
    for (int64_t extent : type.getShape())
      result.push_back(Extent::of(extent));
    return result;
  }

  LogicalResult visit(Operation &op, int64_t step) {
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

  LogicalResult defineTransient(Value value, Extents shape, StringRef name, int64_t step) {
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

  LogicalResult visitDispatch(DispatchOp dispatch, int64_t step) {
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

  static bool isBound(ExecutableOp executable, unsigned result) {
    int64_t binding = executable.getBody().getNumArguments() + result;
    return llvm::is_contained(executable.getInterface()->getBindings(), binding);
  }

  /// Extents of the results, from those of the operands and what the body's op
  /// says of its shapes.
  FailureOr<SmallVector<Extents>> resultExtents(DispatchOp dispatch, ExecutableOp executable) {
    Operation &op = executable.getBody().getBody().front().front();
    auto reify = dyn_cast<ReifyRankedShapedTypeOpInterface>(op);
    ReifiedRankedShapedTypeDims shapes;
    OpBuilder scratch(&op);
    scratch.setInsertionPointAfter(&op);
    if (!reify || failed(reify.reifyResultShapes(scratch, shapes)))
      return op.emitOpError("expected shapes of results that operands tell");
    SmallVector<Extents> result;
    LogicalResult status = success();
    for (auto &shape : shapes) {
      Extents &list = result.emplace_back();
      for (OpFoldResult size : shape) {
        FailureOr<Extent> extent = evaluate(dispatch, size);
        if (failed(extent))
          status = op.emitOpError("expected extents that are multiples of an operand's");
        list.push_back(failed(extent) ? Extent() : *extent);
      }
    }
    while (op.getNextNode() && !isa<func::ReturnOp>(op.getNextNode()))
      eraseUnused(op.getNextNode());
    if (failed(status))
      return failure();
    return result;
  }

  /// Erases the ops that reification left behind the op, last one first.
  static void eraseUnused(Operation *op) {
    while (!op->use_empty())
      op = *op->getUsers().begin();
    op->erase();
  }

  FailureOr<Extent> evaluate(DispatchOp dispatch, OpFoldResult size) {
    if (auto attr = dyn_cast<Attribute>(size))
      return Extent::of(cast<IntegerAttr>(attr).getInt());
    Value value = cast<Value>(size);
    if (auto constant = value.getDefiningOp<arith::ConstantIndexOp>())
      return Extent::of(constant.value());
    if (auto dim = value.getDefiningOp<tensor::DimOp>()) {
      auto argument = cast<BlockArgument>(dim.getSource());
      return extents[dispatch.getOperand(argument.getArgNumber())][*dim.getConstantIndex()];
    }
    if (auto mul = value.getDefiningOp<arith::MulIOp>()) {
      FailureOr<Extent> a = evaluate(dispatch, mul.getLhs()), b = evaluate(dispatch, mul.getRhs());
      if (failed(a) || failed(b) || (!a->isStatic() && !b->isStatic()))
        return failure();
      return b->isStatic() ? a->times(b->constant) : b->times(a->constant);
    }
    return failure();
  }

  LogicalResult visitReturn(func::ReturnOp ret) {
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

  Value bufferOf(Value value) {
    if (auto it = aliasOf.find(value); it != aliasOf.end())
      return bufferOf(it->second);
    return buffers.lookup(value);
  }

  LogicalResult emit() {
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

  Block *makeBranch(WhenAttr when) {
    Value threshold = exprs.constant(when.getThreshold());
    Value holds =
        when.getBound() == SequenceBound::AnyShorter
            ? exprs.expr(plan::ExprKind::Lt, exprs.dim(plan::Dim::MinSequenceTokens), threshold)
            : exprs.expr(plan::ExprKind::Le, threshold, exprs.dim(plan::Dim::MaxSequenceTokens));
    auto branch = plan::BranchOp::create(builder, function.getLoc(), holds);
    return &branch.getThenOps().emplaceBlock();
  }

  Value launchConstant(Attribute attr, DispatchOp dispatch) {
    if (auto integer = dyn_cast<IntegerAttr>(attr))
      return exprs.constant(integer.getInt());
    if (auto extent = dyn_cast<ExtentAttr>(attr))
      return exprs.extent(extents[dispatch.getOperand(extent.getOperand())][extent.getAxis()]);
    return exprs.dim(*plan::symbolizeDim(cast<HostDimAttr>(attr).getName()));
  }

  /// The extents of a grid for the given constants.
  SmallVector<Value> grid(plan::CountOp count, ArrayRef<Value> constants) {
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

  void emitLaunch(OpBuilder &at, DispatchOp dispatch) {
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

  /// The count of all variants, which hadal-verify-kernel has found to be equal.
  static plan::CountOp countOf(ExecutableOp executable) {
    for (auto variant : executable.getContents().front().getOps<VariantOp>())
      for (auto count : variant.getContents().front().getOps<plan::CountOp>())
        return count;
    return {};
  }

  std::pair<Value, Value> costs(ExecutableOp executable, Value rows) {
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

  void emitTap(OpBuilder &at, TapOp tap) {
    plan::TapOp::create(at, tap.getLoc(), tap.getName(), bufferOf(tap.getValue()),
                        typeOf(tap.getValue()), sizesOf(tap.getValue()));
  }

  func::FuncOp function;
  SymbolTable &symbols;
  plan::EntryOp entry;
  OpBuilder builder;
  SmallVector<Operation *> markers;
  ExprBuilder exprs;
  OpBuilder buffersAt;
  BufferPlanner planner;
  DenseMap<Value, Extents> extents;
  DenseMap<Value, Value> buffers;       // what a kernel binds for a value
  DenseMap<Value, Value> aliasOf;       // a result in place: the destination it overwrites
  DenseMap<Value, unsigned> transientOf;
  std::vector<std::pair<Value, std::string>> transients;
  llvm::DenseSet<Value> returned;
  std::vector<Operation *> work;        // dispatches and taps, in order
};

struct ConvertToPlanPass : impl::ConvertToPlanPassBase<ConvertToPlanPass> {
  void runOnOperation() override {
    for (auto program : llvm::to_vector(getOperation().getOps<ProgramOp>()))
      if (failed(convert(program)))
        return signalPassFailure();
  }

  LogicalResult convert(ProgramOp source) {
    const Target *target = lookupTarget(source, source.getTarget().getFamily());
    if (!target)
      return failure();
    for (auto other : getOperation().getOps<plan::ProgramOp>())
      if (other.getSymName() == target->getFamily())
        return source.emitOpError() << "expected one program for target '"
                                    << target->getFamily() << "', found another";
    OpBuilder builder(source);
    auto program = plan::ProgramOp::create(builder, source.getLoc(), target->getFamily(),
                                           target->getKernelABI());
    Block *contents = builder.createBlock(&program.getContents());
    SymbolTable symbols(source);
    if (failed(moveKernels(source, program, *target)))
      return failure();
    for (auto function : source.getContents().getOps<func::FuncOp>()) {
      OpBuilder atEnd = OpBuilder::atBlockEnd(contents);
      auto entry = plan::EntryOp::create(atEnd, function.getLoc(), function.getSymName());
      atEnd.createBlock(&entry.getContents());
      EntryConverter converter(function, symbols, entry);
      if (failed(converter.run()))
        return failure();
      numLaunches += converter.launchCount;
      numBuffers += converter.bufferCount();
    }
    // What is stored and kept stays as it is, before everything else.
    Block::iterator first = contents->begin();
    for (Operation &op : llvm::make_early_inc_range(source.getContents().front()))
      if (op.hasTrait<DeclaresStorage>())
        op.moveBefore(contents, first);
    source.erase();
    return success();
  }

  /// Makes an image for each level, fills it with the kernels of that level, and
  /// declares the executables.
  LogicalResult moveKernels(ProgramOp source, plan::ProgramOp program, const Target &target) {
    auto executables = source.getContents().getOps<ExecutableOp>();
    std::map<std::string, plan::ImageOp> images; // by level
    Block *contents = &program.getContents().front();
    for (auto executable : executables)
      for (auto variant : executable.getContents().front().getOps<VariantOp>()) {
        if (!llvm::is_contained(target.getLevels(), variant.getLevel()))
          return variant.emitOpError() << "expected a level of the target '" << target.getFamily()
                                       << "', got '" << variant.getLevel() << "'";
        images.try_emplace(variant.getLevel().str());
      }
    OpBuilder builder = OpBuilder::atBlockEnd(contents);
    for (auto &[level, image] : images) {
      image = plan::ImageOp::create(builder, source.getLoc(),
                                    (target.getFamily() + "." + level).str(), level);
      OpBuilder inner(&getContext());
      inner.createBlock(&image.getContents());
      ModuleOp::create(inner, source.getLoc());
    }
    SmallVector<Attribute> bestFirst;
    for (StringRef level : target.getLevels())
      if (auto image = images.find(level.str()); image != images.end())
        bestFirst.push_back(FlatSymbolRefAttr::get(image->second.getSymNameAttr()));
    for (auto executable : executables) {
      int64_t scratch = 0;
      for (auto variant : executable.getContents().front().getOps<VariantOp>()) {
        plan::ImageOp image = images[variant.getLevel().str()];
        auto kernels = cast<ModuleOp>(image.getContents().front().front());
        for (Operation &op : llvm::make_early_inc_range(variant.getContents().front()))
          if (!isa<plan::CountOp>(op))
            op.moveBefore(kernels.getBody(), kernels.getBody()->end());
        scratch = std::max<int64_t>(scratch, variant.getScratch());
      }
      if (!executable.getInterface())
        continue; // reported where it is dispatched
      KernelInterfaceAttr interface = *executable.getInterface();
      plan::ExecutableOp::create(
          builder, executable.getLoc(), executable.getSymName(),
          executable.getBody().getBody().front().front().getName().stripDialect(),
          interface.getAccess(), interface.getPassed(), scratch, builder.getArrayAttr(bestFirst));
    }
    return success();
  }
};
} // namespace
} // namespace hadal
