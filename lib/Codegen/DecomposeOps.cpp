// SPDX-License-Identifier: Apache-2.0
// Writes ops of linalg, tensor and scf as others of them.
#include "DecomposeOps.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;

/// Each input is inserted into the result; but for the axis, all are like the first.
static LogicalResult expandConcat(tensor::ConcatOp op, RewriterBase &rewriter) {
  ReifiedRankedShapedTypeDims shapes;
  if (failed(reifyResultShapes(rewriter, op, shapes)))
    return op.emitOpError("expected extents that operands tell");
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  RankedTensorType type = op.getResultType();
  unsigned axis = op.getDim();
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)),
      strides(type.getRank(), b.getIndexAttr(1));
  Value result = tensor::EmptyOp::create(b, shapes.front(), type.getElementType());
  AffineExpr sum = b.getAffineSymbolExpr(0) + b.getAffineSymbolExpr(1);
  for (Value input : op.getInputs()) {
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), input);
    for (int64_t other = 0; other < type.getRank(); ++other)
      if (other != axis && cast<RankedTensorType>(input.getType()).isDynamicDim(other))
        sizes[other] = shapes.front()[other];
    auto shape = llvm::map_to_vector(sizes, [](OpFoldResult size) {
      return getConstantIntValue(size).value_or(ShapedType::kDynamic);
    });
    if (auto wanted = RankedTensorType::get(shape, type.getElementType());
        wanted != input.getType())
      input = tensor::CastOp::create(b, wanted, input);
    result = tensor::InsertSliceOp::create(b, input, result, offsets, sizes, strides);
    offsets[axis] =
        affine::makeComposedFoldedAffineApply(b, b.getLoc(), sum, {offsets[axis], sizes[axis]});
  }
  if (result.getType() != type)
    result = tensor::CastOp::create(b, type, result);
  rewriter.replaceOp(op, result);
  return success();
}

/// A row of all elements in between.
static LogicalResult expandReshape(tensor::ReshapeOp op, RewriterBase &rewriter) {
  auto from = dyn_cast<RankedTensorType>(op.getSource().getType()),
       to = dyn_cast<RankedTensorType>(op.getType());
  for (Type type : {op.getSource().getType(), op.getType()})
    if (!isa<RankedTensorType>(type) || !cast<RankedTensorType>(type).hasStaticShape())
      return op.emitOpError() << "expected extents that are known, got " << type;
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  auto row = RankedTensorType::get({from.getNumElements()}, from.getElementType());
  auto all = [](RankedTensorType type) {
    SmallVector<ReassociationIndices> axes;
    if (type.getRank() > 0)
      axes.push_back(llvm::to_vector(llvm::seq<int64_t>(0, type.getRank())));
    return axes;
  };
  Value value = op.getSource();
  if (from.getRank() == 0)
    value = tensor::ExpandShapeOp::create(b, row, value, all(from));
  else if (from.getRank() > 1)
    value = tensor::CollapseShapeOp::create(b, row, value, all(from));
  if (to.getRank() == 0)
    value = tensor::CollapseShapeOp::create(b, to, value, all(to));
  else if (to.getRank() > 1)
    value = tensor::ExpandShapeOp::create(b, to, value, all(to));
  rewriter.replaceOp(op, value);
  return success();
}

/// Conditions one after the other; the last one's alternative is the default.
static LogicalResult expandSwitch(scf::IndexSwitchOp op, RewriterBase &rewriter) {
  OpBuilder::InsertionGuard guard(rewriter);
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  if (op.getCases().empty()) {
    Block &only = op.getDefaultBlock();
    SmallVector<Value> results(only.getTerminator()->getOperands());
    rewriter.eraseOp(only.getTerminator());
    rewriter.inlineBlockBefore(&only, op);
    rewriter.replaceOp(op, results);
    return success();
  }
  scf::IfOp first, last;
  for (auto [value, region] : llvm::zip_equal(op.getCases(), op.getCaseRegions())) {
    Value wanted = arith::ConstantIndexOp::create(b, value);
    Value isIt = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, op.getArg(), wanted);
    auto next = scf::IfOp::create(b, op.getResultTypes(), isIt, /*addThenBlock=*/false,
                                  /*addElseBlock=*/false);
    next.getThenRegion().takeBody(region);
    if (last)
      scf::YieldOp::create(b, next.getResults());
    else
      first = next;
    last = next;
    if (value != op.getCases().back())
      b.createBlock(&next.getElseRegion());
  }
  last.getElseRegion().takeBody(op.getDefaultRegion());
  rewriter.replaceOp(op, first.getResults());
  return success();
}

static LogicalResult decompose(Operation *op, RewriterBase &rewriter) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](tensor::PadOp pad) { return expandPad(pad, rewriter); })
      .Case([&](tensor::GatherOp gather) { return expandGather(gather, rewriter); })
      .Case([&](linalg::PackOp pack) { return expandPack(pack, rewriter); })
      .Case([&](linalg::UnPackOp unpack) { return expandUnpack(unpack, rewriter); })
      .Case([&](tensor::ConcatOp concat) { return expandConcat(concat, rewriter); })
      .Case([&](tensor::ReshapeOp reshape) { return expandReshape(reshape, rewriter); })
      .Case([&](scf::IndexSwitchOp choice) { return expandSwitch(choice, rewriter); })
      .Case([&](tensor::GenerateOp generate) -> LogicalResult {
        return linalg::rewriteInDestinationPassingStyle(rewriter, generate);
      })
      .Case([&](linalg::SoftmaxOp softmax) -> LogicalResult {
        FailureOr<SmallVector<Value>> parts = softmax.decomposeOperation(rewriter);
        if (failed(parts))
          return softmax.emitOpError("expected an op that can be decomposed");
        rewriter.replaceOp(softmax, *parts);
        return success();
      })
      .Default([](Operation *) { return success(); });
}

LogicalResult hadal::decomposeOps(func::FuncOp function) {
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) {
    if (isa<tensor::PadOp, tensor::GatherOp, linalg::PackOp, linalg::UnPackOp, tensor::ConcatOp,
            tensor::ReshapeOp, scf::IndexSwitchOp, tensor::GenerateOp, linalg::SoftmaxOp>(op))
      ops.push_back(op);
  });
  IRRewriter rewriter(function.getContext());
  for (Operation *op : ops) {
    rewriter.setInsertionPoint(op);
    if (failed(decompose(op, rewriter)))
      return failure();
  }
  return success();
}
