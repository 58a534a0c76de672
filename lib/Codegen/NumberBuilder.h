// SPDX-License-Identifier: Apache-2.0
// Builds arithmetic of numbers, or of vectors of them, without saying which.
#ifndef HADAL_LIB_CODEGEN_NUMBERBUILDER_H
#define HADAL_LIB_CODEGEN_NUMBERBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace hadal {

class NumberBuilder : public mlir::ImplicitLocOpBuilder {
public:
  /// What is built is like `type`: a number, or a vector of that shape.
  NumberBuilder(mlir::Location loc, mlir::OpBuilder &builder, mlir::Type type)
      : ImplicitLocOpBuilder(loc, builder), type(type) {}

  mlir::Type like(mlir::Type element) {
    auto vector = mlir::dyn_cast<mlir::VectorType>(type);
    return vector ? mlir::Type(vector.clone(element)) : element;
  }
  mlir::Type f32() { return like(getF32Type()); }
  mlir::Type f64() { return like(getF64Type()); }
  mlir::Type i32() { return like(getI32Type()); }
  mlir::Type i64() { return like(getI64Type()); }

  mlir::Value constant(mlir::TypedAttr value) {
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(type))
      value = mlir::DenseElementsAttr::get(vector.clone(value.getType()), mlir::Attribute(value));
    return mlir::arith::ConstantOp::create(*this, value);
  }
  /// A number of the type itself.
  mlir::Value number(double value) {
    return constant(getFloatAttr(mlir::getElementTypeOrSelf(type), value));
  }
  mlir::Value f32(double value) { return constant(getF32FloatAttr(float(value))); }
  mlir::Value f64(double value) { return constant(getF64FloatAttr(value)); }
  mlir::Value i32(int64_t value) { return constant(getI32IntegerAttr(int32_t(value))); }
  mlir::Value i64(int64_t value) { return constant(getI64IntegerAttr(value)); }

  mlir::Value add(mlir::Value a, mlir::Value b) {
    return either<mlir::arith::AddFOp, mlir::arith::AddIOp>(a, b);
  }
  mlir::Value sub(mlir::Value a, mlir::Value b) {
    return either<mlir::arith::SubFOp, mlir::arith::SubIOp>(a, b);
  }
  mlir::Value mul(mlir::Value a, mlir::Value b) {
    return either<mlir::arith::MulFOp, mlir::arith::MulIOp>(a, b);
  }
  mlir::Value div(mlir::Value a, mlir::Value b) { return mlir::arith::DivFOp::create(*this, a, b); }
  /// a * b + c, rounded once.
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c) {
    return mlir::math::FmaOp::create(*this, a, b, c);
  }
  mlir::Value abs(mlir::Value a) { return mlir::math::AbsFOp::create(*this, a); }
  mlir::Value left(mlir::Value a, mlir::Value by) {
    return mlir::arith::ShLIOp::create(*this, a, by);
  }
  mlir::Value right(mlir::Value a, mlir::Value by) {
    return mlir::arith::ShRUIOp::create(*this, a, by);
  }
  mlir::Value both(mlir::Value a, mlir::Value b) {
    return mlir::arith::AndIOp::create(*this, a, b);
  }
  mlir::Value any(mlir::Value a, mlir::Value b) { return mlir::arith::OrIOp::create(*this, a, b); }
  mlir::Value bits(mlir::Type to, mlir::Value a) {
    return mlir::arith::BitcastOp::create(*this, to, a);
  }
  mlir::Value select(mlir::Value condition, mlir::Value yes, mlir::Value no) {
    return mlir::arith::SelectOp::create(*this, condition, yes, no);
  }
  mlir::Value is(mlir::arith::CmpFPredicate predicate, mlir::Value a, mlir::Value b) {
    return mlir::arith::CmpFOp::create(*this, predicate, a, b);
  }
  mlir::Value is(mlir::arith::CmpIPredicate predicate, mlir::Value a, mlir::Value b) {
    return mlir::arith::CmpIOp::create(*this, predicate, a, b);
  }
  /// The magnitude of one with the sign of another.
  mlir::Value withSign(mlir::Value magnitude, mlir::Value sign) {
    return mlir::math::CopySignOp::create(*this, magnitude, sign);
  }

private:
  template <typename OfFloats, typename OfIntegers>
  mlir::Value either(mlir::Value a, mlir::Value b) {
    if (mlir::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(a.getType())))
      return OfFloats::create(*this, a, b);
    return OfIntegers::create(*this, a, b);
  }

  mlir::Type type;
};

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_NUMBERBUILDER_H
