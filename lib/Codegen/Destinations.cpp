// SPDX-License-Identifier: Apache-2.0
// Sees to it that kernels write over what is theirs, and that results have buffers of their own.
#include "Destinations.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace hadal;

bool hadal::isPlain(Operation *op) {
  return isa<DestinationStyleOpInterface>(op) && !isa<ComputeOpInterface>(op) && belongsInBody(op);
}

bool hadal::isOverwritten(Value value) {
  return llvm::any_of(value.getUses(), [](OpOperand &use) {
    auto writer = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
    return writer && writer.isDpsInit(&use) && !use.get().getDefiningOp<tensor::EmptyOp>();
  });
}

/// Whether each element of a result is one of a loop's iterations, and every one is there.
static bool writesAll(linalg::LinalgOp op, OpOperand &init) {
  AffineMap map = op.getMatchingIndexingMap(&init);
  if (!map.isProjectedPermutation())
    return false;
  // Where another loop never runs, nothing is written.
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  for (auto [loop, extent] : llvm::enumerate(extents))
    if (!map.isFunctionOfDim(loop) && (ShapedType::isDynamic(extent) || extent == 0))
      return false;
  return true;
}

/// Whether what an op is written over is in its result.
static bool readsDestination(OpOperand &init) {
  auto linalg = dyn_cast<linalg::LinalgOp>(init.getOwner());
  return !linalg || linalg.payloadUsesValueFromOperand(&init) || !writesAll(linalg, init);
}

bool hadal::keepsUnread(Operation *op) {
  auto linalg = dyn_cast<linalg::LinalgOp>(op);
  return linalg && llvm::any_of(linalg.getDpsInitsMutable(), [&](OpOperand &init) {
           return !linalg.payloadUsesValueFromOperand(&init) && !writesAll(linalg, init);
         });
}

/// Whether a value, and each view of it, has been read when `writer` runs, which reads no
/// view of it.
static bool isReadBefore(Value value, Operation *writer, bool isView) {
  unsigned own = 0;
  for (Operation *user : value.getUsers()) {
    if (isa<tensor::DimOp>(user))
      continue;
    user = writer->getBlock()->findAncestorOpInBlock(*user);
    if (user == writer) {
      if (isView || ++own > 1) // as an operand, too
        return false;
      continue;
    }
    if (!user->isBeforeInBlock(writer))
      return false;
    bool makesView = isCarried(user) && user->getNumResults() == 1 &&
                     isa<RankedTensorType>(user->getResult(0).getType());
    if (makesView && !isReadBefore(user->getResult(0), writer, /*isView=*/true))
      return false;
  }
  return true;
}

/// Whether a kernel may write over `value` in place of making a copy: it is a buffer of
/// the step, or a state, that nothing reads afterwards.
static bool mayOverwrite(Value value, Operation *writer) {
  Operation *maker = value.getDefiningOp();
  if (!maker || maker->hasTrait<OpTrait::ConstantLike>() || isa<ParamOp>(maker))
    return false;
  if (isCarried(maker)) // empty, or filled by the writer's own kernel
    return isa<tensor::EmptyOp, linalg::FillOp>(maker);
  return isReadBefore(value, writer, /*isView=*/false);
}

/// An empty tensor like `value`.
static Value makeEmpty(ImplicitLocOpBuilder &b, Value value) {
  Value empty = tensor::EmptyOp::create(b, tensor::getMixedSizes(b, b.getLoc(), value),
                                        getElementTypeOrSelf(value));
  if (empty.getType() != value.getType()) // sizes that only constants tell
    empty = tensor::CastOp::create(b, value.getType(), empty);
  return empty;
}

static Value makeCopy(ImplicitLocOpBuilder &b, Value value) {
  return linalg::CopyOp::create(b, value, makeEmpty(b, value)).getResult(0);
}

static void forDestinations(func::FuncOp function, llvm::function_ref<void(OpOperand &)> visit) {
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front()))
    if (isPlain(&op))
      for (OpOperand &init : cast<DestinationStyleOpInterface>(op).getDpsInitsMutable())
        if (isa<RankedTensorType>(init.get().getType()))
          visit(init);
}

void hadal::dropUnread(func::FuncOp function) {
  forDestinations(function, [](OpOperand &init) {
    ImplicitLocOpBuilder b(init.getOwner()->getLoc(), init.getOwner());
    if (!readsDestination(init) && !init.get().getDefiningOp<tensor::EmptyOp>())
      init.set(makeEmpty(b, init.get()));
  });
}

void hadal::copyKept(func::FuncOp function) {
  forDestinations(function, [](OpOperand &init) {
    ImplicitLocOpBuilder b(init.getOwner()->getLoc(), init.getOwner());
    if (!mayOverwrite(init.get(), init.getOwner()))
      init.set(makeCopy(b, init.get()));
  });
}

void hadal::copyReturned(func::FuncOp function) {
  Operation *end = function.getBody().front().getTerminator();
  llvm::DenseSet<Value> returned;
  for (OpOperand &operand : end->getOpOperands()) {
    Value value = operand.get();
    auto type = dyn_cast<RankedTensorType>(value.getType());
    Operation *maker = value.getDefiningOp();
    bool isOwn = returned.insert(value).second && maker &&
                 !maker->hasTrait<OpTrait::ConstantLike>() && !maker->hasTrait<StaysInEntry>() &&
                 !isa<tensor::EmptyOp>(maker);
    if (!type || isOwn)
      continue;
    ImplicitLocOpBuilder b(end->getLoc(), end);
    if (!isa_and_present<tensor::EmptyOp>(maker)) {
      operand.set(makeCopy(b, value));
      continue;
    }
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type.getElementType()));
    Value zeros = linalg::FillOp::create(b, zero, makeEmpty(b, value)).getResult(0);
    operand.set(zeros);
  }
}
