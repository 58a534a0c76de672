// SPDX-License-Identifier: Apache-2.0
// Follows extents of tensors to what tells them.
#include "hadal/IR/Origins.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;
using namespace hadal;

/// The tensor that a value has all extents of, or null.
static Value findAlike(Value tensor) {
  if (auto argument = dyn_cast<BlockArgument>(tensor)) {
    Operation *loop = argument.getOwner()->getParentOp();
    if (auto forall = dyn_cast<scf::ForallOp>(loop))
      return forall.getTiedOpOperand(argument)->get();
    if (auto once = dyn_cast<scf::ForOp>(loop)) // buffers are updated in place
      return once.getTiedLoopInit(argument)->get();
    return {};
  }
  auto result = cast<OpResult>(tensor);
  Operation *op = result.getOwner();
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return loop.getTiedLoopInit(result)->get();
  if (auto inPlace = dyn_cast<DestinationStyleOpInterface>(op)) {
    OpOperand *tied = inPlace.getTiedOpOperand(result);
    return tied ? tied->get() : Value();
  }
  if (auto insert = dyn_cast<tensor::InsertOp>(op))
    return insert.getDest();
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return insert.getDest();
  if (auto cast = dyn_cast<tensor::CastOp>(op))
    return cast.getSource();
  if (OpTrait::hasElementwiseMappableTraits(op))
    for (Value operand : op->getOperands())
      if (isa<RankedTensorType>(operand.getType()))
        return operand;
  return {};
}

/// The size that an op says an axis has, or null.
static OpFoldResult findSize(Operation *op, int64_t axis) {
  if (auto empty = dyn_cast_if_present<tensor::EmptyOp>(op))
    return empty.getMixedSizes()[axis];
  if (auto expand = dyn_cast_if_present<tensor::ExpandShapeOp>(op))
    return expand.getMixedOutputShape()[axis];
  auto slice = dyn_cast_if_present<tensor::ExtractSliceOp>(op);
  if (!slice)
    return {};
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  for (auto [i, size] : llvm::enumerate(slice.getMixedSizes()))
    if (!dropped.test(i) && axis-- == 0)
      return size;
  return {};
}

Origin hadal::originOf(Value tensor, int64_t axis) {
  while (true) {
    auto type = cast<RankedTensorType>(tensor.getType());
    if (!type.isDynamicDim(axis))
      return {Value(), type.getDimSize(axis)};
    if (OpFoldResult size = findSize(tensor.getDefiningOp(), axis))
      return originOf(size);
    Value alike = findAlike(tensor);
    if (!alike || !isa<RankedTensorType>(alike.getType()))
      return {tensor, axis};
    tensor = alike;
  }
}

Origin hadal::originOf(OpFoldResult size) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return {Value(), *constant};
  auto index = cast<Value>(size);
  auto dim = index.getDefiningOp<tensor::DimOp>();
  std::optional<int64_t> axis = dim ? dim.getConstantIndex() : std::nullopt;
  auto type = dim ? dyn_cast<RankedTensorType>(dim.getSource().getType()) : RankedTensorType();
  if (!axis || !type || *axis < 0 || *axis >= type.getRank())
    return {index, Origin::kIndex};
  return originOf(dim.getSource(), *axis);
}
