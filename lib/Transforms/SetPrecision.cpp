// SPDX-License-Identifier: Apache-2.0
// Narrows the operands of matrix products, queries and caches to bf16.
#include "hadal/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_SETPRECISIONPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
/// True when the use takes bf16: an activation that enters a matrix product.
bool wantsNarrow(OpOperand &use) {
  auto reader = dyn_cast<ComputeOpInterface>(use.getOwner());
  return reader && reader.getOperandRole(use) == OperandRole::Factor;
}

RankedTensorType narrowed(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.clone(BFloat16Type::get(type.getContext()));
}

struct SetPrecisionPass : impl::SetPrecisionPassBase<SetPrecisionPass> {
  using SetPrecisionPassBase::SetPrecisionPassBase;

  void runOnOperation() override {
    if (precision != "native" && precision != "reference") {
      getOperation().emitError() << "expected the precision native or reference, got '"
                                 << precision << "'";
      return signalPassFailure();
    }
    getOperation()->setAttr(kPrecisionAttrName, StringAttr::get(&getContext(), precision));
    if (precision == "reference")
      return;
    narrowCaches();
    WalkResult result = getOperation().walk([&](Operation *op) {
      return WalkResult(narrowResults(op));
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  /// Narrows growing states of f32, and what is read from them and updated in
  /// place. A ring is of the type that the model gave it: it may hold sums.
  void narrowCaches() {
    llvm::DenseSet<StringAttr> narrow;
    for (auto state : getOperation().getOps<StateOp>()) {
      if (state.isRing() || !state.getTensorType().getElementType().isF32())
        continue;
      narrow.insert(state.getSymNameAttr());
      state.setTypeAttr(TypeAttr::get(
          state.getTensorType().clone(BFloat16Type::get(&getContext()))));
    }
    getOperation().walk([&](StateReadOp read) {
      if (narrow.contains(read.getNameAttr().getAttr()))
        narrowState(read.getValue());
    });
  }

  static void narrowState(Value value) {
    value.setType(narrowed(value));
    for (OpOperand &use : value.getUses())
      if (auto update = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
          update && update.isDpsInit(&use))
        narrowState(update.getTiedOpResult(&use));
  }

  /// Rounds the result of `op` where its users take bf16; a norm gives both
  /// widths where they differ.
  LogicalResult narrowResults(Operation *op) {
    if (op->getNumResults() == 0)
      return success();
    Value result = op->getResult(0);
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type || !type.getElementType().isF32())
      return success();
    SmallVector<OpOperand *> narrow, wide;
    for (OpOperand &use : result.getUses())
      (wantsNarrow(use) ? narrow : wide).push_back(&use);
    if (narrow.empty())
      return success();
    bool canSplit = op->hasTrait<RoundsBeside>();
    if (!canSplit && !op->hasTrait<RoundsResult>())
      return op->emitOpError("expected an op that can round its result where a matrix product "
                             "reads it, got one whose results are f32 only");
    if (!wide.empty() && !canSplit)
      return op->emitOpError("expected a result that can be rounded where a matrix product reads "
                             "it, got one that is also read in f32");
    if (!wide.empty())
      splitNorm(cast<RmsNormOp>(op), wide);
    else
      result.setType(narrowed(result));
    ++numNarrowed;
    return success();
  }

  void splitNorm(RmsNormOp norm, ArrayRef<OpOperand *> wide) {
    OpBuilder builder(norm);
    auto both = RmsNormOp::create(builder, norm.getLoc(), narrowed(norm.getResult()),
                                  norm.getResult().getType(), norm.getX(), norm.getWeight(),
                                  norm.getRows(), norm.getEpsAttr());
    for (OpOperand *use : wide)
      use->set(both.getWide());
    norm.getResult().replaceAllUsesWith(both.getResult());
    norm.erase();
  }
};
} // namespace
} // namespace hadal
