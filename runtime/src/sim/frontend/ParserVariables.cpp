// SPDX-License-Identifier: Apache-2.0
// Declarations of variables and registers, initialisers, constant expressions.
#include "sim/frontend/Parser.h"

#include <cstring>

namespace hadal::sim {

namespace {
constexpr u64 kMaximumVariable = u64(1) << 32;
constexpr size_t kMaximumNesting = 64;
} // namespace

bool Parser::declare(std::string_view name, Name entry, const Token &at) {
  auto result = scopes.back().names.emplace(name, entry);
  if (!result.second)
    return fail(at, format("'%.*s' is declared twice", int(name.size()), name.data()));
  return true;
}

/// Reads what stands between the space and the end of one declaration:
/// alignment, vector length, type, name and array extents.
bool Parser::parseDeclarator(Variable &variable) {
  u64 align = 0;
  for (;;) {
    const Token token = lexer.peek();
    if (token.kind != Token::Directive)
      break;
    lexer.take();
    std::string_view name = token.text;
    if (name == "align") {
      if (!integer(align, "an alignment"))
        return false;
      if (align == 0 || align > 4096 || (align & (align - 1)))
        return fail(token, format("expected a power of two up to 4096 as "
                                  "alignment, got %llu",
                                  (unsigned long long)align));
    } else if (name == "v2" || name == "v4" || name == "v8") {
      variable.vector = u32(name[1] - '0');
    } else if (name == "attribute") {
      if (!expect('(') || (lexer.take(), !expect(')')))
        return false;
    } else if (name == "ptr") {
      // Facts about the pointee: .ptr .global .align 16
      while (lexer.peek().kind == Token::Directive) {
        Token fact = lexer.take();
        u64 ignored = 0;
        if (fact.text == "align" && !integer(ignored, "an alignment"))
          return false;
      }
    } else if (Ty type = typeByName(name); type != Ty::None) {
      variable.type = type;
    } else {
      return fail(token, format("unknown type '.%.*s'", int(name.size()), name.data()));
    }
  }
  const Token name = lexer.take();
  if (variable.type == Ty::None)
    return fail(name, "expected a type");
  if (name.kind != Token::Identifier)
    return fail(name,
                format("expected a name, got '%.*s'", int(name.text.size()), name.text.data()));
  variable.name = std::string(name.text);
  variable.at = lexer.position(name);
  u64 element = u64(sizeOf(variable.type)) * variable.vector;
  variable.align = align ? align : (element ? element : 1);
  u64 count = 1;
  while (accept('[')) {
    variable.isArray = true;
    if (accept(']')) {
      variable.unsized = true;
      count = 0;
      continue;
    }
    u64 extent = 0;
    bool isFloat = false, is32 = false;
    const Token at = lexer.peek();
    if (!constant(extent, isFloat, is32) || !expect(']'))
      return false;
    if (isFloat || (extent && count > kMaximumVariable / extent))
      return fail(at, "expected an array of at most 4 GiB");
    count *= extent;
  }
  variable.bytes = count * element;
  if (variable.bytes > kMaximumVariable)
    return fail(name, "expected a variable of at most 4 GiB");
  return true;
}

bool Parser::parseVariables(Space space, Linkage linkage, AstFunction *function) {
  Variable shape;
  bool first = true;
  do {
    std::deque<Variable> &list = function ? function->variables : module.variables;
    const Token at = lexer.peek();
    list.emplace_back();
    Variable &variable = list.back();
    if (!first) { // the type is shared by all names of one declaration
      variable.type = shape.type;
      variable.vector = shape.vector;
    }
    variable.space = space;
    variable.isExtern = linkage.isExtern;
    variable.owner = function;
    if (!parseDeclarator(variable))
      return false;
    if (variable.type == Ty::Pred)
      return fail(at, "expected a type with a size in memory, got pred");
    if (first)
      shape = variable;
    else
      variable.align = shape.align;
    first = false;
    if (accept('=') && !parseInitialiser(variable))
      return false;
    if (variable.unsized && !variable.isExtern && variable.bytes == 0 && !(space == Space::Param))
      return fail(at, format("array '%s' has no size", variable.name.c_str()));
    std::string_view name = keep(variable.name);
    if (function) {
      Name entry{Name::Variable};
      entry.variable = &variable;
      if (!declare(name, entry, at))
        return false;
    } else {
      auto known = moduleVariables.find(name);
      if (known != moduleVariables.end() && !known->second->isExtern && !variable.isExtern)
        return fail(at, format("'%s' is declared twice", variable.name.c_str()));
      if (known != moduleVariables.end() && variable.isExtern)
        continue;
      if (known != moduleVariables.end()) {
        // The definition of an earlier extern: uses point at the first.
        *known->second = variable;
        module.variables.pop_back();
        continue;
      }
      moduleVariables[name] = &variable;
    }
  } while (accept(','));
  return expect(';');
}

bool Parser::parseInitialiser(Variable &variable) {
  if (variable.space != Space::Global && variable.space != Space::Const)
    return fail(lexer.peek(),
                format("a .%s variable cannot be initialised", spaceName(variable.space)));
  u64 at = 0;
  if (lexer.peek().kind == Token::Punctuation && lexer.peek().punctuation == '{') {
    if (!parseInitialiserItem(variable, at, 0))
      return false;
  } else if (!parseInitialiserItem(variable, at, 1)) {
    return false;
  }
  if (variable.unsized)
    variable.bytes = at;
  if (variable.init.size() > variable.bytes)
    return failAt(variable.at, format("initialiser of '%s' has %zu bytes, expected at most "
                                      "%llu",
                                      variable.name.c_str(), variable.init.size(),
                                      (unsigned long long)variable.bytes));
  return true;
}

bool Parser::parseRelocation(Variable &variable, u64 at) {
  bool generic = lexer.peek().text == "generic" && lexer.followedBy('(');
  if (generic) {
    lexer.take();
    if (!expect('('))
      return false;
  }
  const Token name = lexer.take();
  if (name.kind != Token::Identifier)
    return fail(name, "expected a name in the initialiser");
  Relocation relocation;
  relocation.offset = at;
  relocation.bytes = sizeOf(variable.type);
  relocation.symbol = std::string(name.text);
  relocation.generic = generic;
  relocation.at = lexer.position(name);
  if (generic && !expect(')'))
    return false;
  while (lexer.peek().kind == Token::Punctuation &&
         (lexer.peek().punctuation == '+' || lexer.peek().punctuation == '-')) {
    bool minus = lexer.take().punctuation == '-';
    u64 value = 0;
    if (!integer(value, "an offset"))
      return false;
    relocation.addend += minus ? -i64(value) : i64(value);
  }
  variable.relocations.push_back(relocation);
  return true;
}

bool Parser::parseInitialValue(Ty type, u64 &bits) {
  const Token first = lexer.peek();
  bool isFloat = false, is32 = false;
  // mask(0xFF...) initialisers carry the byte of an address.
  if (!constant(bits, isFloat, is32))
    return false;
  if (isFloat && is32 && type == Ty::F64) {
    float narrow;
    u32 low = u32(bits);
    memcpy(&narrow, &low, 4);
    double wide = narrow;
    memcpy(&bits, &wide, 8);
  } else if (isFloat && !is32 && sizeOf(type) == 4) {
    double wide;
    memcpy(&wide, &bits, 8);
    float narrow = float(wide);
    u32 low;
    memcpy(&low, &narrow, 4);
    bits = low;
  } else if (isFloat && sizeOf(type) < 4) {
    return fail(first, format("a float cannot initialise %s", typeName(type)));
  }
  return true;
}

bool Parser::parseInitialiserItem(Variable &variable, u64 &at, size_t depth) {
  if (depth > kMaximumNesting)
    return fail(lexer.peek(), "initialiser is nested too deeply");
  if (accept('{')) {
    if (accept('}'))
      return true;
    do {
      if (!parseInitialiserItem(variable, at, depth + 1))
        return false;
    } while (accept(','));
    return expect('}');
  }
  const Token first = lexer.peek();
  u32 bytes = sizeOf(variable.type);
  u64 bits = 0;
  if (first.kind == Token::Identifier ? !parseRelocation(variable, at)
                                      : !parseInitialValue(variable.type, bits))
    return false;
  if (at + bytes > kMaximumVariable || (!variable.unsized && at + bytes > variable.bytes))
    return fail(first, format("initialiser of '%s' is longer than its %llu bytes",
                              variable.name.c_str(), (unsigned long long)variable.bytes));
  variable.init.resize(at + bytes, 0);
  memcpy(variable.init.data() + at, &bits, bytes < 8 ? bytes : 8);
  at += bytes;
  return true;
}

u32 Parser::addRegister(AstFunction &function, Ty type, std::string_view name, u32 number,
                        bool numbered) {
  if (function.registerNames.empty() || function.registerNames.back() != name)
    function.registerNames.emplace_back(name);
  VirtualRegister reg;
  reg.type = type;
  reg.name = u32(function.registerNames.size() - 1);
  reg.number = number;
  reg.numbered = numbered;
  function.registers.push_back(reg);
  return u32(function.registers.size() - 1);
}

bool Parser::parseRegisters(AstFunction &function) {
  constexpr u32 kMaximumRegisters = 1 << 20;
  Ty type = Ty::None;
  u32 vector = 1;
  while (lexer.peek().kind == Token::Directive) {
    const Token token = lexer.take();
    if (token.text == "v2" || token.text == "v4") {
      vector = u32(token.text[1] - '0');
      continue;
    }
    type = typeByName(token.text);
    if (type == Ty::None)
      return fail(token, format("unknown type '.%.*s'", int(token.text.size()), token.text.data()));
  }
  if (type == Ty::None)
    return fail(lexer.peek(), "expected a type");
  do {
    const Token name = lexer.take();
    if (name.kind != Token::Identifier)
      return fail(name, format("expected a register name, got '%.*s'", int(name.text.size()),
                               name.text.data()));
    u64 count = 1;
    bool numbered = accept('<');
    if (numbered) {
      if (!integer(count, "a number of registers") || !expect('>'))
        return false;
    }
    if (function.registers.size() + count * vector > kMaximumRegisters)
      return fail(name, format("expected at most %u registers", kMaximumRegisters));
    if (numbered) {
      Range range{name.text, u32(function.registers.size()), u32(count)};
      for (u32 i = 0; i < u32(count); ++i)
        addRegister(function, type, name.text, i, true);
      scopes.back().ranges.push_back(range);
      continue;
    }
    Name entry{vector == 1 ? Name::Register : Name::VectorRegister};
    entry.index = u32(function.registers.size());
    entry.count = vector;
    for (u32 i = 0; i < vector; ++i)
      addRegister(function, type, name.text, i, vector != 1);
    if (!declare(name.text, entry, name))
      return false;
  } while (accept(','));
  return expect(';');
}

bool Parser::constantPrimary(u64 &bits, bool &isFloat, bool &is32) {
  const Token token = lexer.take();
  switch (token.kind) {
  case Token::Integer:
    bits = token.bits;
    isFloat = is32 = false;
    return true;
  case Token::Float32:
  case Token::Float64:
    bits = token.bits;
    isFloat = true;
    is32 = token.kind == Token::Float32;
    return true;
  case Token::Identifier:
    if (token.text == "WARP_SZ") {
      bits = kLanes;
      isFloat = is32 = false;
      return true;
    }
    break;
  case Token::Punctuation:
    if (token.punctuation == '-' || token.punctuation == '~' || token.punctuation == '!' ||
        token.punctuation == '+') {
      static thread_local int depth = 0;
      if (depth > 64)
        return fail(token, "expression is nested too deeply");
      ++depth;
      bool good = constantPrimary(bits, isFloat, is32);
      --depth;
      if (!good)
        return false;
      if (isFloat) {
        if (token.punctuation == '-')
          bits ^= is32 ? u64(1) << 31 : u64(1) << 63;
        return true;
      }
      if (token.punctuation == '-')
        bits = 0 - bits;
      else if (token.punctuation == '~')
        bits = ~bits;
      else if (token.punctuation == '!')
        bits = !bits;
      return true;
    }
    if (token.punctuation == '(') {
      // A cast of an integer constant, or a parenthesis.
      if (lexer.peek().kind == Token::Directive) {
        lexer.take();
        return expect(')') && constantPrimary(bits, isFloat, is32);
      }
      static thread_local int depth = 0;
      if (depth > 64)
        return fail(token, "expression is nested too deeply");
      ++depth;
      bool good = constant(bits, isFloat, is32, 0) && expect(')');
      --depth;
      return good;
    }
    break;
  default: break;
  }
  if (token.kind == Token::End)
    return fail(token, "expected a constant, got the end of the file");
  return fail(token,
              format("expected a constant, got '%.*s'", int(token.text.size()), token.text.data()));
}

/// Binary operators of integer constant expressions, tightest last.
bool Parser::constant(u64 &bits, bool &isFloat, bool &is32, int level) {
  constexpr int kLevels = 4;
  if (level == kLevels)
    return constantPrimary(bits, isFloat, is32);
  if (!constant(bits, isFloat, is32, level + 1))
    return false;
  constexpr const char *operators[kLevels] = {"|^", "&", "+-", "*/%"};
  for (;;) {
    const Token token = lexer.peek();
    if (token.kind != Token::Punctuation || token.punctuation == 0 ||
        !strchr(operators[level], token.punctuation))
      return true;
    lexer.take();
    u64 right = 0;
    bool rightFloat = false, right32 = false;
    if (!constant(right, rightFloat, right32, level + 1))
      return false;
    if (isFloat || rightFloat)
      return fail(token, "expected integers around an operator");
    switch (token.punctuation) {
    case '|': bits |= right; break;
    case '^': bits ^= right; break;
    case '&': bits &= right; break;
    case '+': bits += right; break;
    case '-': bits -= right; break;
    case '*': bits *= right; break;
    default:
      if (right == 0)
        return fail(token, "division by zero in a constant");
      bits = token.punctuation == '/' ? bits / right : bits % right;
    }
  }
}

} // namespace hadal::sim
