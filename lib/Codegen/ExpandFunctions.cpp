// SPDX-License-Identifier: Apache-2.0
// Functions of f32 at their edges, and those that upstream has no polynomial for.
#include "ExpandFunctions.h"
#include "NumberBuilder.h"

#include <limits>

using namespace mlir;
using namespace hadal;

namespace {
/// On a function that upstream's polynomial is good enough for.
constexpr llvm::StringLiteral kInRange = "in_range";

bool isF32(Operation *op) { return getElementTypeOrSelf(op->getResult(0).getType()).isF32(); }

/// Calls a function where upstream's polynomial is good enough.
template <typename Op>
Value callInRange(NumberBuilder &b, Value x) {
  auto op = Op::create(b, x);
  op->setAttr(kInRange, b.getUnitAttr());
  return op;
}

/// Functions of the sign of their argument: f(-0) is -0.
template <typename Op>
struct KeepSign : OpRewritePattern<Op> {
  explicit KeepSign(MLIRContext *context) : OpRewritePattern<Op>(context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isF32(op) || op->hasAttr(kInRange))
      return rewriter.notifyMatchFailure(op, "not of f32, or in range");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value x = op.getOperand();
    rewriter.replaceOp(op, b.withSign(callInRange<Op>(b, x), x));
    return success();
  }
};

/// Cube roots of all numbers: those of subnormal ones are of 2^24 times as much, less 2^8.
struct ExpandCbrt : OpRewritePattern<math::CbrtOp> {
  explicit ExpandCbrt(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(math::CbrtOp op, PatternRewriter &rewriter) const override {
    if (!isF32(op) || op->hasAttr(kInRange))
      return rewriter.notifyMatchFailure(op, "not of f32, or in range");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value x = op.getOperand(), magnitude = b.abs(x);
    Value isSmall = b.is(arith::CmpFPredicate::OLT, magnitude, b.f32(0x1p-126));
    Value root = callInRange<math::CbrtOp>(b, b.select(isSmall, b.mul(x, b.f32(0x1p24)), x));
    root = b.withSign(b.select(isSmall, b.mul(root, b.f32(0x1p-8)), root), x);
    Value infinity = b.f32(std::numeric_limits<double>::infinity());
    Value isInfinite = b.is(arith::CmpFPredicate::OEQ, magnitude, infinity);
    rewriter.replaceOp(op, b.select(isInfinite, x, root));
    return success();
  }
};

/// Logarithms of subnormal numbers are those of normal ones, less a constant.
template <typename Op>
struct ScaleSubnormal : OpRewritePattern<Op> {
  ScaleSubnormal(MLIRContext *context, double unit)
      : OpRewritePattern<Op>(context, /*benefit=*/2), unit(unit) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isF32(op) || op->hasAttr(kInRange))
      return rewriter.notifyMatchFailure(op, "not of f32, or in range");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value x = op.getOperand();
    Value isSmall = b.is(arith::CmpFPredicate::OLT, x, b.f32(0x1p-126));
    Value scaled = callInRange<Op>(b, b.select(isSmall, b.mul(x, b.f32(0x1p25)), x));
    rewriter.replaceOp(op, b.select(isSmall, b.sub(scaled, b.f32(25 * unit)), scaled));
    return success();
  }

  double unit; // the logarithm of two
};

/// exp2(n + f) = 2^n * exp(f * log(2)), |f| at most a half.
struct ExpandExp2 : OpRewritePattern<math::Exp2Op> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::Exp2Op op, PatternRewriter &rewriter) const override {
    if (!isF32(op))
      return rewriter.notifyMatchFailure(op, "not of f32");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value x = op.getOperand();
    // Beyond, nothing changes any more.
    x = b.select(b.is(arith::CmpFPredicate::OGT, x, b.f32(130)), b.f32(130), x);
    x = b.select(b.is(arith::CmpFPredicate::OLT, x, b.f32(-160)), b.f32(-160), x);
    Value whole = math::RoundEvenOp::create(b, x);
    Value value = math::ExpOp::create(b, b.mul(b.sub(x, whole), b.f32(0x1.62e43p-1)));
    Value isNumber = b.is(arith::CmpFPredicate::ORD, x, x);
    Value n = arith::FPToSIOp::create(b, b.i32(), b.select(isNumber, whole, b.f32(0)));
    // In two steps, so that neither power is out of range.
    Value half = arith::ShRSIOp::create(b, n, b.i32(1));
    for (Value part : {half, b.sub(n, half)})
      value = b.mul(value, b.bits(b.f32(), b.left(b.add(part, b.i32(127)), b.i32(23))));
    rewriter.replaceOp(op, value);
    return success();
  }
};

