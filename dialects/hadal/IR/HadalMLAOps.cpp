// SPDX-License-Identifier: Apache-2.0
// Verifiers, shapes and work of the attention ops.
#include "hadal/IR/HadalDialect.h"
#include "hadal/IR/OpChecks.h"
#include "hadal/IR/OpWork.h"

using namespace mlir;
using namespace hadal;

/// What all that read or write the cache know of the sequences of a step.
template <typename Op>
static LogicalResult verifySequences(Op op, Value rows) {
  if (failed(expectRows(op, "the number of positions", rows, op.getPositions())))
    return failure();
  int64_t slots = tensorType(op.getSlots()).getDimSize(0);
  return expectExtent(op, "the number of sequence offsets",
                      ShapedType::isDynamic(slots) ? slots : slots + 1,
                      tensorType(op.getSequenceOffsets()).getDimSize(0));
}

//===-- mla_append ------------------------------------------------------------===//

LogicalResult MlaAppendOp::verify() {
  int64_t width = tensorType(getKv()).getDimSize(1);
  RankedTensorType cos = tensorType(getCos());
  // mla_append_c1
  if (failed(
          expectExtent(*this, "the row of the cache", width, tensorType(getCache()).getDimSize(2))))
    return failure();
  // mla_append_c2
  if (failed(expectExtent(*this, "the width of kv",
                          tensorType(getWeight()).getDimSize(0) + 2 * cos.getDimSize(1), width)))
    return failure();
  // mla_append_c3
  if (failed(expectSameType(*this, "the type of sin", cos, getSin().getType())))
    return failure();
  // mla_append_c4
  if (failed(expectSameType(*this, "the type of the result", getCache().getType(),
                            getResult().getType())))
    return failure();
  // mla_append_c5
  if (failed(expectPositive(*this, "eps", getEps())))
    return failure();
  // mla_append_c6
  return verifySequences(*this, getKv());
}

LogicalResult MlaAppendOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getCache(), shapes);
  return success();
}

Work MlaAppendOp::getWork() { return {}; }

//===-- mla_attention ---------------------------------------------------------===//

namespace {
/// What the two ops that see W_UK and W_UV have to agree on; c1 to c4 of both.
LogicalResult verifyHeads(Operation *op, Value q, Value cache, Value wUk, Value wUv, Value result) {
  RankedTensorType uk = tensorType(wUk), uv = tensorType(wUv);
  int64_t heads = uk.getDimSize(0), nope = uk.getDimSize(1), rank = uk.getDimSize(2);
  if (uv.getDimSize(0) != heads || uv.getDimSize(2) != rank)
    return op->emitOpError() << "expected w_uv of " << heads << " heads and latent rank " << rank
                             << ", got " << uv;
  int64_t row = tensorType(cache).getDimSize(2), width = tensorType(q).getDimSize(1);
  if (row <= rank)
    return op->emitOpError() << "expected a cache row wider than the latent rank " << rank
                             << ", got " << row;
  if (failed(expectExtent(op, "the width of the query", heads * (nope + row - rank), width)))
    return failure();
  return expectExtent(op, "the width of the result", heads * uv.getDimSize(1),
                      tensorType(result).getDimSize(1));
}
} // namespace

LogicalResult MlaAttentionOp::verify() {
  // mla_attention_c1 to mla_attention_c4
  if (failed(verifyHeads(*this, getQ(), getCache(), getWUk(), getWUv(), getResult())))
    return failure();
  // mla_attention_c5
  if ((getForm() == AttentionForm::Auto) != getThreshold().has_value())
    return emitOpError() << "expected a threshold exactly for the form auto, got "
                         << (getThreshold() ? "a" : "no") << " threshold for "
                         << stringifyAttentionForm(getForm());
  // mla_attention_c6
  if (failed(expectPositive(*this, "scale", getScale())))
    return failure();
  // mla_attention_c7
  if (failed(verifySequences(*this, getQ())))
    return failure();
  // mla_attention_c8
  return expectRows(*this, "the rows of the result", getQ(), getResult());
}

