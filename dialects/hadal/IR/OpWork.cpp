// SPDX-License-Identifier: Apache-2.0
// How much work ops are, by what they have in common.
#include "hadal/IR/OpWork.h"

#include "hadal/IR/OpChecks.h"

using namespace mlir;
using namespace hadal;

int64_t hadal::weightBytes(Operation *op) {
  int64_t bytes = 0;
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    Operation *maker = operand.getDefiningOp();
    if (type && type.hasStaticShape() && (!maker || staysInEntry(maker)))
      bytes += storedBytes(type);
  }
  return bytes;
}

int64_t hadal::productOf(Value weight) { return 2 * tensorType(weight).getNumElements(); }

int64_t hadal::productOfOne(Value stack) {
  return productOf(stack) / tensorType(stack).getDimSize(0);
}

Work hadal::weightsOnly(Operation *op) {
  Work work;
  work.fixedBytes = weightBytes(op);
  return work;
}

Work hadal::denseWork(Operation *op, int64_t perRow) {
  Work work = weightsOnly(op);
  work.perRow = perRow;
  return work;
}

Work hadal::sparseWork(Operation *op, Value stack, int64_t choices, int64_t perRow) {
  Work work;
  work.perRow = perRow;
  work.experts = tensorType(stack).getDimSize(0);
  work.choices = choices;
  for (Value operand : op->getOperands())
    if (RankedTensorType type = tensorType(operand); type.hasStaticShape() && type.getRank() == 3)
      work.expertBytes += storedBytes(type) / work.experts;
  return work;
}
