// SPDX-License-Identifier: Apache-2.0
// Emits views, memory and control flow of a bufferised body in the flat form.
#include "FlatEmitter.h"

#include "IndexRange.h"
#include "PlainBody.h"

#include "hadal/IR/HadalDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;

/// Memory that a work item may have in all, in bytes: it is on a stack, or a thread's own.
static constexpr int64_t kMaxItemBytes = 64 << 10;

Value FlatEmitter::scalar(OpFoldResult value) {
  if (auto attr = dyn_cast<Attribute>(value))
    return builder.index(cast<IntegerAttr>(attr).getInt());
  return scalar(cast<Value>(value));
}

FailureOr<FlatView> FlatEmitter::view(Value memref, Operation *user) {
  auto it = views.find(memref);
  if (it != views.end())
    return it->second;
  return user->emitOpError() << "has no flat form: expected a view of an operand, a result or "
                                "memory of its own, got a value of type "
                             << memref.getType();
}

bool FlatEmitter::makeAvailable(Value value) {
  if (scalars.contains(value) || views.contains(value))
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumRegions() != 0 || !isMemoryEffectFree(op) ||
      !llvm::all_of(op->getOperands(), [&](Value operand) { return makeAvailable(operand); }) ||
      failed(emit(op)))
    return false;
  ahead.insert(op);
  return true;
}

LogicalResult FlatEmitter::emit(Block &block) {
  for (Operation &op : block.without_terminator())
    if (!ahead.contains(&op) && failed(emit(&op)))
      return failure();
  return success();
}

LogicalResult FlatEmitter::emit(Operation *op) {
  bool isView = false;
  if (failed(emitView(op, isView)))
    return failure();
  if (isView)
    return success();
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<memref::AllocOp, memref::AllocaOp>([&](auto) { return emitAlloc(op); })
      .Case([&](memref::LoadOp load) { return emitLoad(load); })
      .Case([&](memref::StoreOp store) { return emitStore(store); })
      .Case([&](memref::GetGlobalOp constant) { return emitConstant(constant); })
      .Case<memref::DeallocOp, HostDimOp>([&](auto) { return success(); })
      .Case([&](scf::ForOp loop) { return emitLoop(loop); })
      .Case([&](scf::ForallOp loops) { return emitLoops(loops); })
      .Case([&](scf::WhileOp loop) { return emitWhile(loop); })
      .Case([&](scf::IfOp branch) { return emitBranch(branch); })
      .Case([&](linalg::GenericOp generic) { return emitGeneric(generic); })
      .Default([&](Operation *other) -> LogicalResult {
        auto isMemRef = [](Type type) { return isa<MemRefType>(type); };
        if (other->getNumRegions() != 0 || !isMemoryEffectFree(other) ||
            llvm::any_of(other->getOperandTypes(), isMemRef) ||
            llvm::any_of(other->getResultTypes(), isMemRef))
          return other->emitOpError("has no flat form");
        auto operands = llvm::map_to_vector(other->getOperands(),
                                            [&](Value operand) { return scalar(operand); });
        scalars.map(other->getResults(), builder.apply(other, operands, 1));
        return success();
      });
}

// ---- Views -------------------------------------------------------------------

