// SPDX-License-Identifier: Apache-2.0
// Replaces mathematical functions and conversions of small floats by arithmetic.
#include "hadal/Target/CUDA/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace hadal::cuda {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "hadal/Target/CUDA/Passes.h.inc"

namespace {
/// Exponent and mantissa of f8E4M3FN at the same places of f32 are the value times 2^-120,
/// subnormal ones too. All but NaN, the last code, is exact.
struct ExpandFloat8 : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    if (!isa<Float8E4M3FNType>(op.getIn().getType()) || !op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "not from f8E4M3FN to f32");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type i32 = b.getI32Type(), f32 = b.getF32Type();
    auto integer = [&](int32_t value) -> Value {
      return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
    };
    Value code = arith::ExtUIOp::create(
        b, i32, arith::BitcastOp::create(b, b.getI8Type(), op.getIn()).getResult());
    Value magnitude = arith::AndIOp::create(b, code, integer(0x7f));
    Value sign = arith::ShLIOp::create(b, arith::AndIOp::create(b, code, integer(0x80)).getResult(),
                                       integer(24));
    Value scaled = arith::BitcastOp::create(
        b, f32, arith::ShLIOp::create(b, magnitude, integer(20)).getResult());
    Value value = arith::MulFOp::create(
        b, scaled, arith::ConstantOp::create(b, b.getF32FloatAttr(0x1p120f)).getResult());
    Value bits = arith::BitcastOp::create(b, i32, value);
    Value isNaN = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, magnitude, integer(0x7f));
    bits = arith::SelectOp::create(b, isNaN, integer(0x7fc00000), bits);
    bits = arith::OrIOp::create(b, bits, sign);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, f32, bits);
    return success();
  }
};

/// Counts functions and conversions that something else takes the place of.
struct Counter : RewriterBase::Listener {
  void notifyOperationReplaced(Operation *op, ValueRange) override {
    count += isa<math::MathDialect>(op->getDialect()) || isa<arith::ExtFOp, arith::TruncFOp>(op);
  }
  unsigned count = 0;
};

struct ExpandMathPass : impl::ExpandMathPassBase<ExpandMathPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    // The reciprocal square root stays 1/sqrt(x) in instructions that are exactly rounded.
    populateMathPolynomialApproximationPatterns(
        patterns, [](StringRef name) { return name != "math.rsqrt"; });
    arith::populateExpandBFloat16Patterns(patterns);
    patterns.add<ExpandFloat8>(&getContext());
    Counter counter;
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns),
                                     GreedyRewriteConfig().setListener(&counter))))
      return signalPassFailure();
    numExpanded += counter.count;
  }
};
} // namespace
} // namespace hadal::cuda
