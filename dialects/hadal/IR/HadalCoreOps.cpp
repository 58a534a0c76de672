// SPDX-License-Identifier: Apache-2.0
// Verifiers, shapes and work of the core ops.
#include "hadal/IR/HadalDialect.h"
#include "hadal/IR/OpChecks.h"
#include "hadal/IR/OpWork.h"

using namespace mlir;
using namespace hadal;

/// `scales %a, none, %b`: one for each weight in their order; nothing where none
/// has any.
template <typename... Scales>
static ParseResult parseScales(OpAsmParser &parser, Scales &...scales) {
  if (failed(parser.parseOptionalKeyword("scales")))
    return success();
  bool first = true;
  auto parseOne = [&](std::optional<OpAsmParser::UnresolvedOperand> &scale) -> ParseResult {
    if (!std::exchange(first, false) && failed(parser.parseComma()))
      return failure();
    if (succeeded(parser.parseOptionalKeyword("none")))
      return success();
    return parser.parseOperand(scale.emplace());
  };
  return failure((failed(parseOne(scales)) || ...));
}

template <typename... Scales>
static void printScales(OpAsmPrinter &printer, Operation *, Scales... scales) {
  if (!(scales || ...))
    return;
  printer << "scales ";
  llvm::interleaveComma(ArrayRef<Value>{scales...}, printer, [&](Value scale) {
    if (scale)
      printer << scale;
    else
      printer << "none";
  });
}

#define GET_OP_CLASSES
#include "hadal/IR/HadalOps.cpp.inc"

//===-- embedding -------------------------------------------------------------===//

LogicalResult EmbeddingOp::verify() {
  RankedTensorType result = tensorType(getResult());
  // embedding_c1
  if (failed(expectExtent(*this, "the width of the result", tensorType(getTable()).getDimSize(1),
                          result.getDimSize(1))))
    return failure();
  // embedding_c2
  return expectExtent(*this, "the rows of the result", tensorType(getTokens()).getDimSize(0),
                      result.getDimSize(0));
}

LogicalResult EmbeddingOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getTokens(), shapes);
  return success();
}

// Each token chooses a row of the table.
Work EmbeddingOp::getWork() {
  RankedTensorType table = tensorType(getTable());
  Work work;
  work.experts = table.getDimSize(0);
  work.choices = 1;
  work.expertBytes = storedBytes(table) / work.experts;
  return work;
}

//===-- rms_norm --------------------------------------------------------------===//

LogicalResult RmsNormOp::verify() {
  RankedTensorType x = tensorType(getX()), result = tensorType(getResult());
  // rms_norm_c1
  if (failed(expectExtent(*this, "the length of the weight", x.getDimSize(1),
                          tensorType(getWeight()).getDimSize(0))))
    return failure();
  // rms_norm_c2
  if (failed(expectExtent(*this, "the width of the result", x.getDimSize(1), result.getDimSize(1))))
    return failure();
  // rms_norm_c3
  int64_t rows = getRows() ? tensorType(getRows()).getDimSize(0) : x.getDimSize(0);
  if (failed(expectExtent(*this, "the rows of the result", rows, result.getDimSize(0))))
    return failure();
  // rms_norm_c4
  return expectPositive(*this, "eps", getEps());
}

LogicalResult RmsNormOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getRows() ? getRows() : getX(), shapes);
  return success();
}

Work RmsNormOp::getWork() { return weightsOnly(*this); }

//===-- linear ----------------------------------------------------------------===//

LogicalResult LinearOp::verify() {
  RankedTensorType x = tensorType(getX()), weight = tensorType(getWeight());
  RankedTensorType result = tensorType(getResult());
  // linear_c1
  if (failed(expectExtent(*this, "the last dimension of the weight", x.getDimSize(1),
                          weight.getDimSize(1))))
    return failure();
  // linear_c2
  if (failed(expectExtent(*this, "the width of the result", weight.getDimSize(0),
                          result.getDimSize(1))))
    return failure();
  // linear_c3
  if (failed(expectExtent(*this, "the rows of the result", x.getDimSize(0), result.getDimSize(0))))
    return failure();
  // linear_c4, linear_c5
  return verifyScale(*this, weight, getScale(), getBlock());
}

OperandRole LinearOp::getOperandRole(OpOperand &operand) {
  OperandRole role = getDeclaredRole(operand.getOperandNumber());
  bool isRouter =
      llvm::all_of(getResult().getUsers(), [](Operation *user) { return isa<MoeRouteOp>(user); });
  return role == OperandRole::Factor && isRouter ? OperandRole::Exact : role;
}

LogicalResult LinearOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getX(), shapes);
  return success();
}

Work LinearOp::getWork() { return denseWork(*this, productOf(getWeight())); }

//===-- gated_linear ----------------------------------------------------------===//

