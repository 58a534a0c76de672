// SPDX-License-Identifier: Apache-2.0
// Finds what ops want of the extents of their operands.
#include "Requirements.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;

namespace {
class RequirementFinder {
public:
  RequirementFinder(ExprBuilder &exprs, llvm::function_ref<const Extents *(Value)> extentsOf,
                    SmallVectorImpl<Requirement> &requirements)
      : exprs(exprs), extentsOf(extentsOf), requirements(requirements) {}

  void find(Operation *op) {
    llvm::TypeSwitch<Operation *>(op)
        .Case([&](linalg::LinalgOp linalg) { findLoops(linalg); })
        .Case([&](linalg::SoftmaxOp softmax) { alike(softmax.getInput(), softmax.getOutput()); })
        .Case([&](tensor::ExtractSliceOp slice) { findSlice(slice, slice.getSource()); })
        .Case([&](tensor::InsertSliceOp slice) {
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
  }

private:
  void equal(const Extent &a, const Extent &b) { requirements.push_back({a, b, true}); }
  void atMost(const Extent &a, const Extent &b) { requirements.push_back({a, b, false}); }

  std::optional<Extent> evaluate(OpFoldResult size) { return exprs.evaluate(size, extentsOf); }
  std::optional<Extent> extent(Value tensor, unsigned axis) {
    const Extents *extents = extentsOf(tensor);
    return extents && (*extents)[axis].isKnown ? std::optional((*extents)[axis]) : std::nullopt;
  }
  bool isCount(const Extent &extent) {
    return !extent.isKnown || (extent.constant >= 0 && extent.factor >= 0 &&
                               (!extent.unit || exprs.isNonNegative(extent.unit)));
  }

  static Extent add(const Extent &a, int64_t b) { return {a.unit, a.factor, a.constant + b}; }

  void alike(Value a, Value b) {
    for (int64_t axis = 0; axis < cast<RankedTensorType>(a.getType()).getRank(); ++axis)
      if (std::optional<Extent> x = extent(a, axis), y = extent(b, axis); x && y)
        equal(*x, *y);
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
    SmallVector<std::optional<Extent>> loops(op.getNumLoops());
    auto forIndices = [&](llvm::function_ref<void(AffineExpr, const Extent &)> visit) {
      for (OpOperand &operand : op->getOpOperands())
        if (isa<RankedTensorType>(operand.get().getType()))
          for (auto [axis, expr] :
               llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults()))
            if (std::optional<Extent> known = extent(operand.get(), axis))
              visit(expr, *known);
    };
    forIndices([&](AffineExpr expr, const Extent &extent) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop)
        return;
      std::optional<Extent> &first = loops[loop.getPosition()];
      if (first)
        equal(*first, extent);
      else
        first = extent;
    });
    forIndices([&](AffineExpr expr, const Extent &extent) {
      if (isa<AffineDimExpr>(expr))
        return;
      if (std::optional<Extent> last = greatest(expr, loops))
        atMost(add(*last, 1), extent);
    });
  }

  /// The greatest value of an index that grows with its loops.
  std::optional<Extent> greatest(AffineExpr expr, ArrayRef<std::optional<Extent>> loops) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return Extent::of(constant.getValue());
    if (auto loop = dyn_cast<AffineDimExpr>(expr)) {
      const std::optional<Extent> &count = loops[loop.getPosition()];
      return count ? std::optional(add(*count, -1)) : std::nullopt;
    }
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!binary)
      return std::nullopt;
    auto by = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (expr.getKind() == AffineExprKind::Mod && by)
      return Extent::of(by.getValue() - 1);
    std::optional<Extent> a = greatest(binary.getLHS(), loops),
                          b = greatest(binary.getRHS(), loops);
    if (!a || !b || (by && by.getValue() < 0))
      return std::nullopt;
    if (expr.getKind() == AffineExprKind::Add && b->isStatic())
      return add(*a, b->constant);
    if (expr.getKind() == AffineExprKind::Mul && b->isStatic())
      return a->times(b->constant);
    plan::ExprKind kind;
    switch (expr.getKind()) {
    case AffineExprKind::Add: kind = plan::ExprKind::Add; break;
    case AffineExprKind::Mul: kind = plan::ExprKind::Mul; break;
    case AffineExprKind::FloorDiv: kind = plan::ExprKind::FloorDiv; break;
    case AffineExprKind::CeilDiv: kind = plan::ExprKind::CeilDiv; break;
    default: return std::nullopt;
    }
    return Extent::of(exprs.expr(kind, exprs.extent(*a), exprs.extent(*b)));
  }

  /// A slice is no longer than what it is of.
  void findSlice(OffsetSizeAndStrideOpInterface slice, Value of) {
    for (auto [axis, size, stride] :
         llvm::enumerate(slice.getMixedSizes(), slice.getMixedStrides())) {
      std::optional<Extent> count = evaluate(size), whole = extent(of, axis);
      std::optional<int64_t> step = getConstantIntValue(stride);
      if (!count || !count->isKnown || !whole || !step || *step < 1 ||
          (count->isStatic() && count->constant == 0))
        continue;
      atMost(add(add(*count, -1).times(*step), 1), *whole);
    }
  }

  void findInserted(tensor::InsertSliceOp slice) {
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    unsigned next = 0;
    for (auto [axis, size] : llvm::enumerate(slice.getMixedSizes())) {
      if (dropped.test(axis))
        continue;
      std::optional<Extent> given = extent(slice.getSource(), next++), wanted = evaluate(size);
      if (given && wanted && wanted->isKnown)
        equal(*wanted, *given);
    }
  }

  void findCast(tensor::CastOp cast) {
    auto type = dyn_cast<RankedTensorType>(cast.getType());
    for (int64_t axis = 0; type && axis < type.getRank(); ++axis)
      if (std::optional<Extent> given = extent(cast.getSource(), axis);
          given && !type.isDynamicDim(axis))
        equal(Extent::of(type.getDimSize(axis)), *given);
  }

  void findExpanded(tensor::ExpandShapeOp expand) {
    SmallVector<OpFoldResult> shape = expand.getMixedOutputShape();
    for (auto [axis, group] : llvm::enumerate(expand.getReassociationIndices())) {
      std::optional<Extent> product = Extent::of(1), given = extent(expand.getSrc(), axis);
      for (int64_t i : group) {
        std::optional<Extent> each = evaluate(shape[i]);
        product = product && each ? std::optional(exprs.multiply(*product, *each)) : std::nullopt;
      }
      if (product && product->isKnown && given)
        equal(*product, *given);
    }
  }

  ExprBuilder &exprs;
  llvm::function_ref<const Extents *(Value)> extentsOf;
  SmallVectorImpl<Requirement> &requirements;
};
} // namespace

void hadal::findRequirements(Operation *op, ExprBuilder &exprs,
                             llvm::function_ref<const Extents *(Value)> extentsOf,
                             SmallVectorImpl<Requirement> &requirements) {
  RequirementFinder(exprs, extentsOf, requirements).find(op);
}
