// SPDX-License-Identifier: Apache-2.0
// Function bodies: statements, instructions, operands, scopes and labels.
#include "sim/frontend/Parser.h"

#include <cstring>

namespace hadal::sim {

namespace {
constexpr size_t kMaximumScopes = 64;
struct SpecialRow {
  const char *name;
  SpecialRegister first;
  bool vector;
};
constexpr SpecialRow kSpecials[] = {
    {"%tid", SpecialRegister::TidX, true},
    {"%ntid", SpecialRegister::NtidX, true},
    {"%ctaid", SpecialRegister::CtaidX, true},
    {"%nctaid", SpecialRegister::NctaidX, true},
    {"%laneid", SpecialRegister::LaneId, false},
    {"%warpid", SpecialRegister::WarpId, false},
    {"%nwarpid", SpecialRegister::NwarpId, false},
    {"%smid", SpecialRegister::SmId, false},
    {"%nsmid", SpecialRegister::NsmId, false},
    {"%gridid", SpecialRegister::GridId, false},
    {"%lanemask_eq", SpecialRegister::LanemaskEq, false},
    {"%lanemask_le", SpecialRegister::LanemaskLe, false},
    {"%lanemask_lt", SpecialRegister::LanemaskLt, false},
    {"%lanemask_ge", SpecialRegister::LanemaskGe, false},
    {"%lanemask_gt", SpecialRegister::LanemaskGt, false},
    {"%dynamic_smem_size", SpecialRegister::DynamicSmemSize, false},
    {"%total_smem_size", SpecialRegister::TotalSmemSize, false},
    {"%aggr_smem_size", SpecialRegister::AggrSmemSize, false},
    {"%reserved_smem_offset_begin", SpecialRegister::ReservedSmemBegin, false},
    {"%reserved_smem_offset_end", SpecialRegister::ReservedSmemEnd, false},
    {"%reserved_smem_offset_cap", SpecialRegister::ReservedSmemCap, false},
    {"%reserved_smem_offset_0", SpecialRegister::ReservedSmem0, false},
    {"%reserved_smem_offset_1", SpecialRegister::ReservedSmem1, false},
    {"%cluster_ctaid", SpecialRegister::ClusterCtaidX, true},
    {"%cluster_nctaid", SpecialRegister::ClusterNctaidX, true},
    {"%clusterid", SpecialRegister::ClusteridX, true},
    {"%nclusterid", SpecialRegister::NclusteridX, true},
    {"%cluster_ctarank", SpecialRegister::ClusterCtarank, false},
    {"%cluster_nctarank", SpecialRegister::ClusterNctarank, false},
    {"%current_graph_exec", SpecialRegister::CurrentGraphExec, false},
    {"WARP_SZ", SpecialRegister::WarpSize, false},
    {"%clock", SpecialRegister::Clock, false},
    {"%clock_hi", SpecialRegister::ClockHi, false},
    {"%clock64", SpecialRegister::Clock64, false},
    {"%globaltimer", SpecialRegister::GlobalTimer, false},
    {"%globaltimer_lo", SpecialRegister::GlobalTimerLo, false},
    {"%globaltimer_hi", SpecialRegister::GlobalTimerHi, false},
};
int componentIndex(std::string_view suffix) {
  if (suffix.size() != 1)
    return -1;
  switch (suffix[0]) {
  case 'x':
  case 'r': return 0;
  case 'y':
  case 'g': return 1;
  case 'z':
  case 'b': return 2;
  case 'w':
  case 'a': return 3;
  default: return -1;
  }
}
} // namespace

SpecialRegister specialByName(std::string_view name, std::string_view suffix) {
  // The driver sets %envreg0 to %envreg31; only two of them mean something.
  if (name.substr(0, 7) == "%envreg" && name.size() > 7 && suffix.empty())
    return name == "%envreg1"   ? SpecialRegister::EnvReg1
           : name == "%envreg2" ? SpecialRegister::EnvReg2
                                : SpecialRegister::EnvReg0;
  for (const SpecialRow &row : kSpecials)
    if (name == row.name) {
      if (!row.vector)
        return suffix.empty() ? row.first : SpecialRegister::Count;
      int index = componentIndex(suffix);
      if (index < 0 || index > 2)
        return SpecialRegister::Count;
      return SpecialRegister(u32(row.first) + u32(index));
    }
  return SpecialRegister::Count;
}

bool Parser::openScope() {
  if (scopes.size() > kMaximumScopes)
    return fail(lexer.peek(), "blocks are nested too deeply");
  scopes.emplace_back();
  return true;
}

void Parser::resolve(AstFunction &function, const PendingLabel &label, u32 target) {
  if (label.operand == ~0u)
    function.tables[label.table].labels[label.entry] = target;
  else
    function.body[label.instruction].operands[label.operand].label = target;
}

/// Labels used in a block may be declared after their use, in it or around it.
void Parser::closeScope(AstFunction &function) {
  size_t depth = scopes.size();
  size_t kept = 0;
  for (PendingLabel &label : pending) {
    if (label.depth >= depth) {
      auto found = scopes.back().names.find(label.name);
      if (found != scopes.back().names.end() && found->second.kind == Name::Label) {
        resolve(function, label, found->second.index);
        continue;
      }
      label.depth = depth - 1;
    }
    pending[kept++] = label;
  }
  pending.resize(kept);
  scopes.pop_back();
}

bool Parser::lookUp(std::string_view name, Name &found) const {
  size_t digits = name.size();
  u64 number = 0, scale = 1;
  while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9' &&
         name.size() - digits < 8) {
    --digits;
    number += scale * u64(name[digits] - '0');
    scale *= 10;
  }
  for (size_t i = scopes.size(); i-- > 0;) {
    auto entry = scopes[i].names.find(name);
    if (entry != scopes[i].names.end()) {
      found = entry->second;
      return true;
    }
    if (digits == name.size())
      continue;
    // The number of %r007 is written without leading zeros, but the prefix may
    // itself end in digits.
    for (const Range &range : scopes[i].ranges) {
      if (range.prefix.size() == digits && name.substr(0, digits) == range.prefix &&
          number < range.count) {
        found = Name{Name::Register};
        found.index = range.first + u32(number);
        return true;
      }
      if (range.prefix.size() > digits && range.prefix.size() < name.size() &&
          name.substr(0, range.prefix.size()) == range.prefix) {
        u64 rest = 0;
        for (char c : name.substr(range.prefix.size()))
          rest = rest < 100000000 ? rest * 10 + u64(c - '0') : rest;
        if (rest < range.count) {
          found = Name{Name::Register};
          found.index = range.first + u32(rest);
          return true;
        }
      }
    }
  }
  return false;
}

