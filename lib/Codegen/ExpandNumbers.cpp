// SPDX-License-Identifier: Apache-2.0
// Polynomials in the place of functions, and integers in the place of narrow floats.
#include "ExpandFunctions.h"
#include "NumberBuilder.h"

#include "hadal/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace hadal;

namespace {
/// f8E4M3FN to f32: exact. Its 7 bits below the sign, moved up, are a float of an
/// exponent that is too small by 120, also where it is subnormal; 0x7f is no number.
struct ExpandF8Extension : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    Type narrow = op.getIn().getType(), wide = op.getType();
    if (!isa<Float8E4M3FNType>(getElementTypeOrSelf(narrow)))
      return rewriter.notifyMatchFailure(op, "not of f8E4M3FN");
    if (!getElementTypeOrSelf(wide).isF32())
      return rewriter.notifyMatchFailure(op, "not to f32");
    Location loc = op.getLoc();
    auto like = [&](Type element) -> Type {
      auto vector = dyn_cast<VectorType>(wide);
      return vector ? Type(vector.clone(element)) : element;
    };
    Type i32 = like(rewriter.getI32Type());
    auto constant = [&](Type type, Attribute value) -> Value {
      if (auto vector = dyn_cast<VectorType>(type))
        value = DenseElementsAttr::get(vector, value);
      return arith::ConstantOp::create(rewriter, loc, type, cast<TypedAttr>(value));
    };
    auto bitsOf = [&](int64_t value) {
      return constant(i32, rewriter.getI32IntegerAttr(int32_t(value)));
    };
    Value bits = arith::BitcastOp::create(rewriter, loc, like(rewriter.getI8Type()), op.getIn());
    bits = arith::ExtUIOp::create(rewriter, loc, i32, bits);
    Value rest = arith::AndIOp::create(rewriter, loc, bits, bitsOf(0x7f));
    Value sign = arith::AndIOp::create(rewriter, loc, bits, bitsOf(0x80));
    Value small = arith::BitcastOp::create(rewriter, loc, wide,
                                           arith::ShLIOp::create(rewriter, loc, rest, bitsOf(20)));
    Value scale = constant(wide, rewriter.getF32FloatAttr(0x1p120f));
    Value value = arith::MulFOp::create(rewriter, loc, small, scale);
    Value magnitude = arith::BitcastOp::create(rewriter, loc, i32, value);
    Value isNaN =
        arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq, rest, bitsOf(0x7f));
    magnitude = arith::SelectOp::create(rewriter, loc, isNaN, bitsOf(0x7fc00000), magnitude);
    Value shifted = arith::ShLIOp::create(rewriter, loc, sign, bitsOf(24));
    Value all = arith::OrIOp::create(rewriter, loc, magnitude, shifted);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, wide, all);
    return success();
  }
};

/// f32 to f8E4M3FN, to the nearest, of two the even one; what is too large is no number.
struct ExpandF8Truncation : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    if (!isa<Float8E4M3FNType>(getElementTypeOrSelf(op.getType())))
      return rewriter.notifyMatchFailure(op, "not to f8E4M3FN");
    if (!getElementTypeOrSelf(op.getIn().getType()).isF32())
      return rewriter.notifyMatchFailure(op, "not of f32");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value bits = b.bits(b.i32(), op.getIn()), magnitude = b.both(bits, b.i32(0x7fffffff));
    // Of 23 bits behind the point three stay.
    Value half = b.add(b.both(b.right(magnitude, b.i32(20)), b.i32(1)), b.i32(0x7ffff));
    Value normal = b.sub(b.right(b.add(magnitude, half), b.i32(20)), b.i32(120 << 3));
    // Multiples of 2^-9: where 2^14 is added, they are the last bits.
    Value sum = b.add(b.bits(b.f32(), magnitude), b.f32(0x1p14));
    Value subnormal = b.sub(b.bits(b.i32(), sum), b.bits(b.i32(), b.f32(0x1p14)));
    Value least = b.bits(b.i32(), b.f32(0x1p-6));
    Value isSmall = b.is(arith::CmpIPredicate::slt, magnitude, least);
    Value code = b.select(isSmall, subnormal, normal);
    Value nan = b.i32(0x7f);
    code = b.select(b.is(arith::CmpIPredicate::sgt, code, nan), nan, code);
    code = b.any(code, b.both(b.right(bits, b.i32(24)), b.i32(0x80)));
    Value byte = arith::TruncIOp::create(b, b.like(b.getI8Type()), code);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), byte);
    return success();
  }
};

/// Functions of f16 are those of f32, rounded.
struct WidenFunction : RewritePattern {
  explicit WidenFunction(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    auto isF16 = [](Type type) { return getElementTypeOrSelf(type).isF16(); };
    if (!isa<math::MathDialect>(op->getDialect()) || isFlatFunction(op) ||
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

/// 1 / sqrt(x), which is rounded twice, in the place of an approximation.
struct ExpandRsqrt : OpRewritePattern<math::RsqrtOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::RsqrtOp op, PatternRewriter &rewriter) const override {
    TypedAttr one = rewriter.getFloatAttr(getElementTypeOrSelf(op.getType()), 1.0);
    if (auto vector = dyn_cast<VectorType>(op.getType()))
      one = DenseElementsAttr::get(vector, Attribute(one));
    Value numerator = arith::ConstantOp::create(rewriter, op.getLoc(), one);
    Value root = math::SqrtOp::create(rewriter, op.getLoc(), op.getOperand());
    rewriter.replaceOpWithNewOp<arith::DivFOp>(op, numerator, root);
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
  arith::populateExpandBFloat16Patterns(patterns);
  patterns.add<ExpandF8Extension, ExpandF8Truncation, ExpandRsqrt, WidenFunction>(
      patterns.getContext());
}
