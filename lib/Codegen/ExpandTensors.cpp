// SPDX-License-Identifier: Apache-2.0
// Makes maps of ops whose elements are those of another tensor elsewhere: padded, gathered, packed.
#include "DecomposeOps.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace hadal;

using Indices = SmallVector<Value>;

/// What `element` makes of each index of `out`.
static Value makeElements(OpBuilder &builder, Location loc, Value out,
                          function_ref<Value(ImplicitLocOpBuilder &, const Indices &)> element) {
  int64_t rank = cast<RankedTensorType>(out.getType()).getRank();
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  auto body = [&](OpBuilder &nested, Location at, ValueRange) {
    ImplicitLocOpBuilder b(at, nested);
    Indices own;
    for (int64_t axis = 0; axis < rank; ++axis)
      own.push_back(linalg::IndexOp::create(b, axis));
    linalg::YieldOp::create(b, element(b, own));
  };
  return linalg::GenericOp::create(builder, loc, TypeRange(out.getType()), ValueRange(), out,
                                   builder.getMultiDimIdentityMap(rank), loops, body)
      .getResult(0);
}

static Value asType(OpBuilder &builder, Value value, Type type) {
  return value.getType() == type
             ? value
             : tensor::CastOp::create(builder, value.getLoc(), type, value).getResult();
}

/// The element at an index that may lie before or behind all that there are; then `otherwise`.
static Value elementOr(ImplicitLocOpBuilder &b, Value source, const Indices &index,
                       Value otherwise) {
  Value isThere, value = tensor::ExtractOp::create(b, source, index);
  for (auto [axis, at] : llvm::enumerate(index)) {
    Value extent = tensor::DimOp::create(b, source, int64_t(axis));
    // What is before the first is a great number.
    Value isIn = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, at, extent);
    isThere = isThere ? arith::AndIOp::create(b, isThere, isIn).getResult() : isIn;
  }
  return isThere ? arith::SelectOp::create(b, isThere, value, otherwise).getResult() : value;
}

LogicalResult hadal::expandPad(tensor::PadOp op, RewriterBase &rewriter) {
  ReifiedRankedShapedTypeDims shapes;
  if (failed(reifyResultShapes(rewriter, op, shapes)))
    return op.emitOpError("expected extents that operands tell");
  Location loc = op.getLoc();
  RankedTensorType type = op.getResultType();
  SmallVector<OpFoldResult> low = op.getMixedLowPad();
  Value out = tensor::EmptyOp::create(rewriter, loc, shapes.front(), type.getElementType());
  Value result =
      makeElements(rewriter, loc, out, [&](ImplicitLocOpBuilder &b, const Indices &own) -> Value {
        Indices from;
        for (auto [index, before] : llvm::zip_equal(own, low))
          from.push_back(
              arith::SubIOp::create(b, index, getValueOrCreateConstantIndexOp(b, loc, before)));
        IRMapping mapping;
        mapping.map(op.getRegion().getArguments(), own);
        for (Operation &inner : op.getRegion().front().without_terminator())
          b.clone(inner, mapping);
        Value padding = mapping.lookupOrDefault(
            cast<tensor::YieldOp>(op.getRegion().front().getTerminator()).getValue());
        return elementOr(b, op.getSource(), from, padding);
      });
  rewriter.replaceOp(op, asType(rewriter, result, type));
  return success();
}