LogicalResult FlatEmitter::emitView(Operation *op, bool &isView) {
  isView = isa<memref::DimOp, memref::SubViewOp, memref::CollapseShapeOp, memref::ExpandShapeOp,
               memref::CastOp>(op);
  if (!isView)
    return success();
  FailureOr<FlatView> source = view(op->getOperand(0), op);
  if (failed(source))
    return failure();
  FlatView result = *source;
  if (auto dim = dyn_cast<memref::DimOp>(op)) {
    std::optional<int64_t> axis = dim.getConstantIndex();
    if (!axis || *axis < 0 || *axis >= int64_t(source->sizes.size()))
      return dim.emitOpError("expected an axis that is known and there is");
    scalars.map(dim.getResult(), source->sizes[*axis]);
    return success();
  }
  if (auto sub = dyn_cast<memref::SubViewOp>(op)) {
    result.sizes.clear();
    result.strides.clear();
    llvm::SmallBitVector dropped = sub.getDroppedDims();
    for (auto [i, offset, size, stride] :
         llvm::enumerate(sub.getMixedOffsets(), sub.getMixedSizes(), sub.getMixedStrides())) {
      Value along = source->strides[i];
      Value step = scalar(stride);
      Value from = keepInside(sub, i, *source, result.isInside, step);
      result.offset = builder.add(result.offset, builder.mul(from, along));
      if (dropped.test(i))
        continue;
      result.sizes.push_back(scalar(size));
      result.strides.push_back(builder.mul(step, along));
    }
  } else if (auto collapse = dyn_cast<memref::CollapseShapeOp>(op)) {
    result.sizes.clear();
    result.strides.clear();
    ArrayRef<int64_t> shape = collapse.getSrcType().getShape();
    for (ArrayRef<int64_t> group : collapse.getReassociationIndices()) {
      Value size = builder.index(1), stride = source->strides[group.back()];
      for (int64_t i : group) {
        size = builder.mul(size, source->sizes[i]);
        if (shape[i] != 1) // an axis of one element may have any stride
          stride = source->strides[i];
      }
      result.sizes.push_back(size);
      result.strides.push_back(stride);
    }
  } else if (auto expand = dyn_cast<memref::ExpandShapeOp>(op)) {
    OpBuilder attributes(op->getContext());
    SmallVector<OpFoldResult> shape =
        getMixedValues(expand.getStaticOutputShape(), expand.getOutputShape(), attributes);
    result.sizes = llvm::map_to_vector(shape, [&](OpFoldResult size) { return scalar(size); });
    result.strides.resize(shape.size());
    for (auto [group, stride] : llvm::zip(expand.getReassociationIndices(), source->strides)) {
      Value along = stride;
      for (int64_t i : llvm::reverse(group)) {
        result.strides[i] = along;
        along = builder.mul(along, result.sizes[i]);
      }
    }
  }
  define(op->getResult(0), std::move(result));
  return success();
}

/// Whether constants and loops tell that a slice lies inside of an axis.
static bool liesInside(memref::SubViewOp sub, unsigned axis) {
  if (isOfPages(sub.getSource(), axis))
    return true;
  OpFoldResult offset = sub.getMixedOffsets()[axis];
  auto value = dyn_cast<Value>(offset);
  std::optional<int64_t> from = getConstantIntValue(offset),
                         size = getConstantIntValue(sub.getMixedSizes()[axis]),
                         stride = getConstantIntValue(sub.getMixedStrides()[axis]);
  // All of an axis, and the tiles of a work item.
  if (from == 0 && stride == 1 && !size) {
    auto dim = dyn_cast<memref::DimOp>(cast<Value>(sub.getMixedSizes()[axis]).getDefiningOp());
    if (dim && dim.getSource() == sub.getSource() && dim.getConstantIndex() == axis)
      return true;
  }
  if (auto tile = dyn_cast_if_present<BlockArgument>(value))
    if (Operation *loops = tile.getOwner()->getParentOp(); loops->hasAttr(kItemsAttrName))
      return true;
  if (!size || !stride)
    return false;
  if (*size == 1 && value)
    return isInside(value, sub.getSource(), axis);
  std::optional<IndexRange> range = rangeOf(offset);
  int64_t extent = sub.getSourceType().getDimSize(axis);
  return range && range->least >= 0 && !ShapedType::isDynamic(extent) &&
         range->most + (*size - 1) * *stride < extent;
}

Value FlatEmitter::keepInside(memref::SubViewOp sub, unsigned axis, const FlatView &source,
                              Value &isInside, Value &stride) {
  Value offset = scalar(sub.getMixedOffsets()[axis]);
  if (liesInside(sub, axis))
    return offset;
  Value one = builder.index(1), size = scalar(sub.getMixedSizes()[axis]);
  Value reach = builder.mul(builder.sub(size, one), stride);
  Value most = builder.sub(builder.sub(source.sizes[axis], one), reach);
  isInside = builder.both(isInside, builder.isUpTo(offset, most));
  // A slice that is longer than its source has its first element alone. At the level of the
  // function there is none: the host has checked it.
  if (!isa<func::FuncOp>(sub->getParentOp()) && !isConstantIntValue(size, 1)) {
    Value zero = builder.index(0);
    Value isThere = builder.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sge, most, zero);
    stride = builder.createOrFold<arith::SelectOp>(isThere, stride, zero);
  }
  return builder.nearest(offset, most);
}

// ---- Memory ------------------------------------------------------------------

LogicalResult FlatEmitter::emitAlloc(Operation *op) {
  auto type = cast<MemRefType>(op->getResult(0).getType());
  if (!type.hasStaticShape() || !type.getLayout().isIdentity())
    return op->emitOpError() << "expected intermediates of a work item of a size that is known, "
                                "got "
                             << type;
  Type stored = storedTypeOf(type.getElementType());
  int64_t bytes = type.getNumElements() * llvm::divideCeil(stored.getIntOrFloatBitWidth(), 8);
  if (bytes > kMaxItemBytes)
    return op->emitOpError() << "expected intermediates of a work item of up to " << kMaxItemBytes
                             << " bytes, got " << type;
  FlatView result;
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    result.base = memref::AllocaOp::create(
        builder, MemRefType::get({type.getNumElements()}, stored), builder.getI64IntegerAttr(64));
  }
  lieInRows(result, type);
  define(op->getResult(0), std::move(result));
  return success();
}