bool Parser::parseBody(AstFunction &function) {
  function.hasBody = true;
  sourceFile = sourceLine = 0;
  if (!expect('{'))
    return false;
  size_t outer = scopes.size();
  if (!openScope())
    return false;
  while (scopes.size() > outer) {
    const Token token = lexer.peek();
    if (token.kind == Token::End)
      return fail(token, format("expected '}' at the end of '%s', got the end "
                                "of the file",
                                function.name.c_str()));
    if (accept('{')) {
      if (!openScope())
        return false;
    } else if (accept('}')) {
      closeScope(function);
    } else if (!parseStatement(function)) {
      return false;
    }
  }
  if (!pending.empty())
    return failAt(pending.front().at,
                  format("unknown name '%.*s'", int(pending.front().name.size()),
                         pending.front().name.data()));
  return true;
}

bool Parser::parseLoc() {
  u64 file = 0, line = 0, column = 0;
  if (!integer(file, "a file number") || !integer(line, "a line") || !integer(column, "a column"))
    return false;
  sourceFile = u32(file);
  sourceLine = u32(line);
  // , function_name LABEL [+ N], inlined_at FILE LINE COLUMN
  while (accept(',')) {
    Token word = lexer.take();
    if (word.kind == Token::Identifier && word.text == "function_name") {
      lexer.take();
      if (accept('+'))
        lexer.take();
    } else if (word.kind == Token::Identifier && word.text == "inlined_at") {
      for (int i = 0; i < 3; ++i)
        if (!integer(column, "an integer"))
          return false;
    } else {
      return fail(word, "expected function_name or inlined_at");
    }
  }
  return true;
}

bool Parser::parseStatement(AstFunction &function) {
  const Token token = lexer.peek();
  if (token.kind == Token::Punctuation && token.punctuation == ';') {
    lexer.take();
    return true;
  }
  if (token.kind == Token::Directive) {
    lexer.take();
    std::string_view name = token.text;
    if (name == "reg")
      return parseRegisters(function);
    if (name == "loc")
      return parseLoc();
    if (name == "pragma") {
      lexer.take();
      return expect(';');
    }
    if (name == "local")
      return parseVariables(Space::Local, {}, &function);
    if (name == "shared")
      return parseVariables(Space::Shared, {}, &function);
    if (name == "param")
      return parseVariables(Space::Param, {}, &function);
    if (name == "global")
      return parseVariables(Space::Global, {}, &function);
    if (name == "const")
      return parseVariables(Space::Const, {}, &function);
    if (name == "extern") {
      Linkage linkage;
      linkage.isExtern = true;
      if (acceptDirective("shared"))
        return parseVariables(Space::Shared, linkage, &function);
    }
    return fail(token, format("unknown directive '.%.*s'", int(name.size()), name.data()));
  }
  if (token.kind == Token::Identifier && lexer.followedBy(':')) {
    Token name = lexer.take();
    accept(':');
    if (lexer.peek().kind == Token::Directive) {
      std::string_view what = lexer.peek().text;
      if (what == "branchtargets" || what == "calltargets" || what == "callprototype")
        return parseTable(function, name.text, name);
    }
    Name entry{Name::Label};
    entry.index = u32(function.body.size());
    return declare(name.text, entry, name);
  }
  return parseInstruction(function);
}

