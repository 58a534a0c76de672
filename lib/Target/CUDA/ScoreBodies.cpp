// SPDX-License-Identifier: Apache-2.0
// Which ops one kernel computes a product in f32 for: the router, and the norm before it.
#include "KernelFrame.h"
#include "LaneBodies.h"

#include "hadal/Target/CUDA/ScoreKernels.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
struct ScoreOps {
  LinearOp linear;
  RmsNormOp norm;       // of what the product reads, or null
  arith::TruncFOp round; // of the norm, or null
};
} // namespace

static std::optional<ScoreOps> findOps(ArrayRef<Operation *> all) {
  ScoreOps ops;
  for (Operation *op : all) {
    bool isFirst = llvm::TypeSwitch<Operation *, bool>(op)
                       .Case([&](LinearOp linear) {
                         bool isFirst = !ops.linear;
                         ops.linear = linear;
                         return isFirst;
                       })
                       .Case([&](RmsNormOp norm) {
                         bool isFirst = !ops.norm;
                         ops.norm = norm;
                         return isFirst;
                       })
                       .Case([&](arith::TruncFOp round) {
                         bool isFirst = !ops.round;
                         ops.round = round;
                         return isFirst;
                       })
                       .Default([](Operation *) { return false; });
    if (!isFirst)
      return std::nullopt;
  }
  if (!ops.linear || (ops.norm && ops.linear.getX() != ops.norm.getResult()) ||
      (ops.round && (!ops.norm || ops.round.getIn() != ops.norm.getResult())))
    return std::nullopt;
  return ops;
}

/// In f32, of weights that are stored in bf16. In an executable they are packed.
static bool isScores(LinearOp linear) {
  RankedTensorType x = typeOf(linear.getX()), weight = typeOf(linear.getWeight());
  bool isPacked = isa_and_present<FragmentsAttr>(weight.getEncoding());
  return x.getElementType().isF32() && typeOf(linear.getResult()).getElementType().isF32() &&
         weight.getElementType().isBF16() && weight.hasStaticShape() && !linear.getScale() &&
         (isPacked || !linear->getParentOfType<ExecutableOp>()) &&
         isScorable(weight.getDimSize(0), weight.getDimSize(1));
}

std::optional<LaneBody> hadal::cuda::matchScores(ArrayRef<Operation *> all) {
  std::optional<ScoreOps> ops = findOps(all);
  if (!ops || !isScores(ops->linear))
    return std::nullopt;
  RmsNormOp norm = ops->norm;
  arith::TruncFOp round = ops->round;
  RankedTensorType weight = typeOf(ops->linear.getWeight());
  ScoreSpec spec;
  spec.outputs = weight.getDimSize(0);
  spec.inputs = weight.getDimSize(1);
  LaneBody body;
  if (norm) {
    Type element = typeOf(norm.getWeight()).getElementType();
    if (norm.getRows() || !typeOf(norm.getX()).getElementType().isF32() || !isRowElement(element))
      return std::nullopt;
    spec.norm = ScoreSpec::Norm{norm.getEps().convertToDouble(), element, {}};
    body.operands = {norm.getX(), norm.getWeight()};
    body.results.push_back(norm.getResult());
  } else {
    body.operands.push_back(ops->linear.getX());
  }
  if (round) {
    if (!typeOf(round.getOut()).getElementType().isBF16() || round.getRoundingmode())
      return std::nullopt;
    body.results.push_back(round.getOut());
  }
  body.operands.push_back(ops->linear.getWeight());
  Value scores = ops->linear.getResult();
  body.results.push_back(scores);
  body.constants = {{body.operands.front(), 0}};
  body.emit = [spec, scores](OpBuilder &builder, Location loc, StringRef name,
                             ArrayRef<Value> written) mutable {
    spec.name = name.str();
    for (Value value : written)
      if (value != scores)
        spec.norm->elements.push_back(typeOf(value).getElementType());
    return emitScores(builder, loc, spec);
  };
  return body;
}
