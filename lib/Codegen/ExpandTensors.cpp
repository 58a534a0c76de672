// SPDX-License-Identifier: Apache-2.0
// Makes maps and insertions of tensor.pad and tensor.concat.
#include "PlainBody.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace hadal;

/// Each element is one of the source, or what it is padded with.
LogicalResult hadal::expandPad(tensor::PadOp op, RewriterBase &rewriter) {
  ReifiedRankedShapedTypeDims shapes;
  if (failed(reifyResultShapes(rewriter, op, shapes)))
    return op.emitOpError("expected extents that operands tell");
  Location loc = op.getLoc();
  RankedTensorType type = op.getResultType();
  SmallVector<OpFoldResult> low = op.getMixedLowPad();
  Value out = tensor::EmptyOp::create(rewriter, loc, shapes.front(), type.getElementType());
  AffineMap all = rewriter.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
  auto body = [&](OpBuilder &nested, Location at, ValueRange) {
    ImplicitLocOpBuilder b(at, nested);
    SmallVector<Value> own, from;
    Value isThere;
    for (int64_t axis = 0; axis < type.getRank(); ++axis) {
      own.push_back(linalg::IndexOp::create(b, axis));
      Value before = getValueOrCreateConstantIndexOp(b, at, low[axis]);
      from.push_back(arith::SubIOp::create(b, own[axis], before));
      Value extent = tensor::DimOp::create(b, op.getSource(), axis);
      // What is before the first is a great number.
      Value isIn = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, from[axis], extent);
      isThere = isThere ? arith::AndIOp::create(b, isThere, isIn).getResult() : isIn;
    }
    IRMapping mapping;
    mapping.map(op.getRegion().getArguments(), own);
    for (Operation &inner : op.getRegion().front().without_terminator())
      b.clone(inner, mapping);
    Value padding = mapping.lookupOrDefault(
        cast<tensor::YieldOp>(op.getRegion().front().getTerminator()).getValue());
    Value value = tensor::ExtractOp::create(b, op.getSource(), from);
    if (isThere)
      value = arith::SelectOp::create(b, isThere, value, padding);
    linalg::YieldOp::create(b, value);
  };
  Value result = linalg::GenericOp::create(rewriter, loc, TypeRange(out.getType()), ValueRange(),
                                           out, all, loops, body)
                     .getResult(0);
  if (result.getType() != type)
    result = tensor::CastOp::create(rewriter, loc, type, result);
  rewriter.replaceOp(op, result);
  return success();
}

/// Each input is inserted into the result; but for the axis, all are like the first.
LogicalResult hadal::expandConcat(tensor::ConcatOp op, RewriterBase &rewriter) {
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
