// SPDX-License-Identifier: Apache-2.0
// How much work the ops are, for reports and benchmarks.
#include "hadal/IR/HadalDialect.h"
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

/// Multiply-adds, times two, of one row through a weight [.., out, in].
static int64_t product(Value weight) { return 2 * tensorType(weight).getNumElements(); }

/// The same through one expert of a stack.
static int64_t productOfOne(Value stack) {
  return product(stack) / tensorType(stack).getDimSize(0);
}

/// Work of ops whose operations are few next to the bytes that they move.
static Work weightsOnly(Operation *op) {
  Work work;
  work.fixedBytes = weightBytes(op);
  return work;
}

static Work dense(Operation *op, int64_t perRow) {
  Work work = weightsOnly(op);
  work.perRow = perRow;
  return work;
}

/// Work over stacked experts, of which a row reads `choices`.
static Work sparse(Operation *op, Value stack, int64_t choices, int64_t perRow) {
  Work work;
  work.perRow = perRow;
  work.experts = tensorType(stack).getDimSize(0);
  work.choices = choices;
  for (Value operand : op->getOperands())
    if (RankedTensorType type = tensorType(operand); type.hasStaticShape() && type.getRank() == 3)
      work.expertBytes += storedBytes(type) / work.experts;
  return work;
}

//===-- core --------------------------------------------------------------------===//

// Of the table a step reads a row for each token, which is next to nothing.
Work EmbeddingOp::getWork() { return {}; }
Work RmsNormOp::getWork() { return weightsOnly(*this); }
Work LinearOp::getWork() { return dense(*this, product(getWeight())); }
Work GatedLinearOp::getWork() { return dense(*this, product(getGate()) + product(getUp())); }
Work HeadLinearOp::getWork() { return dense(*this, product(getWeight())); }
// These move activations alone.
Work SwigluOp::getWork() { return {}; }
Work RopeOp::getWork() { return {}; }
Work GatherRowsOp::getWork() { return {}; }

//===-- attention ---------------------------------------------------------------===//

Work MlaAppendOp::getWork() { return {}; }

Work MlaAttendAbsorbedOp::getWork() {
  int64_t heads = getHeads(), row = tensorType(getCache()).getDimSize(2);
  int64_t rank = tensorType(getQLatent()).getDimSize(1) / heads;
  Work work;
  work.perRowAndKey = 2 * heads * (row + rank);
  return work;
}

Work MlaAttendExpandedOp::getWork() {
  Work work = weightsOnly(*this);
  work.perRowAndKey =
      2 * (tensorType(getQ()).getDimSize(1) + tensorType(getOut()).getDimSize(1));
  return work;
}

// In absorbed form, whose work does not depend on the tokens of each sequence.
Work MlaAttentionOp::getWork() {
  RankedTensorType uk = tensorType(getWUk());
  int64_t heads = uk.getDimSize(0), rank = uk.getDimSize(2);
  Work work = dense(*this, product(getWUk()) + product(getWUv()));
  work.perRowAndKey = 2 * heads * (tensorType(getCache()).getDimSize(2) + rank);
  return work;
}

//===-- experts -----------------------------------------------------------------===//

Work MoeRouteOp::getWork() { return {}; }
Work MoeGroupOp::getWork() { return {}; }

// Rows are those of x; each goes through top_k experts.
Work MoeGateUpOp::getWork() {
  int64_t topK = getTopK();
  return sparse(*this, getGate(), topK, topK * (productOfOne(getGate()) + productOfOne(getUp())));
}

// Rows are (token, rank) pairs.
Work MoeDownOp::getWork() { return sparse(*this, getDown(), 1, productOfOne(getDown())); }

Work MoeCombineOp::getWork() { return {}; }

Work MoeExpertsOp::getWork() {
  int64_t topK = tensorType(getIds()).getDimSize(1);
  return sparse(*this, getGate(), topK,
                topK * (productOfOne(getGate()) + productOfOne(getUp()) + productOfOne(getDown())));
}
