// SPDX-License-Identifier: Apache-2.0
// Writes plan expressions as infix text.
#include "Objdump.h"

#include <cstdint>

namespace hadal::objdump {
namespace {

using artifact::Dim;
using artifact::Expr;
using artifact::ExprKind;

constexpr size_t kLongest = 100;

ExpressionText::Text plain(const std::string &text) { return {text, text}; }

std::string dimName(const runtime::HostDim &dim) {
  switch (dim.kind) {
  case Dim::tokens: return "N";
  case Dim::sequences: return "S";
  case Dim::logit_rows: return "R";
  default: return dim.name;
  }
}

const char *infix(ExprKind kind) {
  switch (kind) {
  case ExprKind::add: return " + ";
  case ExprKind::sub: return " - ";
  case ExprKind::mul: return " * ";
  case ExprKind::floor_div: return " / ";
  case ExprKind::lt: return " < ";
  case ExprKind::le: return " <= ";
  case ExprKind::eq: return " == ";
  case ExprKind::logical_and: return " && ";
  case ExprKind::logical_or: return " || ";
  default: return nullptr;
  }
}

} // namespace

ExpressionText::ExpressionText(const Program &program, const Entry &entry) {
  auto name = [&](const Expr &expr) {
    if (expr.kind() == ExprKind::extent)
      return plain("extent(" + std::string(entry.arguments[expr.a()].name) + ", " +
                   std::to_string(expr.b()) + ")");
    return plain(dimName(program.dims[static_cast<size_t>(expr.value())]));
  };
  write(entry.exprs, name, kLongest);
}

ExpressionText::ExpressionText(const Program &program) {
  auto name = [&](const Expr &expr) {
    return plain(dimName(program.dims[static_cast<size_t>(expr.value())]));
  };
  write(program.exprs, name, SIZE_MAX);
}

ExpressionText::ExpressionText(const KernelInterface &interface) {
  auto name = [](const Expr &expr) { return plain("c" + std::to_string(expr.value())); };
  write(interface.exprs, name, SIZE_MAX);
}

ExpressionText::ExpressionText(const KernelInterface &interface, const ExpressionText &entry,
                               const Launch &launch) {
  auto name = [&](const Expr &expr) {
    auto index = static_cast<uint32_t>(expr.value());
    uint32_t passed = launch.constants.size();
    return entry.texts[index < passed ? launch.constants[index] : launch.grid[index - passed]];
  };
  write(interface.exprs, name, SIZE_MAX);
}

void ExpressionText::write(Span<Expr> exprs, const Namer &name, size_t longest) {
  for (uint32_t i = 0; i < exprs.size(); ++i) {
    const Expr &expr = exprs[i];
    Text text;
    if (expr.kind() == ExprKind::constant) {
      text = plain(std::to_string(expr.value()));
    } else if (runtime::operandCount(expr.kind()) == 0) {
      text = name(expr);
    } else if (expr.kind() == ExprKind::select) {
      text.whole = texts[expr.a()].operand + " ? " + texts[expr.b()].operand + " : " +
                   texts[expr.c()].operand;
      text.operand = "(" + text.whole + ")";
    } else if (const char *sign = infix(expr.kind())) {
      text.whole = texts[expr.a()].operand + sign + texts[expr.b()].operand;
      text.operand = "(" + text.whole + ")";
    } else {
      text = plain(std::string(artifact::EnumNameExprKind(expr.kind())) + "(" +
                   texts[expr.a()].whole + ", " + texts[expr.b()].whole + ")");
    }
    if (text.whole.size() > longest) {
      definitions.emplace_back(i, text.whole);
      text = plain("%" + std::to_string(i));
    }
    texts.push_back(text);
  }
}

std::string ExpressionText::list(Span<uint32_t> indices) const {
  std::string joined = "[";
  for (uint32_t i = 0; i < indices.size(); ++i)
    joined += (i ? ", " : "") + texts[indices[i]].whole;
  return joined + "]";
}

std::string stateShape(const Program &program, const State &state) {
  bool grows = state.kind == artifact::StateKind::growing;
  std::string text =
      grows ? "[pages, " + std::to_string(program.blockTables[state.blockTable].pageSize)
            : "[slots, " + ExpressionText(program)[state.rows];
  for (uint32_t i = 0; i < state.rowRank; ++i)
    text += ", " + std::to_string(state.rowShape[i]);
  return text + "]";
}

} // namespace hadal::objdump
