// SPDX-License-Identifier: Apache-2.0
// Fills in the specifications of kernels in tiles from the ops of executables, and says how they
// are launched.
#include "TileKernels.h"

#include "KernelFrame.h"
#include "TileAttention.h"
#include "TileExpanded.h"

#include "hadal/Target/CUDA/LinearKernels.h"

#include "tile/IR/TileDialect.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
/// Weights that are read at once at least where there is a stack of them: experts of a token.
constexpr int64_t kExpertsTogether = 6;

/// A linear layer, of all rows or of experts, and what is added to it in the same pass.
struct LinearBody {
  ComputeOpInterface root;
  Value x, result;
  SmallVector<OpOperand *> weights;
  SmallVector<Value> scales, addends; // of the weights, where they have some
  SmallVector<Value> groups;          // offsets and pairs of experts
  std::optional<ArrayRef<int64_t>> block;
  std::optional<ExpertSpec> experts;
  std::optional<HeadSpec> heads;
  RopeOp rotation; // of the result, or null
};

/// Whether kernels read a weight in this form, whose scale may be null.
bool isWeight(LinearBody &body, OpOperand &weight, Value scale) {
  RankedTensorType matrix = typeOf(weight.get());
  Type stored = matrix.getElementType();
  if (body.root.getOperandRole(weight) != OperandRole::Matrix)
    return false;
  if (!scale)
    return stored.isBF16() || stored.isF16() || stored.isF32();
  // Blocks are whole stages of a pipeline, or there is one.
  int64_t inputs = (*body.block)[1];
  return isa<Float8E4M3FNType>(stored) && typeOf(scale).getElementType().isF32() &&
         (inputs % tile::kPackedPadding == 0 || inputs >= matrix.getDimSize(matrix.getRank() - 1));
}

std::optional<LinearBody> matchRoot(Operation *op) {
  LinearBody body;
  SmallVector<Value> scales;
  if (auto linear = dyn_cast<LinearOp>(op)) {
    body.x = linear.getX();
    body.weights = {&linear.getWeightMutable()};
    scales = {linear.getScale()};
    body.block = linear.getBlock();
  } else if (auto gated = dyn_cast<GatedLinearOp>(op)) {
    body.x = gated.getX();
    body.weights = {&gated.getGateMutable(), &gated.getUpMutable()};
    scales = {gated.getGateScale(), gated.getUpScale()};
    body.block = gated.getBlock();
  } else if (auto gated = dyn_cast<MoeGateUpOp>(op)) {
    body.x = gated.getX();
    body.weights = {&gated.getGateMutable(), &gated.getUpMutable()};
    scales = {gated.getGateScale(), gated.getUpScale()};
    body.block = gated.getBlock();
    body.groups = {gated.getOffsets(), gated.getRows()};
    body.experts = ExpertSpec{typeOf(gated.getGate()).getDimSize(0), int64_t(gated.getTopK()),
                              /*xOfPairs=*/true};
  } else if (auto down = dyn_cast<MoeDownOp>(op)) {
    body.x = down.getH();
    body.weights = {&down.getDownMutable()};
    scales = {down.getScale()};
    body.block = down.getBlock();
    body.groups = {down.getOffsets(), down.getRows()};
    body.experts = ExpertSpec{typeOf(down.getDown()).getDimSize(0), /*topK=*/1, /*xOfPairs=*/false};
  } else if (auto heads = dyn_cast<HeadLinearOp>(op)) {
    RankedTensorType weight = typeOf(heads.getWeight());
    // No window of the depth, or of outputs, reaches into another head.
    if (weight.getDimSize(1) % kHeadOutputs != 0 ||
        weight.getDimSize(2) % tile::kPackedPadding != 0)
      return std::nullopt;
    body.x = heads.getX();
    body.weights = {&heads.getWeightMutable()};
    scales = {Value()};
    body.heads =
        HeadSpec{weight.getDimSize(0), typeOf(heads.getX()).getDimSize(1) / weight.getDimSize(0)};
  } else {
    return std::nullopt;
  }
  body.root = cast<ComputeOpInterface>(op);
  body.result = op->getResult(0);
  constexpr int64_t elementsOfPiece = tile::kPieceBytes / 2;
  RankedTensorType rows = typeOf(body.x);
  if (!rows.getElementType().isBF16() || rows.getDimSize(1) % elementsOfPiece != 0)
    return std::nullopt;
  for (auto [weight, scale] : llvm::zip_equal(body.weights, scales))
    if (!isWeight(body, *weight, scale) || bool(scale) != bool(scales.front()))
      return std::nullopt;
  if (scales.front())
    body.scales = scales;
  return body;
}

