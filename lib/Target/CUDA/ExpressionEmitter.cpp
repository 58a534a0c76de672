// SPDX-License-Identifier: Apache-2.0
// Expressions of interfaces, computed by kernels.
#include "ExpressionEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

ExpressionEmitter::ExpressionEmitter(ImplicitLocOpBuilder &builder, plan::InterfaceOp interface,
                                     ValueRange constants)
    : b(builder) {
  for (auto [argument, constant] : llvm::zip_equal(interface.getBody().getArguments(), constants))
    known[argument] = constant;
}

Value ExpressionEmitter::emit(Value expression) {
  if (Value value = known.lookup(expression))
    return value;
  Value value;
  if (auto constant = expression.getDefiningOp<plan::ConstantOp>()) {
    value = arith::ConstantIndexOp::create(b, int64_t(constant.getValue()));
  } else if (auto select = expression.getDefiningOp<plan::SelectOp>()) {
    Value zero = arith::ConstantIndexOp::create(b, 0);
    Value holds =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ne, emit(select.getCondition()), zero);
    value = arith::SelectOp::create(b, holds, emit(select.getA()), emit(select.getB()));
  } else {
    auto expr = expression.getDefiningOp<plan::ExprOp>();
    value = emit(expr.getKind(), emit(expr.getA()), emit(expr.getB()));
  }
  known[expression] = value;
  return value;
}

Value ExpressionEmitter::emit(plan::ExprKind kind, Value x, Value y) {
  auto compare = [&](arith::CmpIPredicate predicate) -> Value {
    Value holds = arith::CmpIOp::create(b, predicate, x, y);
    return arith::IndexCastUIOp::create(b, b.getIndexType(), holds);
  };
  auto isTrue = [&](Value value) -> Value {
    Value zero = arith::ConstantIndexOp::create(b, 0);
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, value, zero);
  };
  switch (kind) {
  case plan::ExprKind::Add: return arith::AddIOp::create(b, x, y);
  case plan::ExprKind::Sub: return arith::SubIOp::create(b, x, y);
  case plan::ExprKind::Mul: return arith::MulIOp::create(b, x, y);
  case plan::ExprKind::FloorDiv: return arith::FloorDivSIOp::create(b, x, y);
  case plan::ExprKind::CeilDiv: return arith::CeilDivSIOp::create(b, x, y);
  case plan::ExprKind::Min: return arith::MinSIOp::create(b, x, y);
  case plan::ExprKind::Max: return arith::MaxSIOp::create(b, x, y);
  case plan::ExprKind::Lt: return compare(arith::CmpIPredicate::slt);
  case plan::ExprKind::Le: return compare(arith::CmpIPredicate::sle);
  case plan::ExprKind::Eq: return compare(arith::CmpIPredicate::eq);
  case plan::ExprKind::And:
    return arith::IndexCastUIOp::create(b, b.getIndexType(),
                                        arith::AndIOp::create(b, isTrue(x), isTrue(y)).getResult());
  case plan::ExprKind::Or:
    return arith::IndexCastUIOp::create(b, b.getIndexType(),
                                        arith::OrIOp::create(b, isTrue(x), isTrue(y)).getResult());
  }
  llvm_unreachable("all kinds of expressions are above");
}
