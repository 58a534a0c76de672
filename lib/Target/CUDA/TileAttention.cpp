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
  if (!plan::findHostDim(op, plan::DimKind::MaxContext))
    return {};
  for (const Level &level : allLevels())
    if (!chooseAttention(specOf(op), level))
      return {};
  return op;
}

void hadal::cuda::setAttentionInterface(ExecutableOp executable, MlaAttendAbsorbedOp op) {
  Value reads[] = {op.getQLatent(),         op.getQ(),     op.getCache(),     op.getPositions(),
                   op.getSequenceOffsets(), op.getSlots(), op.getBlockTable()};
  auto context =
      FlatSymbolRefAttr::get(plan::findHostDim(op, plan::DimKind::MaxContext).getSymNameAttr());
  setInterface(executable, reads, {}, op.getResult(),
               {{op.getQ(), 0}, {op.getSlots(), 0}, {op.getBlockTable(), 1}},
               HostDimAttr::get(op.getContext(), context));
}

/// Workgroups for tokens, groups of heads and runs of segments, and what is kept of these. Each condition
/// compares a dim with a number: up to there sizes can be rounded up.
static void emitGrid(InterfaceBuilder &b, const AttentionSpec &spec,
                     const AttentionProgram &program) {
  using Kind = plan::ExprKind;
  auto select = [&](Value x, int64_t most, Value then, Value otherwise) -> Value {
    return plan::SelectOp::create(b, b.expr(Kind::Le, x, b.constant(most)), then, otherwise);
  };
  ValueRange constants = b.launchConstants();
  Value tokens = constants[0], sequences = constants[1], context = constants.back();
  if (!program.splitsContext) {
    plan::GridOp::create(b, tokens, b.constant(program.groups), b.constant(1),
                         b.constant(program.sharedBytes), Value());
    return;
  }
  // How many times the number of runs is halved, in a tree for the context.
  Value runs = b.expr(Kind::CeilDiv, context, b.constant(program.segment)), levels = b.constant(0);
  for (int64_t level = 0; program.segment << level <= INT32_MAX; ++level) {
    Value halved = b.expr(Kind::CeilDiv, runs, b.constant(2));
    Value more = b.expr(Kind::Add, levels, b.constant(1));
    if (int64_t most = program.mostTokens(level)) {
      halved = select(tokens, most, runs, halved);
      more = select(tokens, most, levels, more);
    }
    runs = select(context, program.segment << level, runs, halved);
    levels = select(context, program.segment << level, levels, more);
  }
  Value kept = tokens;
  if (spec.threshold)
    kept = b.expr(Kind::Min, kept, b.expr(Kind::Mul, sequences, b.constant(spec.threshold - 1)));
  Value rows = b.expr(Kind::Mul, runs, b.expr(Kind::Add, levels, b.constant(1)));
  rows = b.expr(Kind::Mul, rows, b.expr(Kind::Mul, kept, b.constant(program.groups)));
  rows = select(context, program.segment, b.constant(0), rows);
  Value bytes = b.expr(Kind::Mul, rows, b.constant(program.keptNumbers * 4));
  plan::GridOp::create(b, tokens, b.constant(program.groups), runs, b.constant(program.sharedBytes),
                       bytes);
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
  passParameters(b, loc, int64_t(given.getBindings().size()), program.splitsContext);
  emitGrid(b, spec, program);
}
