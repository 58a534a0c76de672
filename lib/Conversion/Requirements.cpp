// SPDX-License-Identifier: Apache-2.0
// Finds what ops want of the extents of their operands.
#include "Requirements.h"

#include "MapRange.h"

#include "hadal/IR/Origins.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;

namespace {
/// An axis of a tensor, or a size.
struct Side {
  std::optional<Extent> extent; // where the host knows it
  Origin origin;
};

class RequirementFinder {
public:
  RequirementFinder(ExprBuilder &exprs, llvm::function_ref<const Extents *(Value)> extentsOf,
                    SmallVectorImpl<Requirement> &requirements, bool isInLoop)
      : exprs(exprs), extentsOf(extentsOf), requirements(requirements), isInLoop(isInLoop) {}

  /// Whether all that is wanted in a loop is known or asked for.
  bool find(Operation *op) {
    llvm::TypeSwitch<Operation *>(op)
        .Case([&](linalg::LinalgOp linalg) { findLoops(linalg); })
        .Case([&](linalg::SoftmaxOp softmax) { alike(softmax.getInput(), softmax.getOutput()); })
        .Case([&](tensor::ExtractSliceOp slice) { findSlice(slice, slice.getSource()); })
        .Case<tensor::InsertSliceOp, tensor::ParallelInsertSliceOp>([&](auto slice) {
          findSlice(slice, slice.getDest());
          findInserted(slice);
        })
        .Case([&](tensor::EmptyOp empty) {
          for (Value size : empty.getDynamicSizes())
            if (std::optional<Extent> extent = evaluate(size); extent && !isCount(*extent))
              atMost(Extent::of(0), *extent);
        })
        .Case([&](tensor::CastOp cast) { findCast(cast); })
        .Case([&](tensor::ExpandShapeOp expand) { findExpanded(expand); })
        .Default([&](Operation *other) {
          if (OpTrait::hasElementwiseMappableTraits(other))
            findElementwise(other);
        });
    return areTold;
  }

private:
  void equal(const Side &a, const Side &b) {
    if (a.extent && b.extent)
      requirements.push_back({*a.extent, *b.extent, true});
    else if (!(a.origin == b.origin))
      areTold = false;
  }
  void atMost(const Extent &a, const Extent &b) { requirements.push_back({a, b, false}); }

  std::optional<Extent> evaluate(OpFoldResult size) {
    std::optional<Extent> extent = exprs.evaluate(size, extentsOf);
    return extent && extent->isKnown ? extent : std::nullopt;
  }
  std::optional<Extent> extent(Value tensor, unsigned axis) {
    const Extents *extents = extentsOf(tensor);
    return extents && (*extents)[axis].isKnown ? std::optional((*extents)[axis]) : std::nullopt;
  }
  Side side(Value tensor, unsigned axis) { return {extent(tensor, axis), originOf(tensor, axis)}; }
  Side side(OpFoldResult size) { return {evaluate(size), originOf(size)}; }

  bool isCount(const Extent &extent) {
    return !extent.isKnown || (extent.constant >= 0 && extent.factor >= 0 &&
                               (!extent.unit || exprs.isNonNegative(extent.unit)));
  }

  static Extent add(const Extent &a, int64_t b) { return {a.unit, a.factor, a.constant + b}; }

  void alike(Value a, Value b) {
    for (int64_t axis = 0; axis < cast<RankedTensorType>(a.getType()).getRank(); ++axis)
      equal(side(a, axis), side(b, axis));
  }

  void findElementwise(Operation *op) {
    Value first;
    for (Value operand : op->getOperands()) {
      if (!isa<RankedTensorType>(operand.getType()))
        continue;
      if (first)
        alike(first, operand);
      else
        first = operand;
    }
  }

