// SPDX-License-Identifier: Apache-2.0
// Makes the function and the interfaces of a variant in the flat form.
#include "FlatKernel.h"

#include "FlatEmitter.h"

#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Iterators.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace hadal;

namespace {
class KernelWriter {
public:
  KernelWriter(ExecutableOp executable, VariantOp variant, const PlainBody &body, int64_t lanes)
      : executable(executable), body(body), source(body.function),
        b(source.getLoc(), source.getContext()) {
    b.setInsertionPointToEnd(&variant.getContents().front());
    kernel = func::FuncOp::create(b, executable.getSymName(), b.getFunctionType({}, {}));
    entry = kernel.addEntryBlock();
    b.setInsertionPointToStart(entry);
    emitter.emplace(b, entry, lanes);
  }

  LogicalResult write() {
    copiesToLinalg();
    if (failed(verifyReturns()))
      return failure();
    if (failed(addArguments()) || failed(emitBody()))
      return failure();
    // The count of items is the interface's, and returned until that is written.
    auto end = func::ReturnOp::create(b, count);
    dropUnused();
    if (failed(writeInterface()))
      return failure();
    end->setOperands({});
    return success();
  }

private:
  unsigned bodyArguments() { return executable.getBody().getNumArguments(); }
  OperandRange returned() { return source.getBody().front().getTerminator()->getOperands(); }

  void copiesToLinalg();
  LogicalResult verifyReturns();
  LogicalResult addArguments();
  Value addConstant(Attribute constant);
  LogicalResult emitBody();
  LogicalResult emitItem(scf::ForallOp items);
  scf::ForallOp findItems();
  /// What nothing needs, and the arguments that only it has read.
  void dropUnused();
  LogicalResult writeInterface();
  Value planValue(OpBuilder &builder, Block &block, Value value);
  bool isNonNegativeConstant(Attribute constant);

