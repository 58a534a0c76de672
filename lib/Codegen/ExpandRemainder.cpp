// SPDX-License-Identifier: Apache-2.0
// Remainders of floats, exact: what C calls fmod, of any quotient.
//
// Division with a rest, 11 bits of the quotient at a time, in integers: |x| is m * 2^(e - 1075), and
// so is |y| of an m and an e of its own, where e is the exponent's field, or 1 of subnormal numbers.
#include "ExpandFunctions.h"
#include "NumberBuilder.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace hadal;

namespace {
/// How many bits of a quotient a step has: the dividend of 53 bits, moved up, is one of 64.
constexpr int64_t kBits = 11;

struct Parts {
  Value mantissa, exponent; // i64
};

Parts split(NumberBuilder &b, Value magnitude) {
  Value bits = b.bits(b.i64(), magnitude), mantissa = b.both(bits, b.i64((int64_t(1) << 52) - 1));
  Value exponent = b.right(bits, b.i64(52));
  Value isNormal = b.is(arith::CmpIPredicate::ne, exponent, b.i64(0));
  Value whole = b.any(mantissa, b.i64(int64_t(1) << 52));
  return {b.select(isNormal, whole, mantissa), b.select(isNormal, exponent, b.i64(1))};
}

/// Of f64, which are no vectors.
Value remainderOf(NumberBuilder &b, Value x, Value y) {
  Value magnitude = b.abs(x), by = b.abs(y),
        infinity = b.f64(std::numeric_limits<double>::infinity());
  // Neither is then NaN.
  Value isNumber = b.both(b.is(arith::CmpFPredicate::OLT, magnitude, infinity),
                          b.is(arith::CmpFPredicate::OGT, by, b.f64(0)));
  Value isLess = b.is(arith::CmpFPredicate::OLT, magnitude, by);
  // What is not divided is divided by one.
  Value divides = b.both(isNumber, b.is(arith::CmpFPredicate::OGE, magnitude, by));
  Parts dividend = split(b, magnitude), divisor = split(b, by);
  Value m = b.select(divides, divisor.mantissa, b.i64(1));
  Value distance = b.select(divides, b.sub(dividend.exponent, divisor.exponent), b.i64(0));
  Value rest = arith::RemUIOp::create(b, dividend.mantissa, m);
  // What is left over of the steps first.
  Value odd = arith::RemUIOp::create(b, distance, b.i64(kBits));
  rest = arith::RemUIOp::create(b, b.left(rest, odd), m);
  Value steps = arith::DivUIOp::create(b, distance, b.i64(kBits));
  Value count = arith::IndexCastOp::create(b, b.getIndexType(), steps);
  auto loop = scf::ForOp::create(b, arith::ConstantIndexOp::create(b, 0), count,
                                 arith::ConstantIndexOp::create(b, 1), ValueRange(rest));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value next = b.left(loop.getRegionIterArg(0), b.i64(kBits));
    scf::YieldOp::create(b, arith::RemUIOp::create(b, next, m).getResult());
  }
  // Both powers of two are normal, and what they make is exact.
  Value value = b.mul(arith::UIToFPOp::create(b, b.f64(), loop.getResult(0)), b.f64(0x1p-52));
  value = b.mul(value, b.bits(b.f64(), b.left(divisor.exponent, b.i64(52))));
  value = b.withSign(b.select(isLess, magnitude, value), x);
  return b.select(isNumber, value, b.f64(std::numeric_limits<double>::quiet_NaN()));
}

struct ExpandRemainder : OpRewritePattern<arith::RemFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::RemFOp op, PatternRewriter &rewriter) const override {
    Type element = getElementTypeOrSelf(op.getType());
    if (!element.isF16() && !element.isF32() && !element.isF64())
      return rewriter.notifyMatchFailure(op, "not of f16, f32 or f64");
    NumberBuilder b(op.getLoc(), rewriter, element);
    // Remainders of narrower floats are exact in f64, and what they are in their own type.
    auto remainder = [&](Value x, Value y) -> Value {
      if (element.isF64())
        return remainderOf(b, x, y);
      Value wide = remainderOf(b, arith::ExtFOp::create(b, b.f64(), x),
                               arith::ExtFOp::create(b, b.f64(), y));
      return arith::TruncFOp::create(b, element, wide);
    };
    auto vector = dyn_cast<VectorType>(op.getType());
    if (!vector) {
      rewriter.replaceOp(op, remainder(op.getLhs(), op.getRhs()));
      return success();
    }
    if (vector.getRank() != 1 || vector.isScalable())
      return rewriter.notifyMatchFailure(op, "neither of numbers nor of one axis");
    SmallVector<Value> lanes;
    for (int64_t lane = 0; lane < vector.getNumElements(); ++lane)
      lanes.push_back(
          remainder(vector::ExtractOp::create(b, op.getLhs(), ArrayRef<int64_t>{lane}),
                    vector::ExtractOp::create(b, op.getRhs(), ArrayRef<int64_t>{lane})));
    rewriter.replaceOpWithNewOp<vector::FromElementsOp>(op, vector, lanes);
    return success();
  }
};
} // namespace

void hadal::populateExpandRemainderPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandRemainder>(patterns.getContext());
}
