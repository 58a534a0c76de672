// SPDX-License-Identifier: Apache-2.0
// Verifiers, shapes and work of the mixture-of-experts ops.
#include "hadal/IR/HadalDialect.h"
#include "hadal/IR/OpChecks.h"
#include "hadal/IR/OpWork.h"
#include "hadal/IR/Sums.h"

using namespace mlir;
using namespace hadal;

//===-- moe_route -------------------------------------------------------------===//

LogicalResult MoeRouteOp::verify() {
  int64_t experts = tensorType(getLogits()).getDimSize(1);
  // moe_route_c1
  if (getBias() && failed(expectExtent(*this, "the length of the bias", experts,
                                       tensorType(getBias()).getDimSize(0))))
    return failure();
  // moe_route_c2
  if (failed(expectExtent(*this, "the columns of weights", getTopK(),
                          tensorType(getWeights()).getDimSize(1))) ||
      failed(
          expectExtent(*this, "the columns of ids", getTopK(), tensorType(getIds()).getDimSize(1))))
    return failure();
  // moe_route_c3
  int64_t groups = getNGroup();
  if (experts % groups != 0 || static_cast<int64_t>(getTopkGroup()) > groups)
    return emitOpError() << "expected n_group to divide " << experts
                         << " experts and topk_group to be at most n_group, got " << groups
                         << " and " << getTopkGroup();
  // moe_route_c4
  int64_t kept = getGroupRule() == GroupRule::None ? experts : experts / groups * getTopkGroup();
  if (static_cast<int64_t>(getTopK()) > kept)
    return emitOpError() << "expected top_k of at most " << kept
                         << " experts of the kept groups, got " << getTopK();
  // moe_route_c5
  if (getGroupRule() == GroupRule::None && groups != 1)
    return emitOpError() << "expected n_group to be 1 without a group rule, got " << groups;
  // moe_route_c6
  if (getGroupRule() == GroupRule::TopTwoSum && experts / groups < 2)
    return emitOpError("expected groups of at least two experts for the sum of the two best, "
                       "got one");
  // moe_route_c7
  if (failed(expectPositive(*this, "scale", getScale())))
    return failure();
  // moe_route_c8
  if (failed(expectRows(*this, "the rows of weights", getLogits(), getWeights())))
    return failure();
  return expectRows(*this, "the rows of ids", getLogits(), getIds());
}

LogicalResult MoeRouteOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getLogits(), shapes);
  return success();
}

Work MoeRouteOp::getWork() { return {}; }

//===-- moe_experts -----------------------------------------------------------===//

LogicalResult MoeExpertsOp::verify() {
  RankedTensorType gate = tensorType(getGate()), down = tensorType(getDown());
  int64_t experts = gate.getDimSize(0), inner = gate.getDimSize(1), width = gate.getDimSize(2);
  // moe_experts_c1
  if (tensorType(getUp()).getShape() != gate.getShape() ||
      down.getShape() != ArrayRef<int64_t>({experts, width, inner}))
    return emitOpError() << "expected up of the shape of gate and down of shape [" << experts
                         << ", " << width << ", " << inner << "], got " << getUp().getType()
                         << " and " << down;
  // moe_experts_c2
  if (failed(expectExtent(*this, "the width of x", width, tensorType(getX()).getDimSize(1))) ||
      failed(expectExtent(*this, "the width of the result", width,
                          tensorType(getResult()).getDimSize(1))))
    return failure();
  // moe_experts_c3
  RankedTensorType weights = tensorType(getWeights()), ids = tensorType(getIds());
  if (failed(expectExtent(*this, "the rows of ids", weights.getDimSize(0), ids.getDimSize(0))) ||
      failed(expectExtent(*this, "the columns of ids", weights.getDimSize(1), ids.getDimSize(1))))
    return failure();
  // moe_experts_c4, moe_experts_c5
  if (failed(verifyScale(*this, gate, getGateScale(), getBlock())) ||
      failed(verifyScale(*this, tensorType(getUp()), getUpScale(), getBlock())) ||
      failed(verifyScale(*this, down, getDownScale(), getBlock())))
    return failure();
  // moe_experts_c6
  if (failed(expectRows(*this, "the rows of weights", getX(), getWeights())))
    return failure();
  return expectRows(*this, "the rows of the result", getX(), getResult());
}

LogicalResult MoeExpertsOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getX(), shapes);
  return success();
}

Work MoeExpertsOp::getWork() {
  int64_t topK = tensorType(getIds()).getDimSize(1);
  int64_t perExpert = productOfOne(getGate()) + productOfOne(getUp()) + productOfOne(getDown());
  return sparseWork(*this, getGate(), topK, topK * perExpert);
}

//===-- moe_group -------------------------------------------------------------===//

/// How many elements a tensor has; dynamic where an extent is.
static int64_t elementsOf(Value value) {
  RankedTensorType type = tensorType(value);
  return type.hasStaticShape() ? type.getNumElements() : ShapedType::kDynamic;
}

LogicalResult MoeGroupOp::verify() {
  // moe_group_c1
  if (failed(expectExtent(*this, "the length of offsets", getExperts() + 1,
                          tensorType(getOffsets()).getDimSize(0))))
    return failure();
  // moe_group_c2
  return expectExtent(*this, "the length of rows", elementsOf(getIds()),
                      tensorType(getRows()).getDimSize(0));
}