/// (exp(x) - exp(-x)) / 2, and with a plus; without cancellation or early infinities.
template <typename Op, bool isSine>
struct ExpandHyperbolic : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isF32(op))
      return rewriter.notifyMatchFailure(op, "not of f32");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value x = op.getOperand(), magnitude = b.abs(x), one = b.f32(1), half = b.f32(0.5);
    Value isLarge = b.is(arith::CmpFPredicate::OGT, magnitude, b.f32(10));
    Value root = math::ExpOp::create(b, b.mul(magnitude, half));
    Value large = b.mul(b.mul(root, half), root);
    Value near;
    if (isSine) {
      Value less = math::ExpM1Op::create(b, magnitude);
      near = b.mul(b.add(less, b.div(less, b.add(less, one))), half);
    } else {
      Value power = math::ExpOp::create(b, magnitude);
      near = b.mul(b.add(power, b.div(one, power)), half);
    }
    Value value = b.select(isLarge, large, near);
    rewriter.replaceOp(op, isSine ? b.withSign(value, x) : value);
    return success();
  }
};

/// By how much the f32 nearest to half of pi is beyond it.
constexpr double kBeyond = 0x1.921fb6p0 - 0x1.921fb54442d18p0;

/// The angle, up to half of pi, of a point that is so far `up` and so far `along`, neither negative.
/// The polynomial is that of Cephes (atanf.c).
Value angleOf(NumberBuilder &b, Value up, Value along) {
  Value one = b.f32(1), isSteep = b.is(arith::CmpFPredicate::OGT, up, along);
  Value less = b.select(isSteep, along, up), more = b.select(isSteep, up, along);
  // Of two zeros it is 0, of two infinities 1.
  Value isZero = b.is(arith::CmpFPredicate::OEQ, more, b.f32(0));
  Value ratio = b.div(less, b.select(isZero, one, more));
  Value infinity = b.f32(std::numeric_limits<double>::infinity());
  ratio = b.select(b.is(arith::CmpFPredicate::OEQ, less, infinity), one, ratio);
  Value isOver = b.is(arith::CmpFPredicate::OGT, ratio, b.f32(0.4142135623730950)); // tan(pi/8)
  Value turned = b.div(b.sub(ratio, one), b.add(ratio, one));
  Value t = b.select(isOver, turned, ratio), z = b.mul(t, t);
  Value p = b.fma(b.f32(8.05374449538e-2), z, b.f32(-1.38776856032e-1));
  p = b.fma(p, z, b.f32(1.99777106478e-1));
  p = b.fma(p, z, b.f32(-3.33329491539e-1));
  Value angle = b.fma(b.mul(z, t), p, t);
  Value eighth = b.add(b.f32(0x1.921fb6p-1), b.sub(angle, b.f32(kBeyond / 2)));
  angle = b.select(isOver, eighth, angle);
  Value steep = b.sub(b.f32(0x1.921fb6p0), b.add(angle, b.f32(kBeyond)));
  return b.select(isSteep, steep, angle);
}

struct ExpandAtan : OpRewritePattern<math::AtanOp> {
  explicit ExpandAtan(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(math::AtanOp op, PatternRewriter &rewriter) const override {
    if (!isF32(op))
      return rewriter.notifyMatchFailure(op, "not of f32");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value x = op.getOperand();
    rewriter.replaceOp(op, b.withSign(angleOf(b, b.abs(x), b.f32(1)), x));
    return success();
  }
};

struct ExpandAtan2 : OpRewritePattern<math::Atan2Op> {
  explicit ExpandAtan2(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(math::Atan2Op op, PatternRewriter &rewriter) const override {
    if (!isF32(op))
      return rewriter.notifyMatchFailure(op, "not of f32");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value y = op.getLhs(), x = op.getRhs(), angle = angleOf(b, b.abs(y), b.abs(x));
    Value isBehind = b.is(arith::CmpIPredicate::slt, b.bits(b.i32(), x), b.i32(0));
    Value behind = b.sub(b.f32(0x1.921fb6p1), b.add(angle, b.f32(2 * kBeyond)));
    rewriter.replaceOp(op, b.withSign(b.select(isBehind, behind, angle), y));
    return success();
  }
};
} // namespace

void hadal::populateExpandFunctionPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<KeepSign<math::ErfOp>, KeepSign<math::TanhOp>, ExpandAtan, ExpandCbrt, ExpandAtan2,
               KeepSign<math::ExpM1Op>, KeepSign<math::Log1pOp>, ExpandExp2,
               ExpandHyperbolic<math::SinhOp, true>, ExpandHyperbolic<math::CoshOp, false>>(
      context);
  patterns.add<ScaleSubnormal<math::LogOp>>(context, 0.6931471805599453);
  patterns.add<ScaleSubnormal<math::Log2Op>>(context, 1.0);
}