/// Nothing else sees the result before the sum, which is made in f32.
bool matchAddend(arith::AddFOp add, LinearBody &body) {
  if (body.experts || body.heads || !body.result.hasOneUse() ||
      !typeOf(body.result).getElementType().isF32() ||
      (add.getLhs() != body.result && add.getRhs() != body.result))
    return false;
  body.addends.push_back(add.getLhs() == body.result ? add.getRhs() : add.getLhs());
  body.result = add.getResult();
  return true;
}

RotationSpec specOf(RopeOp rope) {
  RankedTensorType table = typeOf(rope.getCos());
  return {typeOf(rope.getX()).getDimSize(1) / int64_t(rope.getHeads()), table.getDimSize(0),
          table.getDimSize(1), rope.getInterleaved()};
}

/// A layer whose result is rotated and nothing else.
bool matchRotation(RopeOp rope, LinearBody &body) {
  auto linear = dyn_cast<LinearOp>(body.root.getOperation());
  if (!linear || rope.getX() != body.result || body.result != linear.getResult() ||
      !body.result.hasOneUse() || !typeOf(rope.getCos()).getElementType().isF32() ||
      !typeOf(rope.getCos()).hasStaticShape())
    return false;
  RankedTensorType weight = typeOf(linear.getWeight());
  if (!canRotate(specOf(rope), weight.getDimSize(0), weight.getDimSize(1)))
    return false;
  body.rotation = rope;
  body.result = rope.getResult();
  return true;
}

std::optional<LinearBody> matchLinear(ArrayRef<Operation *> ops) {
  std::optional<LinearBody> body = matchRoot(ops.front());
  for (Operation *op : ops.drop_front()) {
    if (!body || body->rotation)
      return std::nullopt;
    auto add = dyn_cast<arith::AddFOp>(op);
    auto rope = dyn_cast<RopeOp>(op);
    if (!(add && matchAddend(add, *body)) && !(rope && matchRotation(rope, *body)))
      return std::nullopt;
  }
  return body;
}
} // namespace

bool hadal::cuda::hasTileKernel(ArrayRef<Operation *> ops) {
  return matchLinear(ops) || matchAttention(ops) || matchExpanded(ops);
}

RankedTensorType hadal::cuda::getMatrixType(RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  int64_t segment =
      chooseSegment(shape[shape.size() - 2], shape.back(), shape.size() > 2 ? kExpertsTogether : 1);
  MLIRContext *context = type.getContext();
  Type element = type.getElementType();
  if (isa<Float8E4M3FNType>(element)) // no block of two stages is in two segments
    segment = int64_t(llvm::alignTo(segment, 2 * tile::kPackedPadding));
  else
    element = BFloat16Type::get(context);
  return RankedTensorType::get(shape, element, FragmentsAttr::get(context, segment));
}

LogicalResult hadal::cuda::setTileInterface(ExecutableOp executable) {
  if (MlaAttendAbsorbedOp op = matchAttention(executable.getBodyOps())) {
    setAttentionInterface(executable, op);
    return success();
  }
  if (MlaAttendExpandedOp op = matchExpanded(executable.getBodyOps()))
    return setExpandedInterface(executable, op);
  LinearBody body = *matchLinear(executable.getBodyOps());
  SmallVector<Value> weights;
  for (OpOperand *weight : body.weights)
    weights.push_back(weight->get());
  if (failed(expectPacked(body.root, weights)))
    return failure();
  SmallVector<Value> reads{body.x};
  llvm::append_range(reads, body.groups);
  for (OpOperand *weight : body.weights)
    reads.push_back(weight->get());
  llvm::append_range(reads, body.scales);
  llvm::append_range(reads, body.addends);
  if (RopeOp rope = body.rotation)
    reads.append({rope.getPositions(), rope.getCos(), rope.getSin()});
  // The rows, or the pairs.
  setInterface(executable, reads, {}, body.result, {{body.experts ? body.groups[1] : body.x, 0}});
  return success();
}