bool Parser::parseTable(AstFunction &function, std::string_view name, const Token &at) {
  const Token what = lexer.take();
  Name entry{Name::Table};
  entry.index = u32(function.tables.size());
  function.tables.emplace_back();
  function.tables.back().name = name;
  if (!declare(name, entry, at))
    return false;
  if (what.text != "branchtargets") {
    // Call targets and prototypes restrict what a correct program does; the
    // callee is checked when the call is made.
    while (lexer.peek().kind != Token::End && !accept(';'))
      lexer.take();
    return true;
  }
  do {
    const Token label = lexer.take();
    if (label.kind != Token::Identifier)
      return fail(label, "expected a label");
    PendingLabel use{0,
                     ~0u,
                     entry.index,
                     u32(function.tables.back().labels.size()),
                     scopes.size(),
                     label.text,
                     lexer.position(label)};
    function.tables.back().labels.push_back(0);
    pending.push_back(use);
  } while (accept(','));
  return expect(';');
}

bool Parser::parseInstruction(AstFunction &function) {
  AstInst inst;
  if (accept('@')) {
    inst.guardNegated = accept('!');
    const Token token = lexer.take();
    Name found{};
    if (token.kind != Token::Identifier || !lookUp(token.text, found) ||
        found.kind != Name::Register || function.registers[found.index].type != Ty::Pred)
      return fail(token, format("expected a predicate, got '%.*s'", int(token.text.size()),
                                token.text.data()));
    inst.guard = i32(found.index);
  }
  const Token opcode = lexer.take();
  inst.at = lexer.position(opcode);
  if (opcode.kind != Token::Identifier)
    return fail(opcode, opcode.kind == Token::End
                            ? std::string("expected an instruction, got the "
                                          "end of the file")
                            : format("expected an instruction, got '%.*s'", int(opcode.text.size()),
                                     opcode.text.data()));
  inst.opcode = opcode.text;
  inst.sourceFile = sourceFile;
  inst.sourceLine = sourceLine;
  while (lexer.peek().kind == Token::Directive)
    inst.modifiers.push_back(lexer.take().text);
  u32 index = u32(function.body.size());
  bool inCall = inst.opcode == "call";
  inst.beyond = isBeyond(inst);
  if (inst.beyond) {
    while (lexer.peek().kind != Token::End && !accept(';'))
      lexer.take();
  } else if (!accept(';')) {
    do {
      inst.operands.emplace_back();
      size_t before = pending.size();
      if (!parseOperand(function, inst.operands.back(), inCall))
        return false;
      for (size_t i = before; i < pending.size(); ++i) {
        pending[i].instruction = index;
        pending[i].operand = u32(inst.operands.size() - 1);
      }
    } while (accept(','));
    if (!expect(';'))
      return false;
  }
  function.body.push_back(std::move(inst));
  return true;
}