  ExecutableOp executable;
  const PlainBody &body;
  func::FuncOp source, kernel;
  FlatBuilder b;
  Block *entry = nullptr;
  std::optional<FlatEmitter> emitter;
  SmallVector<int64_t> bindings;  // operands of the body, then results
  SmallVector<plan::Access> access;
  SmallVector<Attribute> constants;
  Value item, count;
};

/// What is copied is copied like anything else that is computed.
void KernelWriter::copiesToLinalg() {
  source.walk([&](memref::CopyOp copy) {
    OpBuilder builder(copy);
    if (copy.getSource() != copy.getTarget())
      linalg::makeMemRefCopyOp(builder, copy.getLoc(), copy.getSource(), copy.getTarget());
    copy.erase();
  });
}

LogicalResult KernelWriter::verifyReturns() {
  for (auto [i, buffer] : llvm::enumerate(body.buffers)) {
    Value result = returned()[i];
    while (auto cast = result.getDefiningOp<memref::CastOp>())
      result = cast.getSource();
    if (result != source.getArgument(buffer))
      return executable.emitOpError()
             << "expected result " << i << " to be written in place, got a copy"
             << (buffer < bodyArguments() ? " of an operand" : "");
  }
  return success();
}

/// Buffers first, then what is told of them, then the number of the item.
LogicalResult KernelWriter::addArguments() {
  unsigned operands = bodyArguments();
  SmallVector<FlatView> views;
  for (BlockArgument argument : source.getArguments()) {
    auto type = cast<MemRefType>(argument.getType());
    FlatView view;
    view.element = type.getElementType();
    view.base = entry->addArgument(
        MemRefType::get({ShapedType::kDynamic}, storedTypeOf(view.element)), b.getLoc());
    view.offset = b.index(0);
    views.push_back(view);
    unsigned number = argument.getArgNumber();
    auto result = llvm::find(body.buffers, number);
    bool isWritten = result != body.buffers.end();
    bindings.push_back(number < operands ? number : operands + (result - body.buffers.begin()));
    access.push_back(number >= operands ? plan::Access::Write
                     : isWritten        ? plan::Access::ReadWrite
                                        : plan::Access::Read);
  }
  for (unsigned i = 0; i < operands; ++i)
    for (auto [axis, size] :
         llvm::enumerate(cast<MemRefType>(source.getArgument(i).getType()).getShape()))
      views[i].sizes.push_back(ShapedType::isDynamic(size)
                                   ? addConstant(ExtentAttr::get(b.getContext(), i, axis))
                                   : b.index(size));
  source.walk([&](HostDimOp dim) {
    emitter->define(dim.getValue(),
                    addConstant(HostDimAttr::get(b.getContext(), dim.getNameAttr())));
  });
  item = entry->addArgument(b.getIndexType(), b.getLoc());
  auto define = [&](unsigned number) {
    FlatView &view = views[number];
    view.strides.resize(view.sizes.size());
    Value stride = b.index(1);
    for (size_t axis = view.sizes.size(); axis-- > 0;) {
      view.strides[axis] = stride;
      if (axis)
        stride = b.mul(stride, view.sizes[axis]);
    }
    emitter->define(source.getArgument(number), std::move(view));
  };
  for (unsigned i = 0; i < operands; ++i)
    define(i);
  // The extents of what is made follow from those of operands.
  unsigned next = body.buffers.size();
  for (unsigned i = operands; i < source.getNumArguments(); ++i) {
    for (int64_t size : cast<MemRefType>(source.getArgument(i).getType()).getShape()) {
      if (!ShapedType::isDynamic(size)) {
        views[i].sizes.push_back(b.index(size));
        continue;
      }
      Value extent = returned()[next++];
      if (!emitter->makeAvailable(extent)) {
        auto dim = extent.getDefiningOp<memref::DimOp>();
        Operation *maker = dim ? dim.getSource().getDefiningOp() : nullptr;
        return (maker ? maker : executable)
            ->emitOpError("expected extents of results made of those of operands");
      }
      views[i].sizes.push_back(emitter->scalar(extent));
    }
    define(i);
  }
  return success();
}

Value KernelWriter::addConstant(Attribute constant) {
  unsigned buffers = source.getNumArguments();
  auto it = llvm::find(constants, constant);
  if (it == constants.end()) {
    it = constants.insert(it, constant);
    return entry->addArgument(b.getIndexType(), b.getLoc());
  }
  return entry->getArgument(buffers + (it - constants.begin()));
}

// ---- The function ------------------------------------------------------------------

/// The loops whose iterations are work items: the only ones, around all that is done.
scf::ForallOp KernelWriter::findItems() {
  scf::ForallOp items;
  for (Operation &op : source.getBody().front().without_terminator()) {
    if (isMemoryEffectFree(&op))
      continue;
    auto forall = dyn_cast<scf::ForallOp>(op);
    if (!forall || items || !forall.getOutputs().empty())
      return {};
    items = forall;
  }
  return items;
}

LogicalResult KernelWriter::emitBody() {
  scf::ForallOp items = findItems();
  if (!items) {
    count = b.index(1);
    return emitter->emit(source.getBody().front());
  }
  for (Operation &op : source.getBody().front().without_terminator())
    if (&op != items && !emitter->isEmitted(&op) && failed(emitter->emit(&op)))
      return failure();
  return emitItem(items);
}

LogicalResult KernelWriter::emitItem(scf::ForallOp items) {
  SmallVector<Value> lower, step, extents;
  count = b.index(1);
  for (auto [from, to, by] : llvm::zip_equal(items.getMixedLowerBound(), items.getMixedUpperBound(),
                                             items.getMixedStep())) {
    lower.push_back(emitter->scalar(from));
    step.push_back(emitter->scalar(by));
    extents.push_back(b.ceilDiv(b.sub(emitter->scalar(to), lower.back()), step.back()));
    // Two that are negative are none, too.
    count = b.mul(count, b.createOrFold<arith::MaxSIOp>(extents.back(), b.index(0)));
  }
  Value rest = item;
  for (size_t axis = extents.size(); axis-- > 0;) {
    Value number = axis ? b.rem(rest, extents[axis]) : rest;
    rest = axis ? b.div(rest, extents[axis]) : rest;
    emitter->define(items.getInductionVars()[axis], b.add(lower[axis], b.mul(number, step[axis])));
  }
  return emitter->emit(*items.getBody());
}

void KernelWriter::dropUnused() {
  kernel.walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isOpTriviallyDead(op))
      op->erase();
  });
  llvm::BitVector unused(entry->getNumArguments());
  unsigned next = 0;
  // What is written stays, also where there is nothing to write.
  auto isUnused = [&](auto &) {
    bool isWritten = next < access.size() && access[next] != plan::Access::Read;
    bool isIt = !isWritten && entry->getArgument(next).use_empty();
    if (isIt)
      unused.set(next);
    ++next;
    return isIt;
  };
  llvm::erase_if(bindings, isUnused);
  llvm::erase_if(constants, isUnused);
  for (size_t i = access.size(); i-- > 0;)
    if (unused.test(i))
      access.erase(access.begin() + ptrdiff_t(i));
  entry->eraseArguments(unused);
  kernel.setFunctionType(b.getFunctionType(entry->getArgumentTypes(), {}));
}

