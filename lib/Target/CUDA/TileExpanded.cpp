// SPDX-License-Identifier: Apache-2.0
// Fills in the specification of a kernel of expanded attention from its op, and says how it is launched.
#include "TileExpanded.h"

#include "KernelFrame.h"

#include "hadal/Target/CUDA/ExpandedAttention.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

static ExpandedSpec specOf(MlaAttendExpandedOp op) {
  RankedTensorType cache = typeOf(op.getCache()), uk = typeOf(op.getWUk());
  ExpandedSpec spec;
  spec.heads = uk.getDimSize(0);
  spec.nope = uk.getDimSize(1);
  spec.rank = uk.getDimSize(2);
  spec.rope = cache.getDimSize(2) - spec.rank;
  spec.value = typeOf(op.getWUv()).getDimSize(1);
  spec.pageSize = cache.getDimSize(1);
  spec.scale = op.getScale().convertToFloat();
  spec.threshold = op.getThreshold() ? int64_t(*op.getThreshold()) : 0;
  return spec;
}

MlaAttendExpandedOp hadal::cuda::matchExpanded(ArrayRef<Operation *> ops) {
  auto op = ops.size() == 1 ? dyn_cast<MlaAttendExpandedOp>(ops.front()) : MlaAttendExpandedOp();
  if (!op)
    return {};
  for (Value value : {op.getQ(), op.getCache(), op.getResult()})
    if (!typeOf(value).getElementType().isBF16())
      return {};
  for (Value weight : {op.getWUk(), op.getWUv()}) {
    Type stored = typeOf(weight).getElementType();
    if (!stored.isBF16() && !stored.isF16() && !stored.isF32())
      return {};
  }
  for (const Level &level : allLevels())
    if (!chooseExpanded(specOf(op), level))
      return {};
  return op;
}

LogicalResult hadal::cuda::setExpandedInterface(ExecutableOp executable, MlaAttendExpandedOp op) {
  if (failed(expectPacked(op, {op.getWUk(), op.getWUv()})))
    return failure();
  Value reads[] = {op.getQ(),         op.getCache(),           op.getWUk(),   op.getWUv(),
                   op.getPositions(), op.getSequenceOffsets(), op.getSlots(), op.getBlockTable()};
  setInterface(executable, reads, op.getOut(), {},
               {{op.getQ(), 0}, {op.getSlots(), 0}, {op.getBlockTable(), 1}});
  return success();
}

void hadal::cuda::emitExpandedVariant(ExecutableOp executable, MlaAttendExpandedOp op,
                                      VariantOp variant, const Level &level) {
  using Kind = plan::ExprKind;
  ExpandedSpec spec = specOf(op);
  spec.name = executable.getSymName().str();
  ExpandedProgram program = *chooseExpanded(spec, level);
  Block &contents = variant.getContents().front();
  Location loc = executable.getLoc();
  OpBuilder builder = OpBuilder::atBlockEnd(&contents);
  emitExpanded(builder, loc, spec, program);
  builder.setInsertionPointToStart(&contents);
  KernelInterfaceAttr given = *executable.getInterface();
  InterfaceBuilder b(builder, loc, program.threads(), given.getConstants().size());
  Value tokens = b.launchConstants().front();
  passParameters(b, loc, int64_t(given.getBindings().size()), /*hasWorkspace=*/true);
  Value groups = b.expr(Kind::CeilDiv, tokens, b.constant(program.tokens));
  groups = b.expr(Kind::Min, groups, b.constant(program.groups));
  Value bytes = b.expr(Kind::Mul, groups, b.constant(spec.heads * program.scratchBytes()));
  plan::GridOp::create(b, groups, b.constant(spec.heads), b.constant(1),
                       b.constant(program.sharedBytes), bytes);
}
