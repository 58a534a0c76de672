// SPDX-License-Identifier: Apache-2.0
// Powers of floats to integers, by squares.
#include "ExpandFunctions.h"
#include "NumberBuilder.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace hadal;

namespace {
/// In f64, which has the powers of all narrower floats, rounded once at the end: one product for each bit
/// of the exponent. A negative one is a quotient.
struct ExpandPower : OpRewritePattern<math::FPowIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FPowIOp op, PatternRewriter &rewriter) const override {
    NumberBuilder b(op.getLoc(), rewriter, op.getType());
    Value base = op.getLhs(), exponent = op.getRhs();
    bool isWide = getElementTypeOrSelf(base.getType()).isF64();
    if (!isWide)
      base = arith::ExtFOp::create(b, b.f64(), base);
    auto integer = cast<IntegerType>(getElementTypeOrSelf(exponent.getType()));
    auto number = [&](int64_t value) { return b.constant(b.getIntegerAttr(integer, value)); };
    Value zero = number(0), one = number(1);
    Value isNegative = b.is(arith::CmpIPredicate::slt, exponent, zero);
    // The least of all integers is its own negative, without a sign the right one.
    Value rest = b.select(isNegative, b.sub(zero, exponent), exponent);
    APInt known;
    int64_t bits = integer.getWidth();
    if (matchPattern(exponent, m_ConstantInt(&known)))
      bits = known.abs().getActiveBits();
    auto index = [&](int64_t value) { return arith::ConstantIndexOp::create(b, value); };
    auto multiply = [&](OpBuilder &nested, Location, Value, ValueRange now) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
      Value left = now[0], square = now[1], power = now[2];
      Value isOdd = b.is(arith::CmpIPredicate::ne, b.both(left, one), zero);
      power = b.select(isOdd, b.mul(power, square), power);
      scf::YieldOp::create(b, ValueRange{b.right(left, one), b.mul(square, square), power});
    };
    auto loop = scf::ForOp::create(b, index(0), index(bits), index(1),
                                   ValueRange{rest, base, b.f64(1)}, multiply);
    Value power = loop.getResult(2);
    power = b.select(isNegative, b.div(b.f64(1), power), power);
    rewriter.replaceOp(op, isWide ? power
                                  : arith::TruncFOp::create(b, op.getType(), power).getResult());
    return success();
  }
};
} // namespace

void hadal::populateExpandPowerPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandPower>(patterns.getContext());
}
