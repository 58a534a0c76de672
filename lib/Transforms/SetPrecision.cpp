// SPDX-License-Identifier: Apache-2.0
// Narrows the operands of matrix products, queries and caches to bf16.
#include "VerifyPrograms.h"

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
    if (failed(verifyPrecision(getOperation(), precision)))
      return signalPassFailure();
    getOperation()->setAttr(kPrecisionAttrName, StringAttr::get(&getContext(), precision));
    if (precision == "reference")
      return;
    narrowCaches();
    getOperation().walk([&](Operation *op) { narrowResult(op); });
  }

  /// Narrows growing states of f32, and what is read from them and updated in
  /// place. A ring is of the type that the model gave it: it may hold sums. So is a
  /// state that ops of other dialects see, which convert nothing.
  void narrowCaches() {
    llvm::DenseSet<StringAttr> narrow, fixed;
    getOperation().walk([&](StateReadOp read) {
      if (!isOfDialect(read.getValue()))
        fixed.insert(read.getNameAttr().getAttr());
    });
    for (auto state : getOperation().getOps<StateOp>()) {
      if (state.isRing() || !state.getTensorType().getElementType().isF32() ||
          fixed.contains(state.getSymNameAttr()))
        continue;
      narrow.insert(state.getSymNameAttr());
      state.setTypeAttr(
          TypeAttr::get(state.getTensorType().clone(BFloat16Type::get(&getContext()))));
    }
    getOperation().walk([&](StateReadOp read) {
      if (narrow.contains(read.getNameAttr().getAttr()))
        narrowState(read.getValue());
    });
  }

  /// Whether ops of the dialect alone read a state, and what it becomes in place.
  static bool isOfDialect(Value value) {
    return llvm::all_of(value.getUses(), [](OpOperand &use) {
      Operation *user = use.getOwner();
      if (!isa<ComputeOpInterface>(user))
        return isa<StateWriteOp, tensor::DimOp>(user);
      auto update = dyn_cast<DestinationStyleOpInterface>(user);
      return !update || !update.isDpsInit(&use) || isOfDialect(update.getTiedOpResult(&use));
    });
  }

  static void narrowState(Value value) {
    value.setType(narrowed(value));
    for (OpOperand &use : value.getUses())
      if (auto update = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
          update && update.isDpsInit(&use))
        narrowState(update.getTiedOpResult(&use));
  }

  /// Rounds the result of `op` for the users that take bf16: where it is made, or
  /// after that where others read it in f32 or the op cannot.
  void narrowResult(Operation *op) {
    if (op->getNumResults() == 0)
      return;
    Value result = op->getResult(0);
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type || !type.getElementType().isF32())
      return;
    SmallVector<OpOperand *> narrow;
    for (OpOperand &use : result.getUses())
      if (wantsNarrow(use))
        narrow.push_back(&use);
    if (narrow.empty())
      return;
    ++numNarrowed;
    if (op->hasTrait<RoundsResult>() && llvm::all_of(result.getUses(), wantsNarrow)) {
      result.setType(narrowed(result));
      return;
    }
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    Value rounded = arith::TruncFOp::create(builder, op->getLoc(), narrowed(result), result);
    for (OpOperand *use : narrow)
      use->set(rounded);
  }
};
} // namespace
} // namespace hadal