// ---- The interfaces ----------------------------------------------------------------

/// An integer of the kernel as an expression over the constants of a launch.
Value KernelWriter::planValue(OpBuilder &builder, Block &block, Value value) {
  Location loc = b.getLoc();
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return plan::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(*constant));
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    int64_t number = int64_t(argument.getArgNumber()) - int64_t(bindings.size());
    return number >= 0 && number < int64_t(constants.size()) ? block.getArgument(number) : Value();
  }
  Operation *op = value.getDefiningOp();
  if (auto divisor = dyn_cast<arith::SelectOp>(op); divisor && op->hasAttr(kDivisorAttrName))
    return planValue(builder, block, divisor.getFalseValue());
  if (!exprKindOf(op))
    return {};
  Value left = planValue(builder, block, op->getOperand(0));
  Value right = left ? planValue(builder, block, op->getOperand(1)) : Value();
  if (!right)
    return {};
  auto isNonNegative = [&](Value value) {
    return plan::isNonNegative(value, [&](Value leaf) {
      auto argument = dyn_cast<BlockArgument>(leaf);
      return argument && isNonNegativeConstant(constants[argument.getArgNumber()]);
    });
  };
  if (isa<arith::MaxSIOp>(op) && plan::constantOf(right) == 0 && isNonNegative(left))
    return left;
  return makeExpr(op, left, right,
                  {[&](int64_t value) -> Value {
                     return plan::ConstantOp::create(builder, loc,
                                                     builder.getI64IntegerAttr(value));
                   },
                   [&](plan::ExprKind kind, Value a, Value b) -> Value {
                     return plan::ExprOp::create(builder, loc, kind, a, b);
                   },
                   [&](Value condition, Value a, Value b) -> Value {
                     return plan::SelectOp::create(builder, loc, condition, a, b);
                   },
                   isNonNegative});
}

/// Whether a constant of a launch is never negative: an extent, or a dim that says so.
bool KernelWriter::isNonNegativeConstant(Attribute constant) {
  if (auto integer = dyn_cast<IntegerAttr>(constant))
    return !integer.getValue().isNegative();
  auto dim = dyn_cast<HostDimAttr>(constant);
  if (!dim)
    return isa<ExtentAttr>(constant);
  plan::HostDimOp declaration = plan::lookupHostDim(executable, dim.getName());
  return declaration && declaration.getLeast() >= 0;
}

LogicalResult KernelWriter::writeInterface() {
  OpBuilder builder(kernel);
  Location loc = b.getLoc();
  executable.setInterfaceAttr(
      KernelInterfaceAttr::get(b.getContext(), bindings, access, builder.getArrayAttr(constants)));
  auto interface = plan::InterfaceOp::create(builder, loc);
  Block *block = builder.createBlock(&interface.getBody());
  for (size_t i = 0; i < constants.size(); ++i)
    block->addArgument(plan::IntType::get(b.getContext()), loc);
  Value items = planValue(builder, *block, count);
  if (!items)
    return executable.emitOpError("expected as many work items as the host can tell");
  Value one = plan::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(1));
  plan::GridOp::create(builder, loc, items, one, one, /*dynamic_shared=*/Value(),
                       /*workspace=*/Value());
  return success();
}
} // namespace

LogicalResult hadal::writeFlatKernel(ExecutableOp executable, VariantOp variant,
                                     const PlainBody &body, int64_t lanes) {
  return KernelWriter(executable, variant, body, lanes).write();
}
