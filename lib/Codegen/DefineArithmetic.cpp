// SPDX-License-Identifier: Apache-2.0
// Gives integer arithmetic a meaning where arith leaves it open, the same on every target.
//
// A quotient by zero is zero, and its remainder the dividend. What exceeds a type wraps; a shift by
// all bits or more leaves none of them. A float that no integer of the type is near becomes the
// nearest, and one that is no number becomes zero. What a type has for a normal number is asked of the
// type, which the flat form may not have.
#include "PlainBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace hadal;

namespace {
class Definer {
public:
  explicit Definer(Operation *op)
      : op(op), b(op->getLoc(), op), type(op->getResult(0).getType()),
        bits(type.isIndex() ? 64 : type.getIntOrFloatBitWidth()) {}

  template <typename Op> void divide(bool isSigned, bool isRemainder) {
    Value a = op->getOperand(0), by = op->getOperand(1);
    std::optional<int64_t> known = getConstantIntValue(by);
    if (known && *known != 0 && (!isSigned || *known != -1))
      return;
    Value isZero = compare(arith::CmpIPredicate::eq, by, integer(0)), isBad = isZero;
    if (isSigned) {
      // The least of all integers has no negative.
      Value exceeds =
          arith::AndIOp::create(b, compare(arith::CmpIPredicate::eq, by, integer(-1)),
                                compare(arith::CmpIPredicate::eq, a, integer(llvm::minIntN(bits))));
      isBad = arith::OrIOp::create(b, isBad, exceeds);
    }
    Value divisor = select(isBad, integer(1), by);
    Value result = Op::create(b, a, divisor);
    replace(select(isZero, isRemainder ? a : integer(0), result));
  }

  /// Integers outside of regions are the host's too, of which extents are made: it refuses a
  /// call that divides one by zero. A kernel divides by one.
  void divideOnHost() {
    Value by = op->getOperand(1);
    if (std::optional<int64_t> known = getConstantIntValue(by); known && *known != 0)
      return;
    Value divisor = select(compare(arith::CmpIPredicate::eq, by, integer(0)), integer(1), by);
    divisor.getDefiningOp()->setAttr(kDivisorAttrName, b.getUnitAttr());
    op->setOperand(1, divisor);
  }

  template <typename Op> void shift(bool isSigned) {
    Value a = op->getOperand(0), by = op->getOperand(1);
    if (std::optional<int64_t> known = getConstantIntValue(by);
        known && *known >= 0 && *known < bits)
      return replace(Op::create(b, a, by));
    if (isSigned) {
      Value most = arith::MinUIOp::create(b, by, integer(bits - 1));
      return replace(Op::create(b, a, most));
    }
    Value isLess = compare(arith::CmpIPredicate::ult, by, integer(bits));
    Value shifted = Op::create(b, a, select(isLess, by, integer(0)));
    replace(select(isLess, shifted, integer(0)));
  }

  template <typename Op> void fromFloat(bool isSigned) {
    Value x = op->getOperand(0);
    if (x.getType().getIntOrFloatBitWidth() < 32)
      x = arith::ExtFOp::create(b, b.getF32Type(), x);
    auto number = [&](double value) -> Value {
      return arith::ConstantOp::create(b, b.getFloatAttr(x.getType(), value));
    };
    auto is = [&](arith::CmpFPredicate predicate, double value) -> Value {
      return arith::CmpFOp::create(b, predicate, x, number(value));
    };
    if (bits == 1) // -1 and 0, or 0 and 1
      return replace(isSigned ? is(arith::CmpFPredicate::OLE, -1)
                              : is(arith::CmpFPredicate::OGE, 1));
    double end = std::ldexp(1.0, isSigned ? bits - 1 : bits);
    Value isAbove =
        isSigned ? is(arith::CmpFPredicate::OGE, -end) : is(arith::CmpFPredicate::OGT, -1);
    Value isIn = arith::AndIOp::create(b, isAbove, is(arith::CmpFPredicate::OLT, end));
    Value converted = Op::create(b, type, select(isIn, x, number(0)));
    Value most = integer(isSigned ? llvm::maxIntN(bits) : -1);
    Value least = isSigned ? integer(llvm::minIntN(bits)) : integer(0);
    Value beyond = select(is(arith::CmpFPredicate::OGT, 0), most,
                          select(is(arith::CmpFPredicate::OLT, 0), least, integer(0)));
    replace(select(isIn, converted, beyond));
  }

