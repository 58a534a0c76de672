// SPDX-License-Identifier: Apache-2.0
// Keeps indices that the data chooses inside of the tensors that they are of.
//
// An index that is out of range reads the nearest element. What is written there is for the flat
// form to leave out (FlatEmitter); what constants alone show to be outside is refused.
#include "IndexRange.h"
#include "PlainBody.h"

#include "hadal/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace hadal;

/// A constant's elements are chosen between by comparing, one after the other.
static constexpr int64_t kMaxConstantElements = 64;

/// The nearest index of an axis of `tensor`.
static Value nearest(ImplicitLocOpBuilder &b, Value index, Value tensor, int64_t axis) {
  int64_t extent = cast<RankedTensorType>(tensor.getType()).getDimSize(axis);
  std::optional<IndexRange> range = rangeOf(index);
  Value last = ShapedType::isDynamic(extent)
                   ? arith::SubIOp::create(b, tensor::DimOp::create(b, tensor, axis).getResult(),
                                           arith::ConstantIndexOp::create(b, 1).getResult())
                         .getResult()
                   : arith::ConstantIndexOp::create(b, extent - 1).getResult();
  if (!range || ShapedType::isDynamic(extent) || range->most >= extent)
    index = arith::MinSIOp::create(b, index, last);
  // The last of none is before the first.
  if (!range || range->least < 0 || ShapedType::isDynamic(extent))
    index = arith::MaxSIOp::create(b, index, arith::ConstantIndexOp::create(b, 0).getResult());
  return index;
}

void hadal::keepInside(func::FuncOp function) {
  function.walk([](tensor::ExtractOp op) {
    ImplicitLocOpBuilder b(op.getLoc(), op);
    Value tensor = op.getTensor();
    if (llvm::is_contained(op.getTensor().getType().getShape(), 0)) {
      op.replaceAllUsesWith(arith::ConstantOp::create(b, b.getZeroAttr(op.getType())).getResult());
      op.erase();
      return;
    }
    for (auto [axis, operand] : llvm::enumerate(op.getIndicesMutable()))
      if (!isInside(operand.get(), tensor, int64_t(axis)))
        operand.set(nearest(b, operand.get(), tensor, int64_t(axis)));
  });
}

// ---- What constants tell -----------------------------------------------------------

namespace {
/// An axis of a tensor, and where an op touches it first.
struct Touched {
  OpFoldResult index;
  int64_t count, stride, extent;
};
} // namespace

static SmallVector<Touched> touchedBy(Operation *op) {
  SmallVector<Touched> touched;
  auto at = [&](ValueRange indices, RankedTensorType type) {
    for (auto [index, extent] : llvm::zip_equal(indices, type.getShape()))
      touched.push_back({index, 1, 1, extent});
  };
  auto slice = [&](OffsetSizeAndStrideOpInterface op, RankedTensorType type) {
    for (auto [offset, size, stride, extent] : llvm::zip_equal(
             op.getMixedOffsets(), op.getMixedSizes(), op.getMixedStrides(), type.getShape()))
      touched.push_back({offset, getConstantIntValue(size).value_or(1),
                         getConstantIntValue(stride).value_or(1), extent});
  };
  if (auto extract = dyn_cast<tensor::ExtractOp>(op))
    at(extract.getIndices(), extract.getTensor().getType());
  else if (auto insert = dyn_cast<tensor::InsertOp>(op))
    at(insert.getIndices(), insert.getDest().getType());
  else if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op))
    slice(extract, extract.getSourceType());
  else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    slice(insert, insert.getDestType());
  else if (auto insert = dyn_cast<tensor::ParallelInsertSliceOp>(op))
    slice(insert, insert.getDestType());
  return touched;
}

/// Verifies what the flat form has of an op's own: extents, and constants that lie in code.
static LogicalResult verifyOwn(Operation *op) {
  if (auto empty = dyn_cast<tensor::EmptyOp>(op))
    for (Value size : empty.getDynamicSizes())
      if (std::optional<int64_t> known = getConstantIntValue(size); known && *known < 0)
        return op->emitOpError() << "expected extents of at least 0, got " << *known;
  auto constant = dyn_cast<arith::ConstantOp>(op);
  auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  if (elements && !elements.isSplat() && elements.getNumElements() > kMaxConstantElements)
    return op->emitOpError() << "expected up to " << kMaxConstantElements
                             << " elements where they differ, got " << elements.getType()
                             << ", which can be an argument";
  return success();
}

/// Whether something else decides that the op runs: then what lies outside may never be touched.
static bool isConditional(Operation *op) {
  return op->getParentOfType<scf::IfOp>() || op->getParentOfType<scf::WhileOp>() ||
         op->getParentOfType<scf::IndexSwitchOp>();
}

LogicalResult hadal::verifyInside(func::FuncOp function) {
  WalkResult walked = function.walk([](Operation *op) {
    if (failed(verifyOwn(op)))
      return WalkResult::interrupt();
    if (isConditional(op))
      return WalkResult::advance();
    for (auto [axis, touched] : llvm::enumerate(touchedBy(op))) {
      std::optional<IndexRange> range = rangeOf(touched.index);
      if (!range || !range->isExact || touched.count == 0 || touched.extent == 0)
        continue;
      int64_t reach = (touched.count - 1) * touched.stride;
      int64_t most = ShapedType::isDynamic(touched.extent) ? INT64_MAX : touched.extent - 1 - reach;
      int64_t wrong = range->least < 0 ? range->least : range->most;
      if (wrong >= 0 && wrong <= most)
        continue;
      auto error = op->emitOpError() << "expected an index of axis " << axis;
      if (most == INT64_MAX)
        error << " of at least 0";
      else
        error << " from 0 to " << most;
      error << ", got " << wrong;
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}
