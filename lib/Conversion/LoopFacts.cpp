// SPDX-License-Identifier: Apache-2.0
// Finds what ops in loops of a body want of extents.
#include "LoopFacts.h"

#include "hadal/IR/Origins.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace hadal;

/// Notes the extents of a tensor in a loop, unknown where the host knows none.
static void noteExtents(Value tensor, ExprBuilder &exprs, llvm::DenseMap<Value, Extents> &known) {
  auto extentsOf = [&](Value value) { return lookUpExtents(known, value); };
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type)
    return;
  Extents extents;
  auto collapse = tensor.getDefiningOp<tensor::CollapseShapeOp>();
  const Extents *parts = collapse ? extentsOf(collapse.getSrc()) : nullptr;
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    if (parts) {
      Extent product = Extent::of(1);
      for (int64_t part : collapse.getReassociationIndices()[axis])
        product = exprs.multiply(product, (*parts)[part]);
      extents.push_back(product);
      continue;
    }
    Origin origin = originOf(tensor, axis);
    const Extents *of = origin.value ? extentsOf(origin.value) : nullptr;
    if (!origin.value)
      extents.push_back(Extent::of(origin.axis));
    else if (origin.axis == Origin::kIndex)
      extents.push_back(exprs.evaluate(origin.value, extentsOf).value_or(Extent::unknown()));
    else
      extents.push_back(of ? (*of)[origin.axis] : Extent::unknown());
  }
  known[tensor] = std::move(extents);
}

/// A step is at least 1.
static void findStep(OpFoldResult step, ExprBuilder &exprs,
                     llvm::function_ref<const Extents *(Value)> extentsOf,
                     SmallVectorImpl<Requirement> &requirements) {
  if (getConstantIntValue(step))
    return;
  if (std::optional<Extent> extent = exprs.evaluate(step, extentsOf); extent && extent->isKnown)
    requirements.push_back({Extent::of(1), *extent, /*areEqual=*/false});
}

Operation *hadal::findLoopRequirements(Operation *op, ExprBuilder &exprs,
                                       llvm::DenseMap<Value, Extents> &known,
                                       SmallVectorImpl<Requirement> &requirements) {
  if (isa<linalg::LinalgOp>(op)) // a region of numbers
    return nullptr;
  auto extentsOf = [&](Value value) { return lookUpExtents(known, value); };
  if (auto loop = dyn_cast<scf::ForOp>(op))
    findStep(loop.getStep(), exprs, extentsOf, requirements);
  if (auto loops = dyn_cast<scf::ForallOp>(op))
    for (OpFoldResult step : loops.getMixedStep())
      findStep(step, exprs, extentsOf, requirements);
  for (Region &region : op->getRegions())
    for (Block &block : region) {
      for (BlockArgument argument : block.getArguments())
        noteExtents(argument, exprs, known);
      for (Operation &inner : block) {
        if (!findRequirements(&inner, exprs, extentsOf, requirements, /*isInLoop=*/true))
          return &inner;
        for (Value result : inner.getResults())
          noteExtents(result, exprs, known);
        if (Operation *untold = findLoopRequirements(&inner, exprs, known, requirements))
          return untold;
      }
    }
  return nullptr;
}