  /// From the least number of the type that has all its bits, up to infinity.
  void isNormal() {
    Value x = op->getOperand(0);
    auto least = APFloat::getSmallestNormalized(cast<FloatType>(x.getType()).getFloatSemantics());
    if (x.getType().getIntOrFloatBitWidth() < 32)
      x = arith::ExtFOp::create(b, b.getF32Type(), x);
    Value magnitude = math::AbsFOp::create(b, x);
    auto is = [&](arith::CmpFPredicate predicate, double value) -> Value {
      Value bound = arith::ConstantOp::create(b, b.getFloatAttr(x.getType(), value));
      return arith::CmpFOp::create(b, predicate, magnitude, bound);
    };
    replace(arith::AndIOp::create(b, is(arith::CmpFPredicate::OGE, least.convertToDouble()),
                                  is(arith::CmpFPredicate::OLT, INFINITY)));
  }

private:
  Value integer(int64_t value) {
    return arith::ConstantOp::create(
        b, b.getIntegerAttr(type, APInt(bits, uint64_t(value), /*isSigned=*/true,
                                        /*implicitTrunc=*/true)));
  }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return arith::CmpIOp::create(b, predicate, x, y);
  }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(b, condition, yes, no);
  }
  void replace(Value value) {
    op->replaceAllUsesWith(ValueRange(value));
    op->erase();
  }

  Operation *op;
  ImplicitLocOpBuilder b;
  Type type;
  unsigned bits;
};
} // namespace

static void define(Operation *op) {
  Definer d(op);
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](arith::DivSIOp) { d.divide<arith::DivSIOp>(true, false); })
      .Case([&](arith::DivUIOp) { d.divide<arith::DivUIOp>(false, false); })
      .Case([&](arith::FloorDivSIOp) { d.divide<arith::FloorDivSIOp>(true, false); })
      .Case([&](arith::CeilDivSIOp) { d.divide<arith::CeilDivSIOp>(true, false); })
      .Case([&](arith::CeilDivUIOp) { d.divide<arith::CeilDivUIOp>(false, false); })
      .Case([&](arith::RemSIOp) { d.divide<arith::RemSIOp>(true, true); })
      .Case([&](arith::RemUIOp) { d.divide<arith::RemUIOp>(false, true); })
      .Case([&](arith::ShLIOp) { d.shift<arith::ShLIOp>(false); })
      .Case([&](arith::ShRUIOp) { d.shift<arith::ShRUIOp>(false); })
      .Case([&](arith::ShRSIOp) { d.shift<arith::ShRSIOp>(true); })
      .Case([&](arith::FPToSIOp) { d.fromFloat<arith::FPToSIOp>(true); })
      .Case([&](arith::FPToUIOp) { d.fromFloat<arith::FPToUIOp>(false); })
      .Case([&](math::IsNormalOp) { d.isNormal(); });
}

void hadal::defineArithmetic(func::FuncOp function) {
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) {
    // What an op promises of its operands, nobody checks.
    if (isa<arith::ArithDialect>(op->getDialect()))
      for (StringRef promise : {"isExact", "nonNeg"})
        if (op->getPropertiesStorage() && op->getInherentAttr(promise).value_or(Attribute()))
          op->setInherentAttr(StringAttr::get(op->getContext(), promise), Attribute());
    if (auto wraps = dyn_cast<arith::ArithIntegerOverflowFlagsInterface>(op))
      op->setAttr(wraps.getIntegerOverflowAttrName(),
                  arith::IntegerOverflowFlagsAttr::get(op->getContext(),
                                                       arith::IntegerOverflowFlags::none));
    if (auto fast = dyn_cast<arith::ArithFastMathInterface>(op))
      op->setAttr(fast.getFastMathAttrName(),
                  arith::FastMathFlagsAttr::get(op->getContext(), arith::FastMathFlags::none));
    bool isDefined = isa<arith::ArithDialect>(op->getDialect()) || isa<math::IsNormalOp>(op);
    if (isDefined && op->getNumResults() == 1 && op->getResult(0).getType().isIntOrIndex())
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    bool isHost = op->getParentOp() == function;
    if (!isHost)
      define(op);
    else if (isa<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp, arith::CeilDivSIOp,
                 arith::CeilDivUIOp, arith::RemSIOp, arith::RemUIOp>(op))
      Definer(op).divideOnHost();
  }
}
