// SPDX-License-Identifier: Apache-2.0
// Conversions from and to narrow floats, in integer arithmetic.
//
// Whatever comes from a wider type is rounded once: it becomes an f32 that is rounded to odd where it
// is not exact (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008), which
// rounds to the same narrow float as the number itself, since f32 has two bits more than any of them.
#include "ExpandFunctions.h"
#include "NumberBuilder.h"

#include "mlir/Dialect/Arith/Transforms/Passes.h"

using namespace mlir;
using namespace hadal;

namespace {
bool isF8(Value value) { return isa<Float8E4M3FNType>(getElementTypeOrSelf(value.getType())); }
bool isBF16(Value value) { return getElementTypeOrSelf(value.getType()).isBF16(); }
unsigned bitsOf(Value value) {
  return getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth();
}

/// f64 as f32; what is not exact becomes the odd one of its two neighbours.
Value roundToOdd(NumberBuilder &b, Value x) {
  Value nearest = arith::TruncFOp::create(b, b.f32(), x);
  Value back = arith::ExtFOp::create(b, b.f64(), nearest);
  Value bits = b.bits(b.i32(), nearest);
  Value isBeyond = b.is(arith::CmpFPredicate::OGT, b.abs(back), b.abs(x));
  Value odd = b.any(b.select(isBeyond, b.sub(bits, b.i32(1)), bits), b.i32(1));
  Value isExact = b.is(arith::CmpFPredicate::UEQ, back, x); // or no number
  return b.bits(b.f32(), b.select(isExact, bits, odd));
}

/// Exact: its 7 bits below the sign, moved up, are a float of an exponent that is too small by
/// 120, also where it is subnormal; 0x7f is no number.
Value fromF8(NumberBuilder &b, Value x) {
  Value bits = arith::ExtUIOp::create(b, b.i32(), b.bits(b.like(b.getI8Type()), x));
  Value rest = b.both(bits, b.i32(0x7f)), sign = b.both(bits, b.i32(0x80));
  Value value = b.mul(b.bits(b.f32(), b.left(rest, b.i32(20))), b.f32(0x1p120));
  Value isNaN = b.is(arith::CmpIPredicate::eq, rest, b.i32(0x7f));
  Value magnitude = b.select(isNaN, b.i32(0x7fc00000), b.bits(b.i32(), value));
  return b.bits(b.f32(), b.any(magnitude, b.left(sign, b.i32(24))));
}

/// To the nearest, of two the even one; what is too large is no number.
Value toF8(NumberBuilder &b, Value x, Type type) {
  Value bits = b.bits(b.i32(), x), magnitude = b.both(bits, b.i32(0x7fffffff));
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
  return b.bits(type, arith::TruncIOp::create(b, b.like(b.getI8Type()), code));
}

/// An f32 that rounds to narrow floats as the float does.
Value asF32(NumberBuilder &b, Value x) {
  if (isF8(x))
    return fromF8(b, x);
  if (isBF16(x)) {
    Value bits = arith::ExtUIOp::create(b, b.i32(), b.bits(b.like(b.getI16Type()), x));
    return b.bits(b.f32(), b.left(bits, b.i32(16)));
  }
  return bitsOf(x) == 64   ? roundToOdd(b, x)
         : bitsOf(x) == 16 ? Value(arith::ExtFOp::create(b, b.f32(), x))
                           : x;
}

struct ExpandExtension : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    Value from = op.getIn();
    unsigned bits = bitsOf(op);
    if (!isF8(from) && !(isBF16(from) && bits == 64))
      return rewriter.notifyMatchFailure(op, "not of f8E4M3FN, nor of bf16 to f64");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value value = asF32(b, from);
    if (bits > 32)
      value = arith::ExtFOp::create(b, op.getType(), value);
    else if (bits < 32)
      value = arith::TruncFOp::create(b, op.getType(), value);
    rewriter.replaceOp(op, value);
    return success();
  }
};

struct ExpandTruncation : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    Value from = op.getIn();
    if (!isF8(op) && !(bitsOf(from) == 64 && bitsOf(op) == 16))
      return rewriter.notifyMatchFailure(op, "not to f8E4M3FN, nor from f64 to 16 bits");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value value = asF32(b, from);
    rewriter.replaceOp(op, isF8(op) ? toF8(b, value, op.getType())
                                    : arith::TruncFOp::create(b, op.getType(), value).getResult());
    return success();
  }
};

/// Integers to floats that no target converts them to.
template <typename Op>
struct ExpandFromInteger : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isF8(op) && !isBF16(op))
      return rewriter.notifyMatchFailure(op, "not to a narrow float");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value x = op.getIn(), value;
    if (bitsOf(x) <= 24)
      value = Op::create(b, b.f32(), x);
    else
      value = roundToOdd(b, bitsOf(x) <= 53 ? Op::create(b, b.f64(), x).getResult() : wide(b, x));
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), value);
    return success();
  }

private:
  /// Of 64 bits that f64 does not have, the last 16 only say whether any is set.
  static Value wide(NumberBuilder &b, Value x) {
    using Shift =
        std::conditional_t<std::is_same_v<Op, arith::SIToFPOp>, arith::ShRSIOp, arith::ShRUIOp>;
    Value rest = b.is(arith::CmpIPredicate::ne, b.both(x, b.i64(0xffff)), b.i64(0));
    Value high = Shift::create(b, x, b.i64(16));
    high = b.any(high, arith::ExtUIOp::create(b, b.i64(), rest));
    Value large = b.mul(Op::create(b, b.f64(), high), b.f64(0x1p16));
    Value value = Op::create(b, b.f64(), x);
    return b.select(b.is(arith::CmpFPredicate::OGE, b.abs(value), b.f64(0x1p53)), large, value);
  }
};
} // namespace

void hadal::populateExpandNarrowPatterns(RewritePatternSet &patterns) {
  arith::populateExpandBFloat16Patterns(patterns);
  patterns.add<ExpandExtension, ExpandTruncation, ExpandFromInteger<arith::SIToFPOp>,
               ExpandFromInteger<arith::UIToFPOp>>(patterns.getContext());
}
