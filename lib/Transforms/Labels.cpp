// SPDX-License-Identifier: Apache-2.0
// What ops, and what they make, are called.
#include "hadal/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

/// The location of an op of an expansion: its label, and its number there.
using StepLoc = FusedLocWith<IntegerAttr>;

std::string hadal::labelOf(Operation *op) {
  Location loc = op->getLoc();
  if (auto step = dyn_cast<StepLoc>(loc))
    loc = step.getLocations().front();
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().str();
  return op->getName().stripDialect().str();
}

std::optional<int64_t> hadal::stepOf(Operation *op) {
  if (auto step = dyn_cast<StepLoc>(op->getLoc()))
    return step.getMetadata().getInt();
  return std::nullopt;
}

void hadal::numberSteps(Block::iterator begin, Block::iterator end, const std::string &label) {
  int64_t number = 0;
  for (Operation &op : llvm::make_range(begin, end)) {
    if (staysInEntry(&op) || isCarried(&op))
      continue;
    MLIRContext *context = op.getContext();
    Location name = NameLoc::get(StringAttr::get(context, label));
    op.setLoc(FusedLoc::get({name}, Builder(context).getI64IntegerAttr(number++), context));
  }
}

void hadal::moveValueName(Operation *op, Value replacement) {
  if (Attribute name = op->getAttr(kValueAttrName))
    if (Operation *maker = replacement.getDefiningOp())
      maker->setAttr(kValueAttrName, name);
}

void hadal::tapResults(Operation *op, const std::string &name) {
  OpBuilder builder(op->getContext());
  builder.setInsertionPointAfter(op);
  for (OpResult result : op->getResults()) {
    if (!isa<RankedTensorType>(result.getType()))
      continue;
    unsigned number = result.getResultNumber();
    auto tap = TapOp::create(builder, op->getLoc(),
                             number ? name + "#" + std::to_string(number) : name, result);
    if (Attribute when = op->getAttr(kWhenAttrName))
      tap->setAttr(kWhenAttrName, when);
  }
}
