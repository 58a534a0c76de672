// SPDX-License-Identifier: Apache-2.0
// Sines and cosines of any f32, within an ulp or two.
//
// An angle of a quarter of pi or more is multiplied by 2/pi in integers (Payne and Hanek, "Radian
// reduction for trigonometric functions", SIGNUM 1983): of 2/pi those 96 bits are taken that what is
// left, modulo a full turn, depends on. The polynomials are those of Cephes (sinf.c).
#include "ExpandFunctions.h"
#include "NumberBuilder.h"

#include <limits>

using namespace mlir;
using namespace hadal;

namespace {
/// Bits of 2/pi in words, behind one of zeros.
constexpr int64_t kTwoOverPi[] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                  0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};

/// |x| = quadrant * pi/2 + rest, the rest within a quarter of pi of zero.
struct Reduced {
  Value quadrant, rest; // i64, f32
};

/// Three words of 2/pi from bit `first` on, as i64.
SmallVector<Value> selectWords(NumberBuilder &b, Value first) {
  Value word = b.right(first, b.i64(5)), shift = b.both(first, b.i64(31));
  SmallVector<Value> from;
  for (int at = 0; at < 4; ++at) {
    Value found = b.i64(kTwoOverPi[at]);
    for (int by = 1; by <= 4; ++by)
      found = b.select(b.is(arith::CmpIPredicate::eq, word, b.i64(by)), b.i64(kTwoOverPi[at + by]),
                       found);
    from.push_back(found);
  }
  SmallVector<Value> words;
  for (int at = 0; at < 3; ++at) {
    Value pair = b.any(b.left(from[at], b.i64(32)), from[at + 1]);
    words.push_back(b.right(b.left(pair, shift), b.i64(32)));
  }
  return words;
}

Reduced reduce(NumberBuilder &b, Value magnitude) {
  Value bits = arith::ExtUIOp::create(b, b.i64(), b.bits(b.i32(), magnitude));
  Value exponent = b.right(bits, b.i64(23));
  Value mantissa = b.any(b.both(bits, b.i64(0x7fffff)), b.i64(0x800000));
  // |x| is mantissa * 2^(exponent - 150): bits of 2/pi before 2^(152 - exponent) make full turns.
  // Less than 1/2 has none to lose, and is not reduced.
  Value first = arith::MaxSIOp::create(b, b.sub(exponent, b.i64(152 - 32)), b.i64(0));
  SmallVector<Value> words = selectWords(b, first);
  Value product = b.left(b.mul(mantissa, words[0]), b.i64(32));
  product = b.add(product, b.mul(mantissa, words[1]));
  product = b.add(product, b.right(b.mul(mantissa, words[2]), b.i64(32)));
  // Two bits of quarter turns, then what is less than one; to the nearest of them.
  Value quadrant = b.right(b.add(product, b.i64(int64_t(1) << 61)), b.i64(62));
  Value fraction = b.sub(product, b.left(quadrant, b.i64(62)));
  constexpr double kScale = 0x1.921fb54442d18p0 * 0x1p-62; // pi/2
  Value angle = b.mul(arith::SIToFPOp::create(b, b.f64(), fraction), b.f64(kScale));
  Value rest = arith::TruncFOp::create(b, b.f32(), angle);
  Value isSmall = b.is(arith::CmpFPredicate::OLT, magnitude, b.f32(0x1.921fb6p-1));
  return {b.select(isSmall, b.i64(0), quadrant), b.select(isSmall, magnitude, rest)};
}

Value sineOf(NumberBuilder &b, Value x) {
  Value z = b.mul(x, x);
  Value p = b.fma(b.f32(-1.9515295891e-4), z, b.f32(8.3321608736e-3));
  p = b.fma(p, z, b.f32(-1.6666654611e-1));
  return b.fma(b.mul(x, z), p, x);
}

Value cosineOf(NumberBuilder &b, Value x) {
  Value z = b.mul(x, x);
  Value p = b.fma(b.f32(2.443315711809948e-5), z, b.f32(-1.388731625493765e-3));
  p = b.fma(p, z, b.f32(4.166664568298827e-2));
  return b.fma(b.mul(z, z), p, b.fma(z, b.f32(-0.5), b.f32(1)));
}

/// The sine, `quarters` of a turn ahead.
Value atQuadrant(NumberBuilder &b, Value x, int64_t quarters) {
  Value magnitude = b.abs(x);
  Reduced reduced = reduce(b, magnitude);
  Value quadrant = b.add(reduced.quadrant, b.i64(quarters));
  auto has = [&](int64_t bit) {
    return b.is(arith::CmpIPredicate::ne, b.both(quadrant, b.i64(bit)), b.i64(0));
  };
  Value value = b.select(has(1), cosineOf(b, reduced.rest), sineOf(b, reduced.rest));
  value = b.select(has(2), arith::NegFOp::create(b, value), value);
  if (quarters == 0) { // odd
    Value isNegative = b.is(arith::CmpIPredicate::slt, b.bits(b.i32(), x), b.i32(0));
    value = b.select(isNegative, arith::NegFOp::create(b, value), value);
  }
  Value infinity = b.f32(std::numeric_limits<double>::infinity());
  return b.select(b.is(arith::CmpFPredicate::OLT, magnitude, infinity), value, b.sub(x, x));
}

template <typename Op, int64_t quarters>
struct ExpandTurn : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "not of f32");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    rewriter.replaceOp(op, atQuadrant(b, op.getOperand(), quarters));
    return success();
  }
};

struct ExpandTan : OpRewritePattern<math::TanOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::TanOp op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "not of f32");
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value sine = atQuadrant(b, op.getOperand(), 0), cosine = atQuadrant(b, op.getOperand(), 1);
    rewriter.replaceOp(op, b.div(sine, cosine));
    return success();
  }
};
} // namespace

void hadal::populateExpandTrigonometryPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandTurn<math::SinOp, 0>, ExpandTurn<math::CosOp, 1>, ExpandTan>(
      patterns.getContext());
}