void FlatEmitter::lieInRows(FlatView &view, MemRefType type) {
  view.element = type.getElementType();
  view.offset = builder.index(0);
  view.strides.resize(type.getRank());
  int64_t stride = 1;
  for (int64_t i = type.getRank() - 1; i >= 0; --i) {
    view.strides[i] = builder.index(stride);
    stride *= type.getDimSize(i);
  }
  for (int64_t size : type.getShape())
    view.sizes.push_back(builder.index(size));
}

LogicalResult FlatEmitter::emitConstant(memref::GetGlobalOp op) {
  auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(op, op.getNameAttr());
  FlatView result;
  result.constant = dyn_cast_if_present<DenseElementsAttr>(
      global ? global.getInitialValue().value_or(Attribute()) : Attribute());
  if (!result.constant)
    return op.emitOpError("has no flat form: expected a constant");
  lieInRows(result, op.getType());
  define(op.getResult(), std::move(result));
  return success();
}

LogicalResult FlatEmitter::emitLoad(memref::LoadOp op) {
  FailureOr<FlatView> from = view(op.getMemref(), op);
  if (failed(from))
    return failure();
  auto indices = llvm::map_to_vector(op.getIndices(), [&](Value i) { return scalar(i); });
  scalars.map(op.getResult(), builder.load(*from, builder.addressOf(*from, indices)));
  return success();
}

LogicalResult FlatEmitter::emitStore(memref::StoreOp op) {
  FailureOr<FlatView> to = view(op.getMemref(), op);
  if (failed(to))
    return failure();
  forgetFills(to->base);
  auto indices = llvm::map_to_vector(op.getIndices(), [&](Value i) { return scalar(i); });
  Value condition = to->isInside;
  for (auto [axis, index] : llvm::enumerate(op.getIndices()))
    if (!isInside(index, op.getMemref(), axis))
      condition = builder.both(
          condition, builder.isUpTo(indices[axis], builder.sub(to->sizes[axis], builder.index(1))));
  Value value = scalar(op.getValue());
  builder.doIf(condition, [&] { builder.store(*to, value, builder.addressOf(*to, indices)); });
  return success();
}

// ---- Control flow ------------------------------------------------------------

/// A loop whose step only the data knows never runs where that is below 1, and ends where it
/// would go round all numbers.
static void boundStep(FlatBuilder &b, Value lower, Value &upper, Value &step) {
  if (getConstantIntValue(step))
    return;
  Value one = arith::ConstantOp::create(b, b.getIntegerAttr(step.getType(), 1));
  Value isForward = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, step, one);
  upper = arith::SelectOp::create(b, isForward, upper, lower);
  step = arith::MinSIOp::create(b, step, b.sub(upper, lower));
  step = arith::MaxSIOp::create(b, step, one);
}

LogicalResult FlatEmitter::emitLoop(scf::ForOp op) {
  for (Type type : op.getResultTypes())
    if (isa<MemRefType>(type))
      return op.emitOpError() << "has no flat form: expected buffers that loops update in place, "
                                 "got one that they carry, of "
                              << type;
  fills.clear();
  auto inits = llvm::map_to_vector(op.getInits(), [&](Value init) { return scalar(init); });
  Value lower = scalar(op.getLowerBound()), upper = scalar(op.getUpperBound()),
        step = scalar(op.getStep());
  boundStep(builder, lower, upper, step);
  LogicalResult status = success();
  SmallVector<Value> results =
      builder.loop(lower, upper, step, inits, [&](Value iv, ValueRange carried) {
        scalars.map(op.getInductionVar(), iv);
        scalars.map(op.getRegionIterArgs(), carried);
        status = emit(*op.getBody());
        return llvm::map_to_vector(
            op.getBody()->getTerminator()->getOperands(),
            [&](Value yielded) { return succeeded(status) ? scalar(yielded) : carried.front(); });
      });
  fills.clear();
  for (auto [result, flat] : llvm::zip_equal(op.getResults(), results))
    scalars.map(result, flat);
  return status;
}

