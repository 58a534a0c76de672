// SPDX-License-Identifier: Apache-2.0
// Polynomials in the place of functions, and wider floats in the place of f16.
#include "ExpandFunctions.h"
#include "NumberBuilder.h"

#include "hadal/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <limits>

using namespace mlir;
using namespace hadal;

namespace {
/// Functions of f16 are those of f32, rounded.
struct WidenFunction : RewritePattern {
  explicit WidenFunction(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    auto isF16 = [](Type type) { return getElementTypeOrSelf(type).isF16(); };
    bool isFunction = isa<math::MathDialect>(op->getDialect()) && !isFlatFunction(op);
    if ((!isFunction &&
         !isa<arith::MaxNumFOp, arith::MinNumFOp, arith::MaximumFOp, arith::MinimumFOp>(op)) ||
        op->getNumResults() != 1 || !llvm::all_of(op->getOperandTypes(), isF16) ||
        !isF16(op->getResult(0).getType()))
      return rewriter.notifyMatchFailure(op, "not a function of f16");
    NumberBuilder b(op->getLoc(), rewriter, op->getResult(0).getType());
    SmallVector<Value> wide;
    for (Value operand : op->getOperands())
      wide.push_back(arith::ExtFOp::create(b, b.f32(), operand));
    OperationState state(op->getLoc(), op->getName(), wide, TypeRange(b.f32()), op->getAttrs());
    Value value = rewriter.create(state)->getResult(0);
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op->getResult(0).getType(), value);
    return success();
  }
};

/// a * b + c of f16, rounded once: in f64 it is exact, or far from half way between two f16.
struct WidenFma : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FmaOp op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF16())
      return rewriter.notifyMatchFailure(op, "not of f16");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    auto wide = [&](Value x) { return arith::ExtFOp::create(b, b.f64(), x); };
    Value value = b.add(b.mul(wide(op.getA()), wide(op.getB())), wide(op.getC()));
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), value);
    return success();
  }
};

/// 1 / sqrt(x), which is rounded twice, in the place of an approximation.
struct ExpandRsqrt : OpRewritePattern<math::RsqrtOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::RsqrtOp op, PatternRewriter &rewriter) const override {
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value one = b.number(1);
    rewriter.replaceOp(op, b.div(one, math::SqrtOp::create(b, op.getOperand())));
    return success();
  }
};

/// What kind of a number it is, `predicate` tells of its magnitude and infinity.
template <typename Op, arith::CmpFPredicate predicate>
struct ExpandKind : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    NumberBuilder b(op.getLoc(), rewriter, op.getOperand().getType());
    Value infinity = b.number(std::numeric_limits<double>::infinity());
    rewriter.replaceOp(op, b.is(predicate, b.abs(op.getOperand()), infinity));
    return success();
  }
};

struct Counter : RewriterBase::Listener {
  void notifyOperationReplaced(Operation *op, ValueRange) override {
    count += isa<math::MathDialect>(op->getDialect()) || isa<arith::ExtFOp, arith::TruncFOp>(op);
  }
  unsigned count = 0;
};
} // namespace

bool hadal::isFlatFunction(Operation *op) {
  return isa<math::FmaOp, math::SqrtOp, math::AbsFOp, math::AbsIOp, math::FloorOp, math::CeilOp,
             math::TruncOp, math::RoundOp, math::RoundEvenOp, math::CopySignOp,
             math::CountLeadingZerosOp, math::CountTrailingZerosOp, math::CtPopOp>(op);
}

FailureOr<unsigned> hadal::expandNumbers(Operation *op, RewritePatternSet patterns) {
  Counter counter;
  if (failed(applyPatternsGreedily(op, std::move(patterns),
                                   GreedyRewriteConfig().setListener(&counter))))
    return failure();
  return counter.count;
}

void hadal::populateExpandMathPatterns(RewritePatternSet &patterns) {
  populateExpandTrigonometryPatterns(patterns);
  populateExpandFunctionPatterns(patterns);
  populateMathPolynomialApproximationPatterns(
      // The reciprocal square root is 1/sqrt(x), which instructions compute exactly
      // rounded; its approximation is worse and no faster.
      patterns, [](StringRef name) {
        return name != "math.rsqrt" && name != "math.sin" && name != "math.cos";
      });
}

void hadal::populateExpandConversionPatterns(RewritePatternSet &patterns) {
  populateExpandNarrowPatterns(patterns);
  populateExpandPowerPatterns(patterns);
  patterns.add<ExpandRsqrt, WidenFunction, WidenFma,
               ExpandKind<math::IsNaNOp, arith::CmpFPredicate::UNO>,
               ExpandKind<math::IsInfOp, arith::CmpFPredicate::OEQ>,
               ExpandKind<math::IsFiniteOp, arith::CmpFPredicate::OLT>>(patterns.getContext());
}
