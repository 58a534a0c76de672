// SPDX-License-Identifier: Apache-2.0
// Module level of the parser: headers, functions, files.
#include "sim/frontend/Parser.h"

#include <cstdio>
#include <cstring>

namespace hadal::sim {

namespace {
constexpr u32 kNewestMajor = 9;
constexpr u32 kNewestTarget = 90;

/// Bytes that are no text are shown by their numbers.
std::string printable(const std::string &text) {
  std::string result;
  for (char c : text)
    if (c >= ' ' && c <= '~')
      result += c;
    else
      result += format("\\x%02x", unsigned(u8(c)));
  return result;
}
} // namespace

std::unique_ptr<AstModule> parseModule(std::string text, std::string &error) {
  auto module = std::make_unique<AstModule>();
  module->text = std::move(text);
  Parser parser(*module);
  if (parser.parse())
    return module;
  error = parser.error;
  return nullptr;
}

bool Parser::fail(const Token &token, const std::string &what) {
  return failAt(lexer.position(token), what);
}

bool Parser::failAt(Position at, const std::string &what) {
  if (error.empty())
    error = format("%u:%u: %s", at.line, at.column, printable(what).c_str());
  return false;
}

bool Parser::accept(char punctuation) {
  if (lexer.peek().kind != Token::Punctuation || lexer.peek().punctuation != punctuation)
    return false;
  lexer.take();
  return true;
}

bool Parser::expect(char punctuation) {
  if (accept(punctuation))
    return true;
  const Token &token = lexer.peek();
  if (token.kind == Token::End)
    return fail(token, format("expected '%c', got the end of the file", punctuation));
  return fail(token, format("expected '%c', got '%.*s'", punctuation, int(token.text.size()),
                            token.text.data()));
}

bool Parser::acceptDirective(std::string_view name) {
  if (lexer.peek().kind != Token::Directive || lexer.peek().text != name)
    return false;
  lexer.take();
  return true;
}

bool Parser::integer(u64 &value, const char *what) {
  const Token &token = lexer.peek();
  if (token.kind != Token::Integer)
    return fail(token,
                format("expected %s, got '%.*s'", what, int(token.text.size()), token.text.data()));
  value = token.bits;
  lexer.take();
  return true;
}

bool Parser::parse() {
  if (lexer.peek().kind == Token::End)
    return fail(lexer.peek(), "expected .version, got an empty file");
  for (const char *mark : {"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"})
    if (module.text.compare(0, strlen(mark), mark) == 0)
      return fail(lexer.peek(), "expected .version, got a byte order mark");
  if (!parseVersion())
    return false;
  while (lexer.peek().kind != Token::End)
    if (!parseTopLevel())
      return false;
  if (module.target.empty())
    return fail(lexer.peek(), "expected .target, got the end of the file");
  return true;
}

bool Parser::parseVersion() {
  const Token token = lexer.peek();
  if (!acceptDirective("version"))
    return fail(token,
                format("expected .version, got '%.*s'", int(token.text.size()), token.text.data()));
  const Token number = lexer.take();
  std::string text(number.text);
  unsigned major = 0, minor = 0;
  if (number.kind != Token::Float64 || sscanf(text.c_str(), "%u.%u", &major, &minor) != 2)
    return fail(number, format("expected a version, got '%s'", text.c_str()));
  if (major > kNewestMajor)
    return fail(number,
                format("expected PTX version %u.x or older, got %s", kNewestMajor, text.c_str()));
  module.versionMajor = major;
  module.versionMinor = minor;
  return true;
}

bool Parser::parseTarget() {
  do {
    const Token token = lexer.take();
    if (token.kind != Token::Identifier)
      return fail(token, format("expected a target, got '%.*s'", int(token.text.size()),
                                token.text.data()));
    if (token.text.substr(0, 3) == "sm_") {
      u32 number = 0;
      for (char c : token.text.substr(3))
        if (c >= '0' && c <= '9' && number < 100000)
          number = number * 10 + u32(c - '0');
      if (number == 0 || number > kNewestTarget)
        return fail(token, format("expected a target up to sm_%u, got '%.*s'", kNewestTarget,
                                  int(token.text.size()), token.text.data()));
      module.target = std::string(token.text);
      module.targetNumber = number;
    }
  } while (accept(','));
  return true;
}

bool Parser::parseFile() {
  u64 number = 0;
  if (!integer(number, "a file number"))
    return false;
  const Token name = lexer.take();
  if (name.kind != Token::String)
    return fail(name, "expected a file name");
  if (number < 65536) {
    if (module.files.size() <= number)
      module.files.resize(number + 1);
    module.files[number] = std::string(name.text);
  }
  while (accept(',')) {
    u64 ignored = 0;
    if (!integer(ignored, "a time stamp or size"))
      return false;
  }
  return true;
}

bool Parser::skipSection() {
  // Debugging sections hold data for other tools.
  while (lexer.peek().kind != Token::End && !accept('{'))
    lexer.take();
  while (lexer.peek().kind != Token::End) {
    if (accept('}'))
      return true;
    lexer.take();
  }
  return fail(lexer.peek(), "expected '}' at the end of a section");
}

bool Parser::parseTopLevel() {
  Linkage linkage;
  for (;;) {
    const Token token = lexer.peek();
    if (token.kind == Token::Punctuation && token.punctuation == ';') {
      lexer.take();
      return true;
    }
    if (token.kind != Token::Directive)
      return fail(token, format("expected a directive, got '%.*s'", int(token.text.size()),
                                token.text.data()));
    lexer.take();
    std::string_view name = token.text;
    if (name == "extern") {
      linkage.isExtern = true;
    } else if (name == "visible" || name == "weak" || name == "common") {
      // Linkage between modules has no effect here.
    } else if (name == "target") {
      return parseTarget();
    } else if (name == "address_size") {
      u64 bits = 0;
      if (!integer(bits, "an address size"))
        return false;
      if (bits != 64)
        return fail(token, format("expected .address_size 64, got %llu", (unsigned long long)bits));
      return true;
    } else if (name == "version") {
      return fail(token, "expected a single .version");
    } else if (name == "file") {
      return parseFile();
    } else if (name == "section") {
      return skipSection();
    } else if (name == "pragma") {
      lexer.take();
      return expect(';');
    } else if (name == "entry") {
      return parseFunction(true);
    } else if (name == "func") {
      return parseFunction(false);
    } else if (name == "global" || name == "const" || name == "shared") {
      Space space = name == "global"  ? Space::Global
                    : name == "const" ? Space::Const
                                      : Space::Shared;
      return parseVariables(space, linkage, nullptr);
    } else {
      return fail(token, format("unknown directive '.%.*s'", int(name.size()), name.data()));
    }
  }
}

bool Parser::parseParameters(AstFunction &function, std::vector<Variable *> &list, char close) {
  if (accept(close))
    return true;
  do {
    const Token token = lexer.peek();
    function.variables.emplace_back();
    Variable &variable = function.variables.back();
    variable.isParameter = true;
    variable.owner = &function;
    if (acceptDirective("param")) {
      variable.space = Space::Param;
      if (!parseDeclarator(variable))
        return false;
      Name entry{Name::Variable};
      entry.variable = &variable;
      if (variable.name != "_" && !declare(variable.name, entry, token))
        return false;
    } else if (acceptDirective("reg")) {
      if (function.isEntry)
        return fail(token, "expected .param in the parameters of an entry");
      variable.space = Space::Param;
      if (!parseDeclarator(variable))
        return false;
      variable.reg = i32(addRegister(function, variable.type, variable.name, 0, false));
      Name entry{Name::Register};
      entry.index = u32(variable.reg);
      if (!declare(variable.name, entry, token))
        return false;
    } else {
      return fail(token, format("expected .param or .reg, got '%.*s'", int(token.text.size()),
                                token.text.data()));
    }
    list.push_back(&variable);
  } while (accept(','));
  return expect(close);
}

bool Parser::parseTuning(AstFunction &function, bool &done) {
  done = false;
  const Token token = lexer.peek();
  if (token.kind != Token::Directive) {
    done = true;
    return true;
  }
  lexer.take();
  std::string_view name = token.text;
  if (name == "maxntid" || name == "reqntid" || name == "reqnctapercluster") {
    u64 extent[3] = {1, 1, 1};
    u32 count = 0;
    do {
      if (count == 3)
        return fail(lexer.peek(), "expected at most three extents");
      if (!integer(extent[count++], "an extent"))
        return false;
    } while (accept(','));
    if (name == "reqnctapercluster")
      return true;
    u32 *into = name == "maxntid" ? function.maximumBlock : function.requiredBlock;
    for (u32 i = 0; i < 3; ++i) {
      if (extent[i] == 0 || extent[i] > 0x7fffffff)
        return fail(token, "expected a positive extent");
      into[i] = u32(extent[i]);
    }
    return true;
  }
  if (name == "maxnreg" || name == "minnctapersm" || name == "maxnctapersm" ||
      name == "maxclusterrank" || name == "abi_preserve" || name == "abi_preserve_control") {
    u64 ignored = 0;
    return integer(ignored, "an integer");
  }
  if (name == "noreturn" || name == "explicitcluster" || name == "blocksareclusters")
    return true;
  if (name == "pragma") {
    lexer.take();
    return expect(';');
  }
  return fail(token,
              format("unknown directive '.%.*s' of a function", int(name.size()), name.data()));
}

bool Parser::parseFunction(bool isEntry) {
  module.functions.emplace_back();
  AstFunction &function = module.functions.back();
  function.isEntry = isEntry;
  scopes.clear();
  pending.clear();
  openScope();
  while (acceptDirective("attribute"))
    if (!expect('(') || (lexer.take(), !expect(')')))
      return false;
  if (!isEntry && accept('('))
    if (!parseParameters(function, function.returns, ')'))
      return false;
  const Token name = lexer.take();
  if (name.kind != Token::Identifier)
    return fail(name, format("expected a function name, got '%.*s'", int(name.text.size()),
                             name.text.data()));
  function.name = std::string(name.text);
  function.at = lexer.position(name);
  if (accept('(') && !parseParameters(function, function.parameters, ')'))
    return false;
  for (bool done = false; !done;)
    if (!parseTuning(function, done))
      return false;
  auto known = moduleFunctions.find(name.text);
  bool isDefinition = lexer.peek().kind == Token::Punctuation && lexer.peek().punctuation == '{';
  if (known != moduleFunctions.end()) {
    AstFunction &before = *known->second;
    if (isDefinition && before.hasBody)
      return fail(name, format("function '%s' is defined twice", function.name.c_str()));
    if (before.parameters.size() != function.parameters.size() ||
        before.returns.size() != function.returns.size())
      return fail(name, format("function '%s' differs from its declaration at "
                               "line %u",
                               function.name.c_str(), before.at.line));
    if (!isDefinition) {
      module.functions.pop_back();
      return expect(';');
    }
    // Calls parsed so far point at the declaration: move the definition there.
    AstFunction moved = std::move(function);
    module.functions.pop_back();
    before = std::move(moved);
    for (Variable &variable : before.variables)
      variable.owner = &before;
    return parseBody(before);
  }
  moduleFunctions[keep(function.name)] = &function;
  if (isDefinition)
    return parseBody(function);
  if (isEntry)
    return fail(lexer.peek(), "expected '{' after the header of an entry");
  return expect(';');
}

std::string_view Parser::keep(std::string text) {
  kept.push_back(std::move(text));
  return kept.back();
}

} // namespace hadal::sim
