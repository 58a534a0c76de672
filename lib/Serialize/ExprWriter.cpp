// SPDX-License-Identifier: Apache-2.0
// Writes expressions of a plan as lists of the artifact.
#include "ExprWriter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;

uint32_t ExprWriter::add(Value value, fb::Expr expr) {
  exprs.push_back(expr);
  uint32_t number = fieldOf(exprs.size() - 1);
  if (value)
    numbers[value] = number;
  return number;
}

uint32_t ExprWriter::constant(int64_t value) {
  auto [it, isNew] = constants.try_emplace(value, 0);
  if (isNew)
    it->second = add(Value(), fb::Expr(value, 0, 0, 0, fb::ExprKind::constant));
  return it->second;
}

bool ExprWriter::write(Operation &op) {
  return llvm::TypeSwitch<Operation *, bool>(&op)
      .Case([&](plan::ConstantOp constantOp) {
        int64_t value = constantOp.getValue();
        constants[value] = add(constantOp, fb::Expr(value, 0, 0, 0, fb::ExprKind::constant));
        return true;
      })
      .Case([&](plan::DimOp dim) {
        add(dim, fb::Expr(dims.lookup(dim.getDim()), 0, 0, 0, fb::ExprKind::dim));
        return true;
      })
      .Case([&](plan::ExtentOp extent) {
        add(extent, fb::Expr(0, fieldOf(extent.getArgument()), fieldOf(extent.getAxis()), 0,
                             fb::ExprKind::extent));
        return true;
      })
      .Case([&](plan::ExprOp expr) {
        add(expr, fb::Expr(0, number(expr.getA()), number(expr.getB()), 0,
                           static_cast<fb::ExprKind>(expr.getKind())));
        return true;
      })
      .Case([&](plan::SelectOp select) {
        add(select, fb::Expr(0, number(select.getCondition()), number(select.getA()),
                             number(select.getB()), fb::ExprKind::select));
        return true;
      })
      .Default(false);
}

void ExprWriter::write(Block &block) {
  for (BlockArgument argument : block.getArguments())
    add(argument, fb::Expr(argument.getArgNumber(), 0, 0, 0, fb::ExprKind::launch_constant));
  for (Operation &op : block)
    write(op);
}