/// The tiles that pairs in groups of experts have at most: each group may waste all but one row of a tile.
static Value emitTileBound(InterfaceBuilder &b, Value pairs, int64_t experts, int64_t rows) {
  Value groups = b.expr(plan::ExprKind::Min, pairs, b.constant(experts));
  Value wasted = b.expr(plan::ExprKind::Mul, groups, b.constant(rows - 1));
  return b.expr(plan::ExprKind::FloorDiv, b.expr(plan::ExprKind::Add, pairs, wasted),
                b.constant(rows));
}

/// How the kernel is launched: as each program wants for calls of its rows.
static void emitInterface(OpBuilder &builder, Location loc, const LinearKernel &kernel,
                          const LinearSpec &spec) {
  InterfaceBuilder b(builder, loc, kernel.threads, /*constants=*/1);
  Value rows = b.launchConstants().front();
  passParameters(b, loc, spec.bindings());
  Value x, y, bytes;
  // From the last, which is for any number of rows.
  for (const LinearProgram &program : llvm::reverse(kernel.programs)) {
    Value ownX = b.constant(int64_t(llvm::divideCeil(spec.outputs, program.outputs)));
    Value ownY = b.constant(program.stages ? program.rows : 1);
    if (spec.experts)
      ownY = emitTileBound(b, rows, spec.experts->experts, program.rows);
    else if (program.stages)
      ownY = b.expr(plan::ExprKind::CeilDiv, rows, ownY);
    Value ownBytes = b.constant(program.sharedBytes);
    if (x) {
      Value isFor = b.expr(plan::ExprKind::Le, rows, b.constant(program.mostRows));
      ownX = plan::SelectOp::create(b, isFor, ownX, x);
      ownY = plan::SelectOp::create(b, isFor, ownY, y);
      ownBytes = plan::SelectOp::create(b, isFor, ownBytes, bytes);
    }
    std::tie(x, y, bytes) = std::tie(ownX, ownY, ownBytes);
  }
  plan::GridOp::create(b, x, y, b.constant(spec.heads ? spec.heads->heads : 1), bytes, Value());
}

void hadal::cuda::emitTileVariant(ExecutableOp executable, VariantOp variant, const Level &level,
                                  int64_t linearThreads) {
  if (MlaAttendAbsorbedOp op = matchAttention(executable.getBodyOps()))
    return emitAttentionVariant(executable, op, variant, level);
  if (MlaAttendExpandedOp op = matchExpanded(executable.getBodyOps()))
    return emitExpandedVariant(executable, op, variant, level);
  LinearBody body = *matchLinear(executable.getBodyOps());
  RankedTensorType w = typeOf(body.weights.front()->get());
  LinearSpec spec;
  spec.name = executable.getSymName().str();
  spec.outputs = w.getDimSize(w.getRank() - 2);
  spec.inputs = w.getDimSize(w.getRank() - 1);
  spec.segment = cast<FragmentsAttr>(w.getEncoding()).getSegment();
  spec.element = typeOf(body.result).getElementType();
  spec.isGated = body.weights.size() > 1;
  spec.addends = int64_t(body.addends.size());
  spec.threads = linearThreads;
  spec.experts = body.experts;
  spec.heads = body.heads;
  if (body.rotation)
    spec.rotation = specOf(body.rotation);
  if (!body.scales.empty())
    spec.scales = ScaleSpec{(*body.block)[0], (*body.block)[1]};
  Block &contents = variant.getContents().front();
  OpBuilder builder = OpBuilder::atBlockEnd(&contents);
  LinearKernel kernel = emitLinear(builder, executable.getLoc(), spec, level);
  builder.setInsertionPointToStart(&contents);
  emitInterface(builder, executable.getLoc(), kernel, spec);
}
