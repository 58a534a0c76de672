// SPDX-License-Identifier: Apache-2.0
// Fills in the specification of a kernel of attention from its op, and says how it is launched.
#include "TileAttention.h"

#include "KernelFrame.h"

#include "hadal/Target/CUDA/AttentionKernels.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

static AttentionSpec specOf(MlaAttendAbsorbedOp op) {
  AttentionSpec spec;
  RankedTensorType cache = typeOf(op.getCache());
  spec.heads = op.getHeads();
  spec.rank = typeOf(op.getQLatent()).getDimSize(1) / spec.heads;
  spec.rope = cache.getDimSize(2) - spec.rank;
  spec.nope = typeOf(op.getQ()).getDimSize(1) / spec.heads - spec.rope;
  spec.pageSize = cache.getDimSize(1);
  spec.scale = op.getScale().convertToFloat();
  spec.threshold = op.getThreshold() ? int64_t(*op.getThreshold()) : 0;
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
  Value reads[] = {op.getQLatent(),         op.getQ(),     op.getCache(),     op.getPositions(),
                   op.getSequenceOffsets(), op.getSlots(), op.getBlockTable()};
  setInterface(executable, reads, {}, op.getResult(),
               {{op.getQ(), 0}, {op.getSlots(), 0}, {op.getBlockTable(), 1}});
}

void hadal::cuda::emitAttentionVariant(ExecutableOp executable, MlaAttendAbsorbedOp op,
                                       VariantOp variant, const Level &level) {
  AttentionSpec spec = specOf(op);
  spec.name = executable.getSymName().str();
  AttentionProgram program = *chooseAttention(spec, level);
  Block &contents = variant.getContents().front();
  Location loc = executable.getLoc();
  OpBuilder builder = OpBuilder::atBlockEnd(&contents);
  emitAttention(builder, loc, spec, program);
  builder.setInsertionPointToStart(&contents);
  KernelInterfaceAttr given = *executable.getInterface();
  InterfaceBuilder b(builder, loc, program.threads(), given.getConstants().size());
  Value tokens = b.launchConstants().front();
  passParameters(b, loc, int64_t(given.getBindings().size()));
  plan::GridOp::create(b, tokens, b.constant(int64_t(llvm::divideCeil(spec.heads, program.heads))),
                       b.constant(1), b.constant(program.sharedBytes), Value());
}