LogicalResult MlaAttentionOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getQ(), shapes);
  return success();
}

// In absorbed form, whose work does not depend on the tokens of each sequence.
Work MlaAttentionOp::getWork() {
  RankedTensorType uk = tensorType(getWUk());
  int64_t heads = uk.getDimSize(0), rank = uk.getDimSize(2);
  Work work = denseWork(*this, productOf(getWUk()) + productOf(getWUv()));
  work.perRowAndKey = 2 * heads * (tensorType(getCache()).getDimSize(2) + rank);
  return work;
}

//===-- mla_attend_absorbed ---------------------------------------------------===//

LogicalResult MlaAttendAbsorbedOp::verify() {
  RankedTensorType latent = tensorType(getQLatent()), q = tensorType(getQ());
  int64_t heads = getHeads();
  // mla_attend_absorbed_c1
  if (latent.getDimSize(1) % heads != 0 || q.getDimSize(1) % heads != 0)
    return emitOpError() << "expected " << heads << " heads to divide the widths, got "
                         << latent.getDimSize(1) << " and " << q.getDimSize(1);
  // mla_attend_absorbed_c2
  int64_t rope = tensorType(getCache()).getDimSize(2) - latent.getDimSize(1) / heads;
  if (rope <= 0 || rope > q.getDimSize(1) / heads)
    return emitOpError() << "expected a cache row of the latent rank "
                         << latent.getDimSize(1) / heads << " and at most "
                         << q.getDimSize(1) / heads << " rope columns, got "
                         << tensorType(getCache()).getDimSize(2);
  // mla_attend_absorbed_c3
  if (tensorType(getResult()).getShape() != latent.getShape())
    return emitOpError() << "expected a result of the shape of q_latent, got "
                         << getResult().getType() << " for " << latent;
  // mla_attend_absorbed_c4
  if (failed(expectPositive(*this, "scale", getScale())))
    return failure();
  // mla_attend_absorbed_c5
  if (failed(verifySequences(*this, getQ())))
    return failure();
  // mla_attend_absorbed_c6
  return expectRows(*this, "the rows of q_latent", getQ(), getQLatent());
}

LogicalResult MlaAttendAbsorbedOp::reifyResultShapes(OpBuilder &b,
                                                     ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getQ(), shapes);
  return success();
}

Work MlaAttendAbsorbedOp::getWork() {
  int64_t heads = getHeads(), row = tensorType(getCache()).getDimSize(2);
  int64_t rank = tensorType(getQLatent()).getDimSize(1) / heads;
  Work work;
  work.perRowAndKey = 2 * heads * (row + rank);
  return work;
}

//===-- mla_attend_expanded ---------------------------------------------------===//

LogicalResult MlaAttendExpandedOp::verify() {
  // mla_attend_expanded_c1 to mla_attend_expanded_c4
  if (failed(verifyHeads(*this, getQ(), getCache(), getWUk(), getWUv(), getResult())))
    return failure();
  // mla_attend_expanded_c5
  if (failed(expectSameType(*this, "the type of the result", getOut().getType(),
                            getResult().getType())))
    return failure();
  // mla_attend_expanded_c6
  if (failed(expectPositive(*this, "scale", getScale())))
    return failure();
  // mla_attend_expanded_c7
  if (failed(verifySequences(*this, getQ())))
    return failure();
  // mla_attend_expanded_c8
  return expectRows(*this, "the rows of the result", getQ(), getResult());
}

LogicalResult MlaAttendExpandedOp::reifyResultShapes(OpBuilder &b,
                                                     ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getOut(), shapes);
  return success();
}

Work MlaAttendExpandedOp::getWork() {
  Work work = weightsOnly(*this);
  work.perRowAndKey = 2 * (tensorType(getQ()).getDimSize(1) + tensorType(getOut()).getDimSize(1));
  return work;
}
