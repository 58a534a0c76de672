// SPDX-License-Identifier: Apache-2.0
// Recursive-descent parser of PTX; resolves names while it reads.
#ifndef HADAL_SIM_FRONTEND_PARSER_H
#define HADAL_SIM_FRONTEND_PARSER_H

#include "sim/frontend/Ast.h"
#include "sim/frontend/Lexer.h"

#include <memory>
#include <unordered_map>

namespace hadal::sim {

/// Parses `text`. Returns null and fills `error` ("LINE:COLUMN: what") where
/// the text is not PTX.
std::unique_ptr<AstModule> parseModule(std::string text, std::string &error);

class Parser {
public:
  Parser(AstModule &module) : module(module), lexer(module.text) {}
  bool parse();
  std::string error;

private:
  // What a name inside a function can stand for.
  struct Name {
    enum Kind : u8 { Register, VectorRegister, Variable, Label, Table } kind;
    u32 index = 0; // register, instruction, table
    u32 count = 0;
    sim::Variable *variable = nullptr;
  };
  struct Range { // .reg .b32 %r<100>
    std::string_view prefix;
    u32 first, count;
  };
  struct Scope {
    std::unordered_map<std::string_view, Name> names;
    std::vector<Range> ranges;
  };
  struct PendingLabel {
    u32 instruction, operand; // operand ~0: entry of a table
    u32 table, entry;
    size_t depth;
    std::string_view name;
    Position at;
  };
  struct Linkage {
    bool isExtern = false;
  };

  // Parser.cpp: module level.
  bool fail(const Token &token, const std::string &what);
  bool failAt(Position at, const std::string &what);
  bool expect(char punctuation);
  bool accept(char punctuation);
  bool acceptDirective(std::string_view name);
  bool integer(u64 &value, const char *what);
  bool parseTopLevel();
  bool parseVersion();
  bool parseTarget();
  bool parseFile();
  bool skipSection();
  bool parseFunction(bool isEntry);
  bool parseParameters(AstFunction &function, std::vector<Variable *> &list, char close);
  bool parseTuning(AstFunction &function, bool &done);
  // ParserVariables.cpp: declarations and initialisers.
  bool isSpaceDirective(std::string_view name) const;
  bool parseVariables(Space space, Linkage linkage, AstFunction *function);
  bool parseDeclarator(Variable &variable);
  bool parseInitialiser(Variable &variable);
  bool parseInitialiserItem(Variable &variable, u64 &at, size_t depth);
  bool parseRelocation(Variable &variable, u64 at);
  bool parseInitialValue(Ty type, u64 &bits);
  bool parseRegisters(AstFunction &function);
  bool declare(std::string_view name, Name entry, const Token &at);
  bool constant(u64 &bits, bool &isFloat, bool &is32, int level = 0);
  bool constantPrimary(u64 &bits, bool &isFloat, bool &is32);
  // ParserBody.cpp: statements and operands.
  bool parseBody(AstFunction &function);
  bool parseStatement(AstFunction &function);
  bool parseInstruction(AstFunction &function);
  bool parseOperand(AstFunction &function, Operand &operand, bool inCall);
  bool parseName(Operand &operand);
  bool parseAddress(Operand &operand);
  bool parseTable(AstFunction &function, std::string_view name, const Token &at);
  bool parseLoc();
  bool lookUp(std::string_view name, Name &found) const;
  bool openScope();
  void closeScope(AstFunction &function);
  void resolve(AstFunction &function, const PendingLabel &pending, u32 target);
  u32 addRegister(AstFunction &function, Ty type, std::string_view name, u32 number, bool numbered);
  std::string_view keep(std::string text);

  AstModule &module;
  Lexer lexer;
  std::unordered_map<std::string_view, Variable *> moduleVariables;
  std::unordered_map<std::string_view, AstFunction *> moduleFunctions;
  std::vector<Scope> scopes;
  std::vector<PendingLabel> pending;
  std::deque<std::string> kept;
  u32 sourceFile = 0, sourceLine = 0;
};

/// Whether the instruction, by its opcode and modifiers, is one that PTX defines
/// and the simulator does not execute.
bool isBeyond(const AstInst &inst);

/// The special register of that name ("%tid", "x"), or Count.
SpecialRegister specialByName(std::string_view name, std::string_view suffix);

} // namespace hadal::sim

#endif // HADAL_SIM_FRONTEND_PARSER_H
