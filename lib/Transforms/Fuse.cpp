// SPDX-License-Identifier: Apache-2.0
// Fuses additions and gates into the ops that feed them.
#include "hadal/Transforms/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_FUSEPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
/// The op of type OpTy that makes `value` for this one use, or null.
template <typename OpTy>
OpTy soleProducer(Value value) {
  return value.hasOneUse() ? value.getDefiningOp<OpTy>() : OpTy();
}

/// moe_combine, addf ==> moe_combine with a further summand.
struct FuseAddIntoCombine : OpRewritePattern<arith::AddFOp> {
  FuseAddIntoCombine(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context, /*benefit=*/2), count(count) {}

  LogicalResult matchAndRewrite(arith::AddFOp add, PatternRewriter &rewriter) const override {
    for (int side : {0, 1}) {
      auto combine = soleProducer<MoeCombineOp>(add->getOperand(side));
      if (!combine || combine.getAddend())
        continue;
      Value other = add->getOperand(1 - side);
      Value shared = combine.getShared();
      rewriter.replaceOpWithNewOp<MoeCombineOp>(
          add, add.getType(), combine.getY(), combine.getWeights(), shared ? shared : other,
          shared ? other : Value())
          ->setLoc(combine.getLoc());
      rewriter.eraseOp(combine);
      ++count;
      return success();
    }
    return rewriter.notifyMatchFailure(add, "no operand is a moe_combine with room for a summand");
  }
  Pass::Statistic &count;
};

/// linear, addf ==> linear with an addend.
struct FuseAddIntoLinear : OpRewritePattern<arith::AddFOp> {
  FuseAddIntoLinear(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(arith::AddFOp add, PatternRewriter &rewriter) const override {
    // An operand that a combine makes is better fused there.
    for (Value operand : add->getOperands())
      if (auto combine = soleProducer<MoeCombineOp>(operand); combine && !combine.getAddend())
        return rewriter.notifyMatchFailure(add, "left to the moe_combine");
    // The sum is made in f32, so an addend and a result of less have no kernel.
    if (!cast<ShapedType>(add.getType()).getElementType().isF32())
      return rewriter.notifyMatchFailure(add, "the sum is not of f32");
    for (int side : {1, 0}) {
      auto linear = soleProducer<LinearOp>(add->getOperand(side));
      if (!linear || linear.getAddend())
        continue;
      rewriter.replaceOpWithNewOp<LinearOp>(add, add.getType(), linear.getX(),
                                            linear.getWeight(), linear.getScale(),
                                            add->getOperand(1 - side), linear.getBlockAttr())
          ->setLoc(linear.getLoc());
      rewriter.eraseOp(linear);
      ++count;
      return success();
    }
    return rewriter.notifyMatchFailure(add, "no operand is a linear made for this sum alone");
  }
  Pass::Statistic &count;
};

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
        gate.getAddend() || up.getAddend() || gate.getBlockAttr() != up.getBlockAttr())
      return rewriter.notifyMatchFailure(op, "gate and up differ in input, weight or addend");
    rewriter.replaceOpWithNewOp<GatedLinearOp>(op, op.getType(), gate.getX(), gate.getWeight(),
                                               up.getWeight(), gate.getScale(), up.getScale(),
                                               gate.getBlockAttr())
        ->setLoc(gate.getLoc());
    rewriter.eraseOp(gate);
    rewriter.eraseOp(up);
    ++count;
    return success();
  }
  Pass::Statistic &count;
};

struct FusePass : impl::FusePassBase<FusePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseAddIntoCombine, FuseAddIntoLinear>(&getContext(), numAdds);
    patterns.add<FuseGate>(&getContext(), numGates);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace hadal