/// Number of (token, rank) pairs: the elements of ids.
static OpFoldResult pairsOf(OpBuilder &builder, Location loc, Value ids) {
  RankedTensorType type = tensorType(ids);
  if (type.hasStaticShape())
    return builder.getIndexAttr(type.getNumElements());
  Value rows = tensor::DimOp::create(builder, loc, ids, 0);
  Value columns = arith::ConstantIndexOp::create(builder, loc, type.getDimSize(1));
  return arith::MulIOp::create(builder, loc, rows, columns).getResult();
}

LogicalResult MoeGroupOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back({b.getIndexAttr(getExperts() + 1)});
  shapes.push_back({pairsOf(b, getLoc(), getIds())});
  return success();
}

Work MoeGroupOp::getWork() { return {}; }

//===-- moe_gate_up -----------------------------------------------------------===//

LogicalResult MoeGateUpOp::verify() {
  RankedTensorType gate = tensorType(getGate()), up = tensorType(getUp());
  // moe_gate_up_c1
  if (up.getShape() != gate.getShape())
    return emitOpError() << "expected up of the shape of gate, got " << up << " and " << gate;
  // moe_gate_up_c2
  if (failed(expectExtent(*this, "the width of x", gate.getDimSize(2),
                          tensorType(getX()).getDimSize(1))) ||
      failed(expectExtent(*this, "the width of the result", gate.getDimSize(1),
                          tensorType(getResult()).getDimSize(1))))
    return failure();
  // moe_gate_up_c3
  if (failed(expectExtent(*this, "the length of offsets", gate.getDimSize(0) + 1,
                          tensorType(getOffsets()).getDimSize(0))))
    return failure();
  // moe_gate_up_c4
  if (failed(verifyScale(*this, gate, getGateScale(), getBlock())) ||
      failed(verifyScale(*this, up, getUpScale(), getBlock())))
    return failure();
  // moe_gate_up_c5
  return expectRows(*this, "the rows of the result", getRows(), getResult());
}

LogicalResult MoeGateUpOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getRows(), shapes);
  return success();
}

// Rows are those of x; each goes through top_k experts.
Work MoeGateUpOp::getWork() {
  int64_t topK = getTopK();
  int64_t perExpert = productOfOne(getGate()) + productOfOne(getUp());
  return sparseWork(*this, getGate(), topK, topK * perExpert);
}

//===-- moe_down --------------------------------------------------------------===//

LogicalResult MoeDownOp::verify() {
  RankedTensorType down = tensorType(getDown());
  // moe_down_c1
  if (failed(expectExtent(*this, "the width of h", down.getDimSize(2),
                          tensorType(getH()).getDimSize(1))) ||
      failed(expectExtent(*this, "the width of the result", down.getDimSize(1),
                          tensorType(getResult()).getDimSize(1))))
    return failure();
  // moe_down_c2
  if (failed(expectExtent(*this, "the length of offsets", down.getDimSize(0) + 1,
                          tensorType(getOffsets()).getDimSize(0))))
    return failure();
  // moe_down_c3
  if (failed(verifyScale(*this, down, getScale(), getBlock())))
    return failure();
  // moe_down_c4
  if (failed(expectRows(*this, "the rows of h", getRows(), getH())))
    return failure();
  return expectRows(*this, "the rows of the result", getRows(), getResult());
}

LogicalResult MoeDownOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getRows(), shapes);
  return success();
}

// Rows are (token, rank) pairs.
Work MoeDownOp::getWork() { return sparseWork(*this, getDown(), 1, productOfOne(getDown())); }

//===-- moe_combine -----------------------------------------------------------===//

LogicalResult MoeCombineOp::verify() {
  // moe_combine_c1
  if (failed(expectExtent(*this, "the width of the result", tensorType(getY()).getDimSize(1),
                          tensorType(getResult()).getDimSize(1))))
    return failure();
  // moe_combine_c2
  if (failed(expectRows(*this, "the rows of the result", getWeights(), getResult())))
    return failure();
  // moe_combine_c3
  return expectExtent(*this, "the rows of y", elementsOf(getWeights()),
                      tensorType(getY()).getDimSize(0));
}

LogicalResult MoeCombineOp::reifyResultShapes(OpBuilder &b, ReifiedRankedShapedTypeDims &shapes) {
  reifyRowsLike(b, *this, getWeights(), shapes);
  return success();
}

Work MoeCombineOp::getWork() { return {}; }

/// Whether a moe_combine made `value`, a sum of its own result, for one op alone.
static bool isLeftToCombine(Value value) {
  if (!value.hasOneUse())
    return false;
  Operation *maker = value.getDefiningOp();
  if (isa_and_present<MoeCombineOp>(maker))
    return true;
  auto add = dyn_cast_if_present<arith::AddFOp>(maker);
  return add && (isLeftToCombine(add.getLhs()) || isLeftToCombine(add.getRhs()));
}

bool hadal::addsToCombine(ArrayRef<Operation *> ops) {
  return llvm::any_of(ops, [&](Operation *op) {
    return isa<arith::AddFOp>(op) && llvm::any_of(op->getOperands(), [&](Value operand) {
             return !llvm::is_contained(ops, operand.getDefiningOp()) && isLeftToCombine(operand);
           });
  });
}