bool Parser::parseName(Operand &operand) {
  const Token token = lexer.take();
  operand.name = token.text;
  operand.at = lexer.position(token);
  if (token.text == "_") {
    operand.kind = Operand::Sink;
    return true;
  }
  Name found{};
  if (lookUp(token.text, found)) {
    switch (found.kind) {
    case Name::Register:
      operand.kind = Operand::Register;
      operand.reg = i32(found.index);
      return true;
    case Name::VectorRegister:
      if (lexer.peek().kind == Token::Directive) {
        const Token suffix = lexer.take();
        int component = componentIndex(suffix.text);
        if (component < 0 || u32(component) >= found.count)
          return fail(suffix, "expected a component of the vector");
        operand.kind = Operand::Register;
        operand.reg = i32(found.index) + component;
        return true;
      }
      operand.kind = Operand::Vector;
      for (u32 i = 0; i < found.count; ++i) {
        Operand part;
        part.kind = Operand::Register;
        part.reg = i32(found.index + i);
        operand.parts.push_back(part);
      }
      return true;
    case Name::Variable:
      operand.kind = Operand::Symbol;
      operand.variable = found.variable;
      return true;
    case Name::Label:
      operand.kind = Operand::Label;
      operand.label = found.index;
      return true;
    case Name::Table:
      operand.kind = Operand::Prototype;
      operand.label = found.index;
      return true;
    }
  }
  auto variable = moduleVariables.find(token.text);
  if (variable != moduleVariables.end()) {
    operand.kind = Operand::Symbol;
    operand.variable = variable->second;
    return true;
  }
  auto callee = moduleFunctions.find(token.text);
  if (callee != moduleFunctions.end()) {
    operand.kind = Operand::Function;
    operand.function = callee->second;
    return true;
  }
  std::string_view suffix;
  if (lexer.peek().kind == Token::Directive && token.text[0] == '%')
    suffix = lexer.take().text;
  SpecialRegister special = specialByName(token.text, suffix);
  if (special != SpecialRegister::Count) {
    operand.kind = Operand::Special;
    operand.special = u32(special);
    return true;
  }
  if (token.text[0] == '%')
    return fail(token,
                format("unknown register '%.*s%s%.*s'", int(token.text.size()), token.text.data(),
                       suffix.empty() ? "" : ".", int(suffix.size()), suffix.data()));
  operand.kind = Operand::Label;
  pending.push_back({0, 0, 0, 0, scopes.size(), token.text, operand.at});
  return true;
}

bool Parser::parseAddress(Operand &operand) {
  operand.kind = Operand::Address;
  const Token token = lexer.peek();
  operand.at = lexer.position(token);
  if (token.kind == Token::Identifier) {
    Operand base;
    size_t before = pending.size();
    if (!parseName(base))
      return false;
    operand.name = base.name;
    if (base.kind == Operand::Register) {
      operand.reg = base.reg;
    } else if (base.kind == Operand::Symbol) {
      operand.variable = base.variable;
    } else {
      pending.resize(before);
      return fail(token, format("unknown name '%.*s'", int(token.text.size()), token.text.data()));
    }
    while (lexer.peek().kind == Token::Punctuation &&
           (lexer.peek().punctuation == '+' || lexer.peek().punctuation == '-')) {
      bool minus = lexer.take().punctuation == '-';
      u64 bits = 0;
      bool isFloat = false, is32 = false;
      if (!constant(bits, isFloat, is32, 3))
        return false;
      operand.offset += minus ? -i64(bits) : i64(bits);
    }
  } else {
    u64 bits = 0;
    bool isFloat = false, is32 = false;
    if (!constant(bits, isFloat, is32))
      return false;
    operand.offset = i64(bits);
  }
  return expect(']');
}

bool Parser::parseOperand(AstFunction &function, Operand &operand, bool inCall) {
  static thread_local int depth = 0;
  struct Nest {
    ~Nest() { --depth; }
  } nest;
  const Token token = lexer.peek();
  if (++depth > 8)
    return fail(token, "operand is nested too deeply");
  operand.at = lexer.position(token);
  if (token.kind == Token::Identifier) {
    if (!parseName(operand))
      return false;
    if (operand.kind == Operand::Symbol || operand.kind == Operand::Function) {
      while (lexer.peek().kind == Token::Punctuation &&
             (lexer.peek().punctuation == '+' || lexer.peek().punctuation == '-')) {
        bool minus = lexer.take().punctuation == '-';
        u64 bits = 0;
        if (!integer(bits, "an offset"))
          return false;
        operand.offset += minus ? -i64(bits) : i64(bits);
      }
    }
    if (accept('|')) {
      Operand pair;
      pair.kind = Operand::Pair;
      pair.at = operand.at;
      pair.parts.push_back(std::move(operand));
      pair.parts.emplace_back();
      if (!parseOperand(function, pair.parts.back(), false))
        return false;
      operand = std::move(pair);
    }
    return true;
  }
  if (token.kind == Token::Punctuation) {
    char open = token.punctuation;
    if (open == '[') {
      lexer.take();
      return parseAddress(operand);
    }
    if (open == '{' || (open == '(' && inCall)) {
      lexer.take();
      operand.kind = open == '{' ? Operand::Vector : Operand::List;
      if (accept(open == '{' ? '}' : ')'))
        return true;
      do {
        operand.parts.emplace_back();
        if (!parseOperand(function, operand.parts.back(), false))
          return false;
      } while (accept(','));
      return expect(open == '{' ? '}' : ')');
    }
    if (open == '!' && !lexer.followedBy('0') && !lexer.followedBy('1')) {
      lexer.take();
      if (!parseOperand(function, operand, false))
        return false;
      operand.negated = true;
      return true;
    }
  }
  operand.kind = Operand::Immediate;
  return constant(operand.bits, operand.isFloat, operand.floatIs32);
}

} // namespace hadal::sim
