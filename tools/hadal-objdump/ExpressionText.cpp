// SPDX-License-Identifier: Apache-2.0
// Writes plan expressions as infix text.
#include "Objdump.h"

namespace hadal::objdump {
namespace {

using artifact::Dim;
using artifact::Expr;
using artifact::ExprKind;

constexpr size_t kLongest = 100;

const char *dimName(int64_t dim) {
  switch (static_cast<Dim>(dim)) {
  case Dim::tokens:
    return "N";
  case Dim::sequences:
    return "S";
  case Dim::logit_rows:
    return "R";
  default:
    return artifact::EnumNameDim(static_cast<Dim>(dim));
  }
}

const char *infix(ExprKind kind) {
  switch (kind) {
  case ExprKind::add:
    return " + ";
  case ExprKind::sub:
    return " - ";
  case ExprKind::mul:
    return " * ";
  case ExprKind::floor_div:
    return " / ";
  case ExprKind::lt:
    return " < ";
  case ExprKind::le:
    return " <= ";
  case ExprKind::eq:
    return " == ";
  case ExprKind::logical_and:
    return " && ";
  case ExprKind::logical_or:
    return " || ";
  default:
    return nullptr;
  }
}

} // namespace

ExpressionText::ExpressionText(const artifact::EntryPoint &entry) {
  // As an operand, an infix expression stands in parentheses.
  std::vector<std::string> operands;
  for (uint32_t i = 0; i < sizeOf(entry.exprs()); ++i) {
    const Expr &expr = *entry.exprs()->Get(i);
    std::string value, operand;
    if (expr.kind() == ExprKind::constant) {
      operand = value = std::to_string(expr.value());
    } else if (expr.kind() == ExprKind::dim) {
      operand = value = dimName(expr.value());
    } else if (expr.kind() == ExprKind::select) {
      value = operands[expr.a()] + " ? " + operands[expr.b()] + " : " + operands[expr.c()];
      operand = "(" + value + ")";
    } else if (const char *sign = infix(expr.kind())) {
      value = operands[expr.a()] + sign + operands[expr.b()];
      operand = "(" + value + ")";
    } else {
      operand = value = std::string(artifact::EnumNameExprKind(expr.kind())) + "(" +
                        texts[expr.a()] + ", " + texts[expr.b()] + ")";
    }
    if (value.size() > kLongest) {
      definitions.emplace_back(i, value);
      operand = value = "%" + std::to_string(i);
    }
    texts.push_back(value);
    operands.push_back(operand);
  }
}

std::string ExpressionText::list(const flatbuffers::Vector<uint32_t> *indices) const {
  std::string joined = "[";
  for (uint32_t i = 0; i < sizeOf(indices); ++i)
    joined += (i ? ", " : "") + texts[indices->Get(i)];
  return joined + "]";
}

} // namespace hadal::objdump
