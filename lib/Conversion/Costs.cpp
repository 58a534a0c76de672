// SPDX-License-Identifier: Apache-2.0
// Upper bounds of the work of a dispatch, for reports and benchmarks.
#include "Costs.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

int64_t hadal::storedBytes(RankedTensorType type) {
  int64_t elementBytes = type.getElementTypeBitWidth() / 8;
  auto panels = dyn_cast_if_present<PanelsAttr>(type.getEncoding());
  if (!panels)
    return type.getNumElements() * elementBytes;
  int64_t count = elementBytes;
  for (int64_t extent : type.getShape().drop_back(2))
    count *= extent;
  return count *
         llvm::alignTo(type.getDimSize(type.getRank() - 2), panels.getRows()) *
         llvm::alignTo(type.getDimSize(type.getRank() - 1), panels.getInterleave());
}

/// Bytes of the weights among the operands: those of static shape.
static int64_t weightBytes(Operation *op) {
  int64_t bytes = 0;
  for (Value operand : op->getOperands())
    if (typeOf(operand).hasStaticShape())
      bytes += storedBytes(typeOf(operand));
  return bytes;
}

/// Multiply-adds, times two, of one row through a weight [.., out, in].
static int64_t product(Value weight) { return 2 * typeOf(weight).getNumElements(); }

/// The bytes of stacked experts, of which a step reads those that are chosen.
static void setExperts(Cost &cost, Operation *op, Value stacked, int64_t choices) {
  cost.experts = typeOf(stacked).getDimSize(0);
  cost.choices = choices;
  for (Value operand : op->getOperands())
    if (RankedTensorType type = typeOf(operand);
        type.hasStaticShape() && type.getRank() == 3)
      cost.expertBytes += storedBytes(type) / cost.experts;
}

Cost hadal::costOf(Operation *op) {
  Cost cost;
  llvm::TypeSwitch<Operation *>(op)
      .Case<LinearOp, HeadLinearOp>([&](auto linear) {
        cost.perRow = product(linear.getWeight());
        cost.fixedBytes = weightBytes(op);
      })
      .Case<GatedLinearOp>([&](auto linear) {
        cost.perRow = 2 * product(linear.getGate());
        cost.fixedBytes = weightBytes(op);
      })
      .Case<RmsNormOp>([&](auto) { cost.fixedBytes = weightBytes(op); })
      .Case<EmbeddingOp>([&](auto) {})
      .Case<MoeGateUpOp>([&](MoeGateUpOp experts) {
        // Rows are those of x; each goes through top_k experts.
        RankedTensorType gate = typeOf(experts.getGate());
        int64_t topK = experts.getTopK();
        cost.perRow = 2 * topK * product(experts.getGate()) / gate.getDimSize(0);
        setExperts(cost, op, experts.getGate(), topK);
      })
      .Case<MoeDownOp>([&](MoeDownOp experts) {
        // Rows are (token, rank) pairs.
        cost.perRow = product(experts.getDown()) / typeOf(experts.getDown()).getDimSize(0);
        setExperts(cost, op, experts.getDown(), 1);
      })
      .Case<MlaAttendAbsorbedOp>([&](MlaAttendAbsorbedOp attend) {
        int64_t heads = attend.getHeads(), row = typeOf(attend.getCache()).getDimSize(2);
        int64_t rank = typeOf(attend.getQLatent()).getDimSize(1) / heads;
        cost.perRowAndKey = 2 * heads * (row + rank);
      })
      .Case<MlaAttendExpandedOp>([&](MlaAttendExpandedOp attend) {
        cost.perRowAndKey =
            2 * (typeOf(attend.getQ()).getDimSize(1) + typeOf(attend.getOut()).getDimSize(1));
        cost.fixedBytes = weightBytes(op);
      });
  return cost;
}
