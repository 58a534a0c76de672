// SPDX-License-Identifier: Apache-2.0
// Makes one op of the two linear ops of a gate.
#include "hadal/Transforms/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_FUSEGATESPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
/// The op of type OpTy that makes `value` for this one use, or null.
template <typename OpTy>
OpTy soleProducer(Value value) {
  return value.hasOneUse() ? value.getDefiningOp<OpTy>() : OpTy();
}

/// linear, linear, swiglu ==> gated_linear.
struct FuseGate : OpRewritePattern<SwigluOp> {
  FuseGate(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(SwigluOp op, PatternRewriter &rewriter) const override {
    auto gate = soleProducer<LinearOp>(op.getGate());
    auto up = soleProducer<LinearOp>(op.getUp());
    if (!gate || !up || gate == up)
      return rewriter.notifyMatchFailure(op, "gate and up are not linear ops of their own");
    if (gate.getX() != up.getX() || gate.getWeight().getType() != up.getWeight().getType() ||
        gate.getBlockAttr() != up.getBlockAttr())
      return rewriter.notifyMatchFailure(op, "gate and up differ in input or weight");
    auto fused =
        GatedLinearOp::create(rewriter, gate.getLoc(), op.getType(), gate.getX(), gate.getWeight(),
                              up.getWeight(), gate.getScale(), up.getScale(), gate.getBlockAttr());
    moveValueName(op, fused.getResult());
    rewriter.replaceOp(op, fused);
    rewriter.eraseOp(gate);
    rewriter.eraseOp(up);
    ++count;
    return success();
  }
  Pass::Statistic &count;
};

struct FuseGatesPass : impl::FuseGatesPassBase<FuseGatesPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseGate>(&getContext(), numGates);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace hadal
