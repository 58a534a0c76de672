// SPDX-License-Identifier: Apache-2.0
// Follows an index to constants and loops.
#include "IndexRange.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace hadal;

namespace {
/// Of the variable of a loop.
struct LoopBounds {
  OpFoldResult lower, upper, step;
};
} // namespace

/// Those of the loop in scf that a value counts.
static std::optional<LoopBounds> findLoop(Value index) {
  auto argument = dyn_cast<BlockArgument>(index);
  Operation *parent = argument ? argument.getOwner()->getParentOp() : nullptr;
  if (auto loop = dyn_cast_if_present<scf::ForOp>(parent);
      loop && argument == loop.getInductionVar())
    return LoopBounds{loop.getLowerBound(), loop.getUpperBound(), loop.getStep()};
  if (auto loops = dyn_cast_if_present<scf::ForallOp>(parent);
      loops && argument.getArgNumber() < unsigned(loops.getRank())) {
    unsigned axis = argument.getArgNumber();
    return LoopBounds{loops.getMixedLowerBound()[axis], loops.getMixedUpperBound()[axis],
                      loops.getMixedStep()[axis]};
  }
  return std::nullopt;
}

static std::optional<IndexRange> rangeOfLoop(const LoopBounds &loop) {
  std::optional<int64_t> lower = getConstantIntValue(loop.lower),
                         upper = getConstantIntValue(loop.upper),
                         step = getConstantIntValue(loop.step);
  if (!lower || !upper || !step || *step < 1 || *upper <= *lower)
    return std::nullopt;
  return IndexRange{*lower, *lower + (*upper - 1 - *lower) / *step * *step, true};
}

/// Of ops that grow with their operands, or fall with the second.
static std::optional<IndexRange> rangeOfOp(Operation *op) {
  std::optional<IndexRange> a = rangeOf(op->getOperand(0)), b = rangeOf(op->getOperand(1));
  if (isa<arith::RemUIOp>(op) && b && b->least == b->most && b->least > 0)
    return IndexRange{0, b->most - 1, false};
  if (isa<arith::MinUIOp>(op) && (a || b)) {
    // What is negative is a great number: at most the other one.
    auto isCount = [](const std::optional<IndexRange> &x) { return x && x->least >= 0; };
    if (isCount(a) && isCount(b))
      return IndexRange{std::min(a->least, b->least), std::min(a->most, b->most), false};
    if (isCount(a) || isCount(b))
      return IndexRange{0, (isCount(a) ? a : b)->most, false};
  }
  if (!a || !b)
    return std::nullopt;
  bool isExact = (a->isExact && b->least == b->most) || (b->isExact && a->least == a->most);
  IndexRange range{0, 0, isExact};
  bool exceeds = false;
  if (isa<arith::AddIOp>(op)) {
    exceeds = llvm::AddOverflow(a->least, b->least, range.least) ||
              llvm::AddOverflow(a->most, b->most, range.most);
  } else if (isa<arith::SubIOp>(op)) {
    exceeds = llvm::SubOverflow(a->least, b->most, range.least) ||
              llvm::SubOverflow(a->most, b->least, range.most);
  } else if (isa<arith::MulIOp>(op) && a->least >= 0 && b->least >= 0) {
    exceeds = llvm::MulOverflow(a->least, b->least, range.least) ||
              llvm::MulOverflow(a->most, b->most, range.most);
  } else if (isa<arith::DivUIOp, arith::DivSIOp>(op) && a->least >= 0 && b->least > 0) {
    range = {a->least / b->most, a->most / b->least, isExact};
  } else {
    return std::nullopt;
  }
  return exceeds ? std::nullopt : std::optional(range);
}

std::optional<IndexRange> hadal::rangeOf(OpFoldResult folded) {
  if (std::optional<int64_t> constant = getConstantIntValue(folded))
    return IndexRange{*constant, *constant, true};
  Value index = cast<Value>(folded);
  if (std::optional<LoopBounds> loop = findLoop(index))
    return rangeOfLoop(*loop);
  Operation *op = index.getDefiningOp();
  if (auto loop = dyn_cast_if_present<linalg::IndexOp>(op)) {
    auto around = cast<linalg::LinalgOp>(op->getParentOp());
    int64_t extent = around.getStaticLoopRanges()[loop.getDim()];
    return extent > 0 ? std::optional(IndexRange{0, extent - 1, true}) : std::nullopt;
  }
  bool isIndex = op && op->getNumOperands() == 2 && op->getNumResults() == 1 &&
                 op->getResult(0).getType().isIndex();
  return isIndex ? rangeOfOp(op) : std::nullopt;
}

/// Whether a bound of a loop is the extent of an axis.
static bool isExtent(OpFoldResult bound, Value shaped, int64_t axis) {
  auto value = dyn_cast<Value>(bound);
  Operation *op = value ? value.getDefiningOp() : nullptr;
  if (!isa_and_present<tensor::DimOp, memref::DimOp>(op) || op->getOperand(0) != shaped)
    return false;
  return getConstantIntValue(op->getOperand(1)) == axis;
}

bool hadal::isOfPages(Value shaped, int64_t axis) {
  while (auto cast = shaped.getDefiningOp<memref::CastOp>())
    shaped = cast.getSource();
  auto argument = dyn_cast<BlockArgument>(shaped);
  auto function =
      argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()) : func::FuncOp();
  auto pages =
      function ? function->getAttrOfType<DenseI64ArrayAttr>(kPagesAttrName) : DenseI64ArrayAttr();
  return axis == 0 && pages && llvm::is_contained(pages.asArrayRef(), argument.getArgNumber());
}

bool hadal::isInside(Value index, Value shaped, int64_t axis) {
  if (isOfPages(shaped, axis))
    return true;
  int64_t extent = cast<ShapedType>(shaped.getType()).getDimSize(axis);
  if (!ShapedType::isDynamic(extent)) {
    std::optional<IndexRange> range = rangeOf(index);
    return range && range->least >= 0 && range->most < extent;
  }
  if (std::optional<LoopBounds> loop = findLoop(index)) {
    std::optional<int64_t> lower = getConstantIntValue(loop->lower);
    return lower && *lower >= 0 && isExtent(loop->upper, shaped, axis);
  }
  auto loop = index.getDefiningOp<linalg::IndexOp>();
  auto around = loop ? dyn_cast<linalg::LinalgOp>(loop->getParentOp()) : linalg::LinalgOp();
  if (!around)
    return false;
  for (OpOperand &operand : around->getOpOperands())
    if (operand.get() == shaped && around.getMatchingIndexingMap(&operand).getResult(axis) ==
                                       getAffineDimExpr(loop.getDim(), index.getContext()))
      return true;
  return false;
}