LogicalResult hadal::expandGather(tensor::GatherOp op, RewriterBase &rewriter) {
  Location loc = op.getLoc();
  Value source = op.getSource(), indices = op.getIndices();
  ArrayRef<int64_t> gathered = op.getGatherDims();
  int64_t sourceRank = op.getSourceType().getRank(), together = op.getIndicesType().getRank() - 1;
  bool keepsAxes = op.getResultType().getRank() == together + sourceRank;
  // As many as there are indices, of what is left of the source.
  SmallVector<OpFoldResult> shape = tensor::getMixedSizes(rewriter, loc, indices),
                            extents = tensor::getMixedSizes(rewriter, loc, source);
  shape.pop_back();
  for (int64_t axis = 0; axis < sourceRank; ++axis)
    if (!llvm::is_contained(gathered, axis))
      shape.push_back(extents[axis]);
    else if (keepsAxes)
      shape.push_back(rewriter.getIndexAttr(1));
  Value out = tensor::EmptyOp::create(rewriter, loc, shape, op.getSourceType().getElementType());
  Value result =
      makeElements(rewriter, loc, out, [&](ImplicitLocOpBuilder &b, const Indices &own) -> Value {
        Indices at(own.begin(), own.begin() + together), from;
        const Value *next = own.begin() + together;
        for (int64_t axis = 0; axis < sourceRank; ++axis) {
          const int64_t *place = llvm::find(gathered, axis);
          if (place == gathered.end()) {
            from.push_back(*next++);
            continue;
          }
          next += keepsAxes;
          at.push_back(arith::ConstantIndexOp::create(b, place - gathered.begin()));
          Value index = tensor::ExtractOp::create(b, indices, at);
          at.pop_back();
          from.push_back(b.createOrFold<arith::IndexCastOp>(b.getIndexType(), index));
        }
        return tensor::ExtractOp::create(b, source, from);
      });
  rewriter.replaceOp(op, asType(rewriter, result, op.getResultType()));
  return success();
}

/// The axis of which tiles are the outer axis `number` of what is packed.
static int64_t outerAxis(ArrayRef<int64_t> permutation, int64_t number) {
  return permutation.empty() ? number : permutation[number];
}

LogicalResult hadal::expandPack(linalg::PackOp op, RewriterBase &rewriter) {
  Location loc = op.getLoc();
  Value source = op.getSource(), padding = op.getPaddingValue();
  int64_t rank = cast<RankedTensorType>(source.getType()).getRank();
  SmallVector<OpFoldResult> tiles = op.getMixedTiles();
  auto element = [&](ImplicitLocOpBuilder &b, const Indices &own) -> Value {
    Indices from(rank);
    for (int64_t i = 0; i < rank; ++i)
      from[outerAxis(op.getOuterDimsPerm(), i)] = own[i];
    for (auto [i, axis] : llvm::enumerate(op.getInnerDimsPos())) {
      Value tile = getValueOrCreateConstantIndexOp(b, loc, tiles[i]);
      from[axis] = arith::AddIOp::create(b, arith::MulIOp::create(b, from[axis], tile),
                                         own[rank + int64_t(i)]);
    }
    if (padding)
      return elementOr(b, source, from, padding);
    return tensor::ExtractOp::create(b, source, from);
  };
  rewriter.replaceOp(op, makeElements(rewriter, loc, op.getDest(), element));
  return success();
}

LogicalResult hadal::expandUnpack(linalg::UnPackOp op, RewriterBase &rewriter) {
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> tiles = op.getMixedTiles();
  auto element = [&](ImplicitLocOpBuilder &b, const Indices &own) -> Value {
    Indices outer(own), from, inner;
    for (auto [tileOf, axis] : llvm::zip_equal(tiles, op.getInnerDimsPos())) {
      Value tile = getValueOrCreateConstantIndexOp(b, loc, tileOf);
      outer[axis] = arith::DivUIOp::create(b, own[axis], tile);
      inner.push_back(arith::RemUIOp::create(b, own[axis], tile));
    }
    for (int64_t i = 0, rank = int64_t(own.size()); i < rank; ++i)
      from.push_back(outer[outerAxis(op.getOuterDimsPerm(), i)]);
    llvm::append_range(from, inner);
    return tensor::ExtractOp::create(b, op.getSource(), from);
  };
  rewriter.replaceOp(op, makeElements(rewriter, loc, op.getDest(), element));
  return success();
}