  /// Operands that share a loop have its extent; other indices are below that of theirs.
  void findLoops(linalg::LinalgOp op) {
    SmallVector<std::optional<Side>> loops(op.getNumLoops());
    auto forIndices = [&](llvm::function_ref<void(AffineExpr, const Side &)> visit) {
      for (OpOperand &operand : op->getOpOperands())
        if (isa<RankedTensorType>(operand.get().getType()))
          for (auto [axis, expr] :
               llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults()))
            visit(expr, side(operand.get(), axis));
    };
    forIndices([&](AffineExpr expr, const Side &side) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop)
        return;
      std::optional<Side> &first = loops[loop.getPosition()];
      if (first)
        equal(*first, side);
      if (!first || !first->extent)
        first = side;
    });
    auto counts = llvm::map_to_vector(
        loops, [](const std::optional<Side> &loop) { return loop ? loop->extent : std::nullopt; });
    forIndices([&](AffineExpr expr, const Side &side) {
      if (isa<AffineDimExpr>(expr))
        return;
      std::optional<MapRange> range = rangeOfMap(expr, counts, exprs);
      if (!range || !side.extent) {
        areTold = false;
        return;
      }
      if (!isCount(range->least))
        atMost(Extent::of(0), range->least);
      atMost(add(range->most, 1), *side.extent);
    });
  }

  /// A slice is no longer than what it is of; in loops, the flat form sees to it.
  void findSlice(OffsetSizeAndStrideOpInterface slice, Value of) {
    if (isInLoop)
      return;
    for (auto [axis, size, stride] :
         llvm::enumerate(slice.getMixedSizes(), slice.getMixedStrides())) {
      std::optional<Extent> count = evaluate(size), whole = extent(of, axis);
      std::optional<int64_t> step = getConstantIntValue(stride);
      if (!count || !whole || !step || *step < 1 || (count->isStatic() && count->constant == 0))
        continue;
      atMost(add(add(*count, -1).times(*step), 1), *whole);
    }
  }

  template <typename Insert>
  void findInserted(Insert slice) {
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    unsigned next = 0;
    for (auto [axis, size] : llvm::enumerate(slice.getMixedSizes())) {
      if (dropped.test(axis))
        continue;
      equal(side(size), side(slice.getSource(), next++));
    }
  }

  void findCast(tensor::CastOp cast) {
    auto type = dyn_cast<RankedTensorType>(cast.getType());
    for (int64_t axis = 0; type && axis < type.getRank(); ++axis)
      if (int64_t size = type.getDimSize(axis); !ShapedType::isDynamic(size))
        equal({Extent::of(size), {Value(), size}}, side(cast.getSource(), axis));
  }

  void findExpanded(tensor::ExpandShapeOp expand) {
    SmallVector<OpFoldResult> shape = expand.getMixedOutputShape();
    for (auto [axis, group] : llvm::enumerate(expand.getReassociationIndices())) {
      Side product{Extent::of(1), {Value(), 1}}, given = side(expand.getSrc(), axis);
      for (int64_t i : group) {
        Side each = side(shape[i]);
        bool areKnown = product.extent && each.extent;
        product.extent =
            areKnown ? std::optional(exprs.multiply(*product.extent, *each.extent)) : std::nullopt;
        if (product.extent && !product.extent->isKnown)
          product.extent.reset();
        // A product by one is the other; else an index of its own.
        auto isOne = [](const Origin &origin) { return !origin.value && origin.axis == 1; };
        if (!isOne(each.origin))
          product.origin =
              isOne(product.origin) ? each.origin : Origin{expand.getResult(), Origin::kIndex};
      }
      equal(product, given);
    }
  }

  ExprBuilder &exprs;
  llvm::function_ref<const Extents *(Value)> extentsOf;
  SmallVectorImpl<Requirement> &requirements;
  bool isInLoop, areTold = true;
};
} // namespace

bool hadal::findRequirements(Operation *op, ExprBuilder &exprs,
                             llvm::function_ref<const Extents *(Value)> extentsOf,
                             SmallVectorImpl<Requirement> &requirements, bool isInLoop) {
  return RequirementFinder(exprs, extentsOf, requirements, isInLoop).find(op);
}
