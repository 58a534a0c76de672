// SPDX-License-Identifier: Apache-2.0
// Decides which ops the CPU computes in one kernel, and finds them in bodies.
#include "ExecutableKernels.h"

#include "hadal/IR/Sums.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cpu;

namespace {
Type elementTypeOf(Value value) { return cast<ShapedType>(value.getType()).getElementType(); }

/// Whether the kernel adds a further summand to its result.
bool hasRoomForAddend(const KernelBody &body) {
  return isa<MoeCombineOp>(body.root) || (isa<LinearOp>(body.root) && body.addends.empty());
}

bool matchRounding(arith::TruncFOp round, KernelBody &body) {
  // A norm rounds once, at its end.
  if (!isa<RmsNormOp>(body.root) || round.getIn() != body.root->getResult(0) ||
      body.result != round.getIn() || !elementTypeOf(round.getIn()).isF32() ||
      !elementTypeOf(round.getOut()).isBF16() || round.getRoundingmode())
    return false;
  if (!body.result.hasOneUse())
    body.wide = body.result;
  body.result = round.getOut();
  return true;
}

bool matchAddend(arith::AddFOp add, KernelBody &body) {
  // Nothing else sees the result before the sum, which is made in f32.
  if (!hasRoomForAddend(body) || !body.result.hasOneUse() || !elementTypeOf(body.result).isF32())
    return false;
  if (add.getLhs() != body.result && add.getRhs() != body.result)
    return false;
  body.addends.push_back(add.getLhs() == body.result ? add.getRhs() : add.getLhs());
  body.result = add.getResult();
  return true;
}
} // namespace

std::optional<KernelBody> cpu::matchKernelBody(ArrayRef<Operation *> ops) {
  if (ops.empty())
    return std::nullopt;
  KernelBody body;
  body.root = ops.front();
  if (body.root->getNumResults() != 0)
    body.result = body.root->getResult(0);
  for (Operation *op : ops.drop_front()) {
    auto round = dyn_cast<arith::TruncFOp>(op);
    auto add = dyn_cast<arith::AddFOp>(op);
    if (!(round && matchRounding(round, body)) && !(add && matchAddend(add, body)))
      return std::nullopt;
  }
  return body;
}

bool cpu::isOfRows(Operation *op) {
  auto type = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  auto round = dyn_cast<arith::TruncFOp>(op);
  return type && type.getRank() == 2 && !type.isDynamicDim(1) && type.getElementType().isF32() &&
         (!round || (elementTypeOf(round.getOut()).isBF16() && !round.getRoundingmode()));
}

/// Whether kernels read an operand of this role as it is. Parameters are given their
/// types afterwards.
static bool isReadable(Value value, OperandRole role) {
  if (value.getDefiningOp<ParamOp>())
    return true;
  if (role == OperandRole::Matrix)
    return weightTypeOf(value).has_value();
  Type element = elementTypeOf(value);
  return !isa<mlir::FloatType>(element) || element.isF32() ||
         (element.isBF16() && role != OperandRole::Vector);
}

/// Whether the types of the op's operands are those of its kernel.
static bool hasKernelTypes(Operation *op) {
  auto reader = cast<ComputeOpInterface>(op);
  for (OpOperand &operand : op->getOpOperands())
    if (!isReadable(operand.get(), reader.getOperandRole(operand)))
      return false;
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<MlaAttendAbsorbedOp, MlaAttendExpandedOp>([](auto attend) {
        Type q = elementTypeOf(attend.getQ());
        return q == elementTypeOf(attend.getCache()) && q == elementTypeOf(attend.getResult());
      })
      .Default([](Operation *) { return true; });
}

bool cpu::hasKernel(ArrayRef<Operation *> ops) {
  std::optional<KernelBody> body = matchKernelBody(ops);
  if (!body)
    return false;
  if (!isa<ComputeOpInterface>(body->root))
    return RowRoots::contain(body->root) && isOfRows(body->root);
  return (MatrixRoots::contain(body->root) || RowRoots::contain(body->root)) &&
         hasKernelTypes(body->root);
}

bool cpu::fuses(ArrayRef<Operation *> ops) {
  std::optional<KernelBody> body = matchKernelBody(ops);
  // The combine adds more, and comes after the linear of the shared experts.
  return body && !(isa<LinearOp>(body->root) && addsToCombine(ops));
}

LogicalResult cpu::reportNoKernel(ArrayRef<Operation *> ops) {
  auto isConstant = [](Operation *op) { return op->hasTrait<OpTrait::ConstantLike>(); };
  ArrayRef<Operation *> rest = ops.drop_while(isConstant);
  Operation *first = (rest.empty() ? ops : rest).front();
  // What is fused has kernels of its own too.
  bool mayStandAlone = isa<ComputeOpInterface, arith::TruncFOp, arith::AddFOp>(first);
  if (ops.size() == 1 || !mayStandAlone)
    return first->emitOpError("has no kernel for the CPU");
  size_t count = 1;
  while (count < rest.size() && matchKernelBody(rest.take_front(count + 1)))
    ++count;
  Operation *op = count < rest.size() ? rest[count] : ops.front();
  return op->emitOpError() << "has no kernel for the CPU together with '" << first->getName()
                           << "'";
}
