// SPDX-License-Identifier: Apache-2.0
// Checks and shape reification that several hadal ops share.
#include "hadal/IR/OpChecks.h"

using namespace mlir;
using namespace hadal;

LogicalResult hadal::verifyScale(Operation *op, RankedTensorType weight, Value scale,
                                 std::optional<ArrayRef<int64_t>> block) {
  bool isFp8 = isa<Float8E4M3FNType>(weight.getElementType());
  if (isFp8 != static_cast<bool>(scale))
    return op->emitOpError() << "expected a scale exactly for weights of f8E4M3FN, got "
                             << (scale ? "a" : "no") << " scale for " << weight;
  if (!scale)
    return success();
  if (!block || block->size() != 2 || (*block)[0] <= 0 || (*block)[1] <= 0)
    return op->emitOpError() << "expected an attribute block of two positive extents beside a "
                                "scale, got "
                             << (block ? "[" : "none") << block.value_or(ArrayRef<int64_t>())
                             << (block ? "]" : "");
  SmallVector<int64_t> want(weight.getShape().drop_back(2));
  for (int i = 0; i < 2; ++i)
    want.push_back(llvm::divideCeil(weight.getDimSize(weight.getRank() - 2 + i), (*block)[i]));
  if (tensorType(scale).getShape() != ArrayRef<int64_t>(want))
    return op->emitOpError() << "expected a scale of shape [" << want << "] for blocks of ["
                             << *block << "], got [" << tensorType(scale).getShape() << "]";
  return success();
}

OpFoldResult hadal::extentOf(OpBuilder &builder, Location loc, Value tensor, int64_t dimension) {
  int64_t extent = tensorType(tensor).getDimSize(dimension);
  if (!ShapedType::isDynamic(extent))
    return builder.getIndexAttr(extent);
  return tensor::DimOp::create(builder, loc, tensor, dimension).getResult();
}

void hadal::reifyRowsLike(OpBuilder &builder, Operation *op, Value rows,
                          ReifiedRankedShapedTypeDims &shapes) {
  for (Value result : op->getResults()) {
    RankedTensorType type = tensorType(result);
    SmallVector<OpFoldResult> extents;
    for (int64_t i = 0; i < type.getRank(); ++i)
      extents.push_back(type.isDynamicDim(i)
                            ? extentOf(builder, op->getLoc(), rows, 0)
                            : OpFoldResult(builder.getIndexAttr(type.getDimSize(i))));
    shapes.push_back(std::move(extents));
  }
}