LogicalResult FlatEmitter::emitLoops(scf::ForallOp op) {
  if (!op.getOutputs().empty())
    return op.emitOpError("expected a forall over buffers, got one of tensors");
  fills.clear();
  SmallVector<Value> lower, upper, step;
  for (auto [from, to, by] :
       llvm::zip_equal(op.getMixedLowerBound(), op.getMixedUpperBound(), op.getMixedStep())) {
    lower.push_back(scalar(from));
    upper.push_back(scalar(to));
    step.push_back(scalar(by));
    boundStep(builder, lower.back(), upper.back(), step.back());
  }
  LogicalResult status = success();
  std::function<void(size_t)> nest = [&](size_t axis) {
    if (axis == lower.size()) {
      status = emit(*op.getBody());
      return;
    }
    builder.loop(lower[axis], upper[axis], step[axis], {}, [&](Value iv, ValueRange) {
      scalars.map(op.getInductionVars()[axis], iv);
      nest(axis + 1);
      return SmallVector<Value>();
    });
  };
  nest(0);
  fills.clear();
  return status;
}

static LogicalResult verifyScalars(Operation *op, TypeRange types, StringRef what) {
  for (Type type : types)
    if (isa<MemRefType>(type))
      return op->emitOpError() << "has no flat form: expected a " << what << " scalars, got "
                               << type;
  return success();
}

LogicalResult FlatEmitter::emitWhile(scf::WhileOp op) {
  if (failed(verifyScalars(op, op.getInits().getTypes(), "loop that carries")) ||
      failed(verifyScalars(op, op.getResultTypes(), "loop that carries")))
    return failure();
  fills.clear();
  auto flatOf = [&](ValueRange values) {
    return llvm::map_to_vector(values, [&](Value value) { return scalar(value); });
  };
  auto loop = scf::WhileOp::create(builder, llvm::map_to_vector(op.getResultTypes(), valueTypeOf),
                                   flatOf(op.getInits()), nullptr, nullptr);
  for (auto [from, to] : llvm::zip(op->getRegions(), loop->getRegions())) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&to.front());
    scalars.map(from.getArguments(), to.getArguments());
    if (failed(emit(from.front())))
      return failure();
    SmallVector<Value> given = flatOf(from.front().getTerminator()->getOperands());
    if (isa<scf::ConditionOp>(from.front().getTerminator()))
      scf::ConditionOp::create(builder, given.front(), ArrayRef(given).drop_front());
    else
      scf::YieldOp::create(builder, given);
  }
  fills.clear();
  scalars.map(op.getResults(), loop.getResults());
  return success();
}

LogicalResult FlatEmitter::emitBranch(scf::IfOp op) {
  if (failed(verifyScalars(op, op.getResultTypes(), "branch that gives")))
    return failure();
  fills.clear();
  auto branch = scf::IfOp::create(
      builder, llvm::map_to_vector(op.getResultTypes(), valueTypeOf), scalar(op.getCondition()),
      /*addThenBlock=*/true, /*addElseBlock=*/!op.getElseRegion().empty());
  for (auto [from, to] : llvm::zip(op->getRegions(), branch->getRegions())) {
    if (from.empty())
      continue;
    OpBuilder::InsertionGuard guard(builder);
    Block &block = to.front();
    block.clear();
    builder.setInsertionPointToEnd(&block);
    if (failed(emit(from.front())))
      return failure();
    scf::YieldOp::create(builder,
                         llvm::map_to_vector(from.front().getTerminator()->getOperands(),
                                             [&](Value yielded) { return scalar(yielded); }));
  }
  fills.clear();
  scalars.map(op.getResults(), branch.getResults());
  return success();
}

/// The scalar that all elements of the only result become, or null.
static Value findFill(linalg::GenericOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumReductionLoops() != 0 ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isPermutation())
    return {};
  Value yielded = op.getBody()->getTerminator()->getOperand(0);
  auto argument = dyn_cast<BlockArgument>(yielded);
  if (argument && argument.getOwner() == op.getBody())
    yielded = op.getMatchingOpOperand(argument)->get();
  else if (yielded.getParentRegion() == &op.getRegion())
    return {};
  return isa<MemRefType>(yielded.getType()) ? Value() : yielded;
}

LogicalResult FlatEmitter::emitGeneric(linalg::GenericOp op) {
  if (failed(emitLoopsOf(op, *this)))
    return failure();
  for (Value init : op.getDpsInits())
    forgetFills(views.lookup(init).base);
  // What is filled with a scalar and summed up next needs not be read again.
  if (Value fill = findFill(op))
    fills[op.getDpsInits().front()] = scalar(fill);
  return success();
}

void FlatEmitter::forgetFills(Value base) {
  SmallVector<Value> stale;
  for (auto &[memref, fill] : fills)
    if (views.lookup(memref).base == base)
      stale.push_back(memref);
  for (Value memref : stale)
    fills.erase(memref);
}
