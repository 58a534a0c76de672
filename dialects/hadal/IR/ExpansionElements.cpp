// SPDX-License-Identifier: Apache-2.0
// Arithmetic of one element of an expansion.
#include "Expansion.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace hadal;

static bool isFloat(Value value) { return isa<FloatType>(value.getType()); }

Value ElementBuilder::f32(double value) {
  return arith::ConstantOp::create(*this, getF32FloatAttr(float(value)));
}
Value ElementBuilder::i32(int64_t value) {
  return arith::ConstantOp::create(*this, getI32IntegerAttr(int32_t(value)));
}
Value ElementBuilder::index(int64_t value) { return arith::ConstantIndexOp::create(*this, value); }
Value ElementBuilder::loop(int64_t loop) { return linalg::IndexOp::create(*this, loop); }
Value ElementBuilder::toIndex(Value integer) {
  return arith::IndexCastOp::create(*this, getIndexType(), integer);
}
Value ElementBuilder::toI32(Value index) {
  return arith::IndexCastOp::create(*this, getI32Type(), index);
}
Value ElementBuilder::widen(Value value) {
  return value.getType().isF32() ? value : arith::ExtFOp::create(*this, getF32Type(), value);
}
Value ElementBuilder::round(Value value, Type element) {
  return element.isF32() ? value : arith::TruncFOp::create(*this, element, value);
}

Value ElementBuilder::add(Value a, Value b) {
  return isFloat(a) ? arith::AddFOp::create(*this, a, b).getResult()
                    : arith::AddIOp::create(*this, a, b).getResult();
}
Value ElementBuilder::sub(Value a, Value b) {
  return isFloat(a) ? arith::SubFOp::create(*this, a, b).getResult()
                    : arith::SubIOp::create(*this, a, b).getResult();
}
Value ElementBuilder::mul(Value a, Value b) {
  return isFloat(a) ? arith::MulFOp::create(*this, a, b).getResult()
                    : arith::MulIOp::create(*this, a, b).getResult();
}
Value ElementBuilder::div(Value a, Value b) { return arith::DivFOp::create(*this, a, b); }
Value ElementBuilder::max(Value a, Value b) { return arith::MaxNumFOp::create(*this, a, b); }
Value ElementBuilder::exp(Value x) { return math::ExpOp::create(*this, x); }
Value ElementBuilder::silu(Value x) {
  return div(x, add(f32(1), exp(arith::NegFOp::create(*this, x))));
}
Value ElementBuilder::divIndex(Value a, int64_t b) {
  return arith::DivUIOp::create(*this, a, index(b));
}
Value ElementBuilder::remIndex(Value a, int64_t b) {
  return arith::RemUIOp::create(*this, a, index(b));
}
Value ElementBuilder::minIndex(Value a, Value b) { return arith::MinUIOp::create(*this, a, b); }

Value ElementBuilder::less(Value a, Value b) {
  return isFloat(a) ? arith::CmpFOp::create(*this, arith::CmpFPredicate::OLT, a, b).getResult()
                    : arith::CmpIOp::create(*this, arith::CmpIPredicate::slt, a, b).getResult();
}
Value ElementBuilder::equal(Value a, Value b) {
  return isFloat(a) ? arith::CmpFOp::create(*this, arith::CmpFPredicate::OEQ, a, b).getResult()
                    : arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, a, b).getResult();
}
Value ElementBuilder::isNaN(Value x) {
  return arith::CmpFOp::create(*this, arith::CmpFPredicate::UNO, x, x);
}
Value ElementBuilder::both(Value a, Value b) { return arith::AndIOp::create(*this, a, b); }
Value ElementBuilder::either(Value a, Value b) { return arith::OrIOp::create(*this, a, b); }
Value ElementBuilder::negate(Value condition) {
  Value yes = arith::ConstantOp::create(*this, getBoolAttr(true));
  return arith::XOrIOp::create(*this, condition, yes);
}
Value ElementBuilder::select(Value condition, Value yes, Value no) {
  return arith::SelectOp::create(*this, condition, yes, no);
}
Value ElementBuilder::count(Value condition) {
  return arith::ExtUIOp::create(*this, getI32Type(), condition);
}
Value ElementBuilder::extract(Value tensor, ValueRange indices) {
  return tensor::ExtractOp::create(*this, tensor, indices);
}

Value hadal::scaledWeight(ElementBuilder &b, Value element, Value scale,
                          std::optional<ArrayRef<int64_t>> block, ValueRange indices) {
  Value weight = b.widen(element);
  if (!scale)
    return weight;
  SmallVector<Value> of(indices);
  of[of.size() - 2] = b.divIndex(of[of.size() - 2], (*block)[0]);
  of[of.size() - 1] = b.divIndex(of[of.size() - 1], (*block)[1]);
  return b.mul(weight, b.extract(scale, of));
}
