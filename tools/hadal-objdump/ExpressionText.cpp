// SPDX-License-Identifier: Apache-2.0
// Writes plan expressions as infix text, each long one once.
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

// Which expressions some others are made of, themselves included.
std::vector<bool> neededBy(Span<Expr> exprs, const std::vector<uint32_t> &roots) {
  std::vector<bool> needed(exprs.size());
  for (uint32_t root : roots)
    needed[root] = true;
  for (uint32_t i = exprs.size(); i-- > 0;) {
    const uint32_t operands[] = {exprs[i].a(), exprs[i].b(), exprs[i].c()};
    for (int j = 0; needed[i] && j < runtime::operandCount(exprs[i].kind()); ++j)
      needed[operands[j]] = true;
  }
  return needed;
}

void append(std::vector<uint32_t> &list, Span<uint32_t> more) {
  list.insert(list.end(), more.begin(), more.end());
}

} // namespace

ExpressionText::ExpressionText(const Program &program, const Entry &entry) : exprs(entry.exprs) {
  write([&](const Expr &expr) {
    if (expr.kind() == ExprKind::extent)
      return plain("extent(" + std::string(entry.arguments[expr.a()].name) + ", " +
                   std::to_string(expr.b()) + ")");
    return plain(dimName(program.dims[static_cast<size_t>(expr.value())]));
  });
}

ExpressionText::ExpressionText(const Program &program) : exprs(program.exprs) {
  write([&](const Expr &expr) {
    return plain(dimName(program.dims[static_cast<size_t>(expr.value())]));
  });
}

ExpressionText::ExpressionText(const KernelInterface &interface) : exprs(interface.exprs) {
  write([](const Expr &expr) { return plain("c" + std::to_string(expr.value())); });
}

ExpressionText::ExpressionText(const KernelInterface &interface, const ExpressionText &entry,
                               const Launch &launch)
    : exprs(interface.exprs) {
  std::vector<uint32_t> grid;
  append(grid, interface.grid);
  std::vector<bool> needed = neededBy(exprs, grid);
  auto name = [&](const Expr &expr) {
    auto index = static_cast<uint32_t>(expr.value());
    uint32_t passed = launch.constants.size();
    return entry.texts[index < passed ? launch.constants[index] : launch.grid[index - passed]];
  };
  write(name, &needed);
}

void ExpressionText::write(const Namer &name, const std::vector<bool> *only) {
  texts.resize(exprs.size());
  for (uint32_t i = 0; i < exprs.size(); ++i) {
    if (only && !(*only)[i])
      continue;
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
    if (text.whole.size() > kLongest) {
      definitions.emplace(i, text.whole);
      text = plain("%" + std::to_string(i));
    }
    texts[i] = text;
  }
}

std::vector<ExpressionText::Named> ExpressionText::named() const {
  std::vector<Named> list;
  for (const auto &[index, text] : definitions)
    list.push_back({index, text});
  return list;
}

std::vector<ExpressionText::Named> ExpressionText::named(const std::vector<uint32_t> &roots) const {
  std::vector<bool> needed = neededBy(exprs, roots);
  std::vector<Named> list;
  for (const auto &[index, text] : definitions)
    if (needed[index])
      list.push_back({index, text});
  return list;
}

std::string ExpressionText::list(Span<uint32_t> indices) const {
  std::string joined = "[";
  for (uint32_t i = 0; i < indices.size(); ++i)
    joined += (i ? ", " : "") + texts[indices[i]].whole;
  return joined + "]";
}

std::vector<uint32_t> shownOf(const KernelInterface &interface) {
  std::vector<uint32_t> shown;
  append(shown, interface.grid);
  for (uint32_t size : {interface.dynamicShared, interface.workspace})
    if (size != runtime::kNone)
      shown.push_back(size);
  for (const runtime::KernelParameter &parameter : interface.parameters)
    if (parameter.kind == artifact::KernelParameterKind::tensor_map) {
      append(shown, parameter.map.extents);
      append(shown, parameter.map.strides);
    }
  return shown;
}

std::vector<uint32_t> shownOf(const Entry &entry) {
  std::vector<uint32_t> shown;
  for (const runtime::Port &argument : entry.arguments)
    append(shown, argument.shape);
  for (const runtime::Port &result : entry.results)
    append(shown, result.shape);
  return shown;
}

std::vector<uint32_t> shownOf(const Program &program) {
  std::vector<uint32_t> shown;
  for (const State &state : program.states)
    if (state.kind != artifact::StateKind::growing)
      shown.push_back(state.rows);
  for (const runtime::ParameterSlice &slice : program.slices) {
    shown.push_back(slice.offset);
    shown.push_back(slice.length);
  }
  return shown;
}

std::string stateShape(const Program &program, const ExpressionText &exprs, const State &state) {
  bool grows = state.kind == artifact::StateKind::growing;
  std::string text =
      grows ? "[pages, " + std::to_string(program.blockTables[state.blockTable].pageSize)
            : "[slots, " + exprs[state.rows];
  for (uint32_t i = 0; i < state.rowRank; ++i)
    text += ", " + std::to_string(state.rowShape[i]);
  return text + "]";
}

} // namespace hadal::objdump
