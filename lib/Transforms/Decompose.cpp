// SPDX-License-Identifier: Apache-2.0
// Splits attention and experts into ops of one kernel each.
#include "hadal/Target/Target.h"
#include "hadal/Transforms/Passes.h"

#include "hadal_tap_names.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_DECOMPOSEPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

struct DecomposePass : impl::DecomposePassBase<DecomposePass> {
  using DecomposePassBase::DecomposePassBase;

  void runOnOperation() override {
    symbols.emplace(getOperation());
    transposed.clear();
    target = nullptr;
    if (supported &&
        !(target = lookupTarget(getOperation(), getOperation().getTarget().getFamily())))
      return signalPassFailure();
    for (MlaAttentionOp op : allOf<MlaAttentionOp>())
      if (failed(splitAttention(op)))
        return signalPassFailure();
    for (MoeExpertsOp op : allOf<MoeExpertsOp>())
      splitExperts(op);
  }

  template <typename OpTy>
  SmallVector<OpTy> allOf() {
    SmallVector<OpTy> ops;
    getOperation().walk([&](OpTy op) { ops.push_back(op); });
    return ops;
  }

  /// The parameter behind `value` with its last two dimensions exchanged,
  /// declared beside it on first use.
  FailureOr<Value> transposedParameter(OpBuilder &builder, Value value) {
    auto param = value.getDefiningOp<ParamOp>();
    if (!param)
      return emitError(value.getLoc(), "expected W_UK to be a hadal.param, got another value");
    auto stored = symbols->lookup<ParameterOp>(param.getName());
    ParameterOp &turned = transposed[stored];
    if (!turned) {
      turned = stored.clone();
      SmallVector<int64_t> shape(stored.getTensorType().getShape());
      std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
      turned.setSymName((param.getName() + ".t").str());
      turned.setTypeAttr(TypeAttr::get(stored.getTensorType().clone(shape)));
      turned.setTranspose(!stored.getTranspose());
      symbols->insert(turned, std::next(Block::iterator(stored))); // makes the name unique
    }
    return ParamOp::create(builder, param.getLoc(), turned.getTensorType(), turned.getSymName())
        .getValue();
  }

  /// Whether the parts, ops before `op`, take its place; otherwise they are erased.
  bool isSplit(Operation *op, Operation *before) {
    SmallVector<Operation *> parts;
    for (Operation *part = op->getPrevNode(); part != before; part = part->getPrevNode())
      parts.push_back(part);
    auto isSupported = [&](Operation *part) {
      return isa<ComputeOpInterface>(part) && target->supports(part);
    };
    if (!target || llvm::any_of(parts, isSupported))
      return true;
    for (Operation *part : parts)
      part->erase();
    return false;
  }

  static Location suffixed(Operation *op, StringRef suffix) {
    return NameLoc::get(
        StringAttr::get(op->getContext(), labelOf(op) + kPartSeparator + suffix.str()));
  }

  static void setWhen(Operation *op, std::optional<uint64_t> threshold, SequenceBound bound) {
    if (threshold)
      op->setAttr(kWhenAttrName, WhenAttr::get(op->getContext(), bound, *threshold));
  }

  FailureOr<Value> emitAbsorbed(OpBuilder &builder, MlaAttentionOp op) {
    FailureOr<Value> ukTransposed = transposedParameter(builder, op.getWUk());
    if (failed(ukTransposed))
      return failure();
    RankedTensorType uk = typeOf(op.getWUk());
    int64_t heads = uk.getDimSize(0), rows = typeOf(op.getQ()).getDimSize(0);
    auto latent = RankedTensorType::get({rows, heads * uk.getDimSize(2)}, builder.getF32Type());
    auto threshold = op.getThreshold();
    auto absorb =
        HeadLinearOp::create(builder, suffixed(op, "absorb_k"), latent, op.getQ(), *ukTransposed);
    auto attend = MlaAttendAbsorbedOp::create(
        builder, suffixed(op, "absorbed"), latent.clone(typeOf(op.getQ()).getElementType()), absorb,
        op.getQ(), op.getCache(), op.getPositions(), op.getSequenceOffsets(), op.getSlots(),
        op.getBlockTable(), builder.getI64IntegerAttr(heads), op.getScaleAttr(),
        op.getThresholdAttr());
    auto values =
        HeadLinearOp::create(builder, suffixed(op, "absorb_v"), op.getType(), attend, op.getWUv());
    for (Operation *part : {absorb.getOperation(), attend.getOperation(), values.getOperation()})
      setWhen(part, threshold, SequenceBound::AnyShorter);
    return values.getResult();
  }

