// SPDX-License-Identifier: Apache-2.0
// Finds what ops in loops of a body want of extents.
#include "LoopFacts.h"

#include "Origins.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace hadal;

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