LogicalResult GatedLinearOp::verify() {
  RankedTensorType x = tensorType(getX()), gate = tensorType(getGate());
  RankedTensorType result = tensorType(getResult());
  // gated_linear_c1
  if (failed(expectSameType(*this, "the type of up", gate, getUp().getType())))
    return failure();
  // gated_linear_c2
  if (failed(expectExtent(*this, "the last dimension of the weights", x.getDimSize(1),
                          gate.getDimSize(1))))
    return failure();
  // gated_linear_c3
  if (failed(
          expectExtent(*this, "the width of the result", gate.getDimSize(0), result.getDimSize(1))))
    return failure();
  // gated_linear_c4, gated_linear_c5
  if (failed(verifyScale(*this, gate, getGateScale(), getBlock())) ||
      failed(verifyScale(*this, gate, getUpScale(), getBlock())))
    return failure();
  // gated_linear_c6
  return expectExtent(*this, "the rows of the result", x.getDimSize(0), result.getDimSize(0));
}

LogicalResult GatedLinearOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getX(), shapes);
  return success();
}

Work GatedLinearOp::getWork() {
  return denseWork(*this, productOf(getGate()) + productOf(getUp()));
}

//===-- swiglu ----------------------------------------------------------------===//

LogicalResult SwigluOp::verify() {
  // swiglu_c1
  return expectSameType(*this, "the type of up", getGate().getType(), getUp().getType());
}

LogicalResult SwigluOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getGate(), shapes);
  return success();
}

// Moves activations alone.
Work SwigluOp::getWork() { return {}; }

//===-- rope ------------------------------------------------------------------===//

LogicalResult RopeOp::verify() {
  RankedTensorType x = tensorType(getX()), cos = tensorType(getCos());
  int64_t width = x.getDimSize(1), heads = getHeads();
  // rope_c1
  if (ShapedType::isDynamic(width) || width % heads != 0)
    return emitOpError() << "expected " << heads << " heads to divide the width, got " << width;
  // rope_c2
  if (width / heads < 2 * cos.getDimSize(1))
    return emitOpError() << "expected heads of at least " << 2 * cos.getDimSize(1)
                         << " columns, got " << width / heads;
  // rope_c3
  if (failed(expectSameType(*this, "the type of sin", cos, getSin().getType())))
    return failure();
  // rope_c4
  if (tensorType(getResult()).getShape() != x.getShape())
    return emitOpError() << "expected a result of the shape of x, got " << getResult().getType()
                         << " for " << x;
  // rope_c5
  return expectExtent(*this, "the number of positions", x.getDimSize(0),
                      tensorType(getPositions()).getDimSize(0));
}

LogicalResult RopeOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getX(), shapes);
  return success();
}

// Moves activations alone.
Work RopeOp::getWork() { return {}; }

//===-- gather_rows -----------------------------------------------------------===//

LogicalResult GatherRowsOp::verify() {
  RankedTensorType x = tensorType(getX()), result = tensorType(getResult());
  // gather_rows_c1
  if (x.getElementType() != result.getElementType() ||
      !extentsAgree(x.getDimSize(1), result.getDimSize(1)))
    return emitOpError() << "expected a result of the element type and width of x, got " << result
                         << " for " << x;
  // gather_rows_c2
  return expectExtent(*this, "the rows of the result", tensorType(getRows()).getDimSize(0),
                      result.getDimSize(0));
}

OperandRole GatherRowsOp::getOperandRole(OpOperand &operand) {
  bool areFactors = llvm::all_of(getResult().getUses(), [](OpOperand &use) {
    auto reader = dyn_cast<ComputeOpInterface>(use.getOwner());
    return reader && reader.getOperandRole(use) == OperandRole::Factor;
  });
  return operand.get() == getX() && areFactors ? OperandRole::Factor
                                               : getDeclaredRole(operand.getOperandNumber());
}

LogicalResult GatherRowsOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getRows(), shapes);
  return success();
}

// Moves activations alone.
Work GatherRowsOp::getWork() { return {}; }

//===-- head_linear -----------------------------------------------------------===//

LogicalResult HeadLinearOp::verify() {
  RankedTensorType x = tensorType(getX()), weight = tensorType(getWeight());
  RankedTensorType result = tensorType(getResult());
  int64_t heads = weight.getDimSize(0), width = x.getDimSize(1);
  // head_linear_c1
  if (ShapedType::isDynamic(width) || width % heads != 0 || width / heads < weight.getDimSize(2))
    return emitOpError() << "expected x to have " << heads << " heads of at least "
                         << weight.getDimSize(2) << " columns, got width " << width;
  // head_linear_c2
  if (failed(expectExtent(*this, "the width of the result", heads * weight.getDimSize(1),
                          result.getDimSize(1))))
    return failure();
  // head_linear_c3
  return expectExtent(*this, "the rows of the result", x.getDimSize(0), result.getDimSize(0));
}

LogicalResult HeadLinearOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getX(), shapes);
  return success();
}

Work HeadLinearOp::getWork() { return denseWork(*this, productOf(getWeight())); }
