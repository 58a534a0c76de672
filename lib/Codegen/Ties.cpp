// SPDX-License-Identifier: Apache-2.0
// Notes what linalg wants of arguments' extents before upstream's patterns forget it.
#include "Ties.h"

#include "hadal/IR/HadalDialect.h"
#include "hadal/IR/Origins.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace hadal;

Ties hadal::findTies(func::FuncOp function) {
  Ties ties;
  auto axisOf = [&](const Origin &origin) -> std::optional<std::pair<int64_t, int64_t>> {
    auto argument = dyn_cast_if_present<BlockArgument>(origin.value);
    if (!argument || argument.getOwner() != &function.getBody().front() ||
        origin.axis == Origin::kIndex)
      return std::nullopt;
    return std::pair<int64_t, int64_t>(argument.getArgNumber(), origin.axis);
  };
  function.walk([&](linalg::LinalgOp op) {
    SmallVector<std::optional<std::pair<int64_t, int64_t>>> first(op.getNumLoops());
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<RankedTensorType>(operand.get().getType()))
        continue;
      AffineMap map = op.getMatchingIndexingMap(&operand);
      for (auto [axis, expr] : llvm::enumerate(map.getResults())) {
        auto loop = dyn_cast<AffineDimExpr>(expr);
        auto own = loop ? axisOf(originOf(operand.get(), int64_t(axis))) : std::nullopt;
        if (!own)
          continue;
        auto &other = first[loop.getPosition()];
        if (!other)
          other = own;
        else if (*other != *own)
          ties.insert(std::minmax(*other, *own));
      }
    }
  });
  return ties;
}

void hadal::noteLost(func::FuncOp function, const Ties &before) {
  Ties after = findTies(function);
  Builder builder(function.getContext());
  SmallVector<Attribute> lost;
  for (const auto &[a, b] : before)
    if (!after.count({a, b}))
      lost.push_back(builder.getDenseI64ArrayAttr({a.first, a.second, b.first, b.second}));
  if (!lost.empty())
    function->setAttr(kAlikeAttrName, builder.getArrayAttr(lost));
}
