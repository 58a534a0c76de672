// SPDX-License-Identifier: Apache-2.0
// Fills in the specification of a kernel of attention from its op, and says how it is launched.
#include "TileAttention.h"

#include "KernelFrame.h"

#include "hadal/Target/CUDA/AttentionKernels.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

static AttentionSpec specOf(MlaAttendAbsorbedOp op) {
  AttentionSpec spec;
  RankedTensorType cache = typeOf(op.getCache());
  spec.heads = op.getHeads();
  spec.rank = typeOf(op.getQLatent()).getDimSize(1) / spec.heads;
  spec.rope = cache.getDimSize(2) - spec.rank;
  spec.nope = typeOf(op.getQ()).getDimSize(1) / spec.heads - spec.rope;
  spec.pageSize = cache.getDimSize(1);
  spec.scale = op.getScale().convertToFloat();
  return spec;
}

MlaAttendAbsorbedOp hadal::cuda::matchAttention(ArrayRef<Operation *> ops) {
  auto op = ops.size() == 1 ? dyn_cast<MlaAttendAbsorbedOp>(ops.front()) : MlaAttendAbsorbedOp();
  if (!op)
    return {};
  for (Value value : {op.getQ(), op.getCache(), op.getResult()})
    if (!typeOf(value).getElementType().isBF16())
      return {};
  for (const Level &level : allLevels())
    if (!chooseAttention(specOf(op), level))
      return {};
  return op;
}

void hadal::cuda::setAttentionInterface(ExecutableOp executable, MlaAttendAbsorbedOp op) {
  SmallVector<int64_t> bindings;
  for (Value operand : {op.getQLatent(), op.getQ(), op.getCache(), op.getPositions(),
                        op.getSequenceOffsets(), op.getSlots(), op.getBlockTable()})
    bindings.push_back(cast<BlockArgument>(operand).getArgNumber());
  SmallVector<plan::Access> access(bindings.size(), plan::Access::Read);
  bindings.push_back(op->getParentOfType<func::FuncOp>().getNumArguments()); // the result
  access.push_back(plan::Access::Write);
  Builder builder(op.getContext());
  auto extent = [&](Value operand, int64_t axis) -> Attribute {
    return ExtentAttr::get(op.getContext(), cast<BlockArgument>(operand).getArgNumber(), axis);
  };
  executable.setInterfaceAttr(
      KernelInterfaceAttr::get(op.getContext(), bindings, access,
                               builder.getArrayAttr({extent(op.getQ(), 0), extent(op.getSlots(), 0),
                                                     extent(op.getBlockTable(), 1)})));
}

void hadal::cuda::emitAttentionVariant(ExecutableOp executable, MlaAttendAbsorbedOp op,
                                       VariantOp variant, const Level &level) {
  AttentionSpec spec = specOf(op);
  spec.name = executable.getSymName().str();
  AttentionProgram program = *chooseAttention(spec, level);
  Block &contents = variant.getContents().front();
  Location loc = executable.getLoc();
  OpBuilder b = OpBuilder::atBlockEnd(&contents);
  emitAttention(b, loc, spec, program);
  b.setInsertionPointToStart(&contents);
  plan::InterfaceOp interface = createInterface(b, loc, program.threads());
  Block *block = b.createBlock(&interface.getBody());
  KernelInterfaceAttr given = *executable.getInterface();
  for (size_t i = 0; i < given.getConstants().size(); ++i)
    block->addArgument(plan::IntType::get(b.getContext()), loc);
  auto constant = [&](int64_t value) -> Value {
    return plan::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
  };
  passParameters(b, loc, int64_t(given.getBindings().size()));
  plan::GridOp::create(b, loc, block->getArgument(0),
                       constant(int64_t(llvm::divideCeil(spec.heads, program.heads))), constant(1),
                       constant(program.sharedBytes), Value());
}