  static MlaAttendExpandedOp emitExpanded(OpBuilder &builder, MlaAttentionOp op, Value out) {
    return MlaAttendExpandedOp::create(builder, suffixed(op, "expanded"), op.getType(), op.getQ(),
                                       op.getCache(), op.getWUk(), op.getWUv(), op.getPositions(),
                                       op.getSequenceOffsets(), op.getSlots(), op.getBlockTable(),
                                       out, op.getScaleAttr(), op.getThresholdAttr());
  }

  /// Whether the expanded form would be what it means, which is the absorbed one, because the target
  /// has no kernel for it: then one form serves all sequences.
  bool lacksExpanded(OpBuilder &builder, MlaAttentionOp op) {
    if (!target)
      return false;
    MlaAttendExpandedOp expanded = emitExpanded(builder, op, op.getResult());
    bool isSupported = target->supports(expanded.getOperation());
    expanded.erase();
    return !isSupported;
  }

  LogicalResult splitAttention(MlaAttentionOp op) {
    if (op.getForm() == AttentionForm::Unset)
      return op.emitOpError("expected a form, got none (run hadal-select-attention-form)");
    OpBuilder builder(op);
    Operation *before = op->getPrevNode();
    if (op.getForm() == AttentionForm::Auto && lacksExpanded(builder, op)) {
      op.removeThresholdAttr();
      op.setForm(AttentionForm::Absorbed);
    }
    Value result;
    if (op.getForm() != AttentionForm::Expanded) {
      FailureOr<Value> absorbed = emitAbsorbed(builder, op);
      if (failed(absorbed))
        return failure();
      result = *absorbed;
    }
    if (op.getForm() != AttentionForm::Absorbed) {
      if (!result) {
        RankedTensorType type = op.getType();
        Value rows = tensor::DimOp::create(builder, op.getLoc(), op.getQ(), 0);
        result = tensor::EmptyOp::create(builder, op.getLoc(), type.getShape(),
                                         type.getElementType(), rows);
      }
      MlaAttendExpandedOp expanded = emitExpanded(builder, op, result);
      setWhen(expanded, op.getThreshold(), SequenceBound::AnyAtLeast);
      result = expanded.getResult();
    }
    // In parts wherever another entry point has it in parts: what is rounded between them would else
    // be rounded in one of them alone, and bits depend on whom a sequence shares its steps with.
    if (lacksExpanded(builder, op) && !isSplit(op, before))
      return success();
    moveValueName(op, result);
    op.replaceAllUsesWith(result);
    op.erase();
    ++numAttention;
    return success();
  }

  void splitExperts(MoeExpertsOp op) {
    OpBuilder builder(op);
    Operation *before = op->getPrevNode();
    RankedTensorType gate = typeOf(op.getGate()), x = typeOf(op.getX());
    RankedTensorType ids = typeOf(op.getIds()), result = op.getType();
    int64_t topK = ids.getDimSize(1), experts = gate.getDimSize(0);
    int64_t pairs = ids.hasStaticShape() ? ids.getNumElements() : ShapedType::kDynamic;
    auto offsetsType = RankedTensorType::get({experts + 1}, builder.getI32Type());
    auto rowsType = RankedTensorType::get({pairs}, builder.getI32Type());
    auto innerType = RankedTensorType::get({pairs, gate.getDimSize(1)}, x.getElementType());
    auto outerType = RankedTensorType::get({pairs, result.getDimSize(1)}, builder.getF32Type());
    auto group = MoeGroupOp::create(builder, suffixed(op, "group"), offsetsType, rowsType,
                                    op.getIds(), experts);
    // Only where it has a meaning, so that equal kernels stay equal.
    auto blockFor = [&](bool scaled) { return scaled ? op.getBlockAttr() : DenseI64ArrayAttr(); };
    auto inner = MoeGateUpOp::create(
        builder, suffixed(op, "gate_up"), innerType, op.getX(), group.getOffsets(), group.getRows(),
        op.getGate(), op.getUp(), op.getGateScale(), op.getUpScale(),
        builder.getI64IntegerAttr(topK), blockFor(op.getGateScale() || op.getUpScale()));
    auto outer = MoeDownOp::create(builder, suffixed(op, "down"), outerType, inner,
                                   group.getOffsets(), group.getRows(), op.getDown(),
                                   op.getDownScale(), blockFor(!!op.getDownScale()));
    auto sum =
        MoeCombineOp::create(builder, suffixed(op, "combine"), result, outer, op.getWeights());
    if (!isSplit(op, before))
      return;
    moveValueName(op, sum.getResult());
    op.replaceAllUsesWith(sum.getResult());
    op.erase();
    ++numExperts;
  }

  const Target *target = nullptr; // where it is asked what it supports
  std::optional<SymbolTable> symbols;
  llvm::DenseMap<Operation *, ParameterOp> transposed; // by what they are of
};
} // namespace
} // namespace hadal
