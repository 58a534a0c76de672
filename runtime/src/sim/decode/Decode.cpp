// SPDX-License-Identifier: Apache-2.0
// Drives decoding: modules, functions, instructions and their modifiers.
#include "sim/decode/Decoder.h"

#include <cstring>
#include <set>

namespace hadal::sim {

Decoder::Decoder(Program &program, const Level &level) : program(program) {
  for (size_t t = 0; t < level.tableCount; ++t)
    for (size_t i = 0; i < level.tables[t]->count; ++i)
      rows.emplace(level.tables[t]->rows[i].name, &level.tables[t]->rows[i]);
  if (program.constants.empty())
    program.constants.resize(kSlotBytes, 0);
}

bool Decoder::fail(const std::string &what) {
  if (error.empty()) {
    std::string name(current->opcode);
    for (std::string_view modifier : current->modifiers)
      name += "." + std::string(modifier);
    error =
        format("%u:%u: %s: %s", current->at.line, current->at.column, name.c_str(), what.c_str());
  }
  return false;
}

bool Decoder::failOperand(size_t index, const std::string &what) {
  return fail(format("operand %zu: %s", index + 1, what.c_str()));
}

bool Decoder::needsTarget(u32 least) {
  return program.ast->targetNumber >= least ||
         fail(format("expected a target of sm_%u or newer, got %s", least,
                     program.ast->target.c_str()));
}

bool Decoder::mod(std::string_view name) {
  for (size_t i = 0; i < current->modifiers.size(); ++i)
    if (!(consumed >> i & 1) && current->modifiers[i] == name) {
      consumed |= 1u << i;
      return true;
    }
  return false;
}

int Decoder::modOf(const char *names) {
  for (size_t i = 0; i < current->modifiers.size(); ++i) {
    if (consumed >> i & 1)
      continue;
    int index = 0;
    for (const char *p = names; *p; ++index) {
      const char *end = strchr(p, ' ');
      size_t length = end ? size_t(end - p) : strlen(p);
      if (current->modifiers[i] == std::string_view(p, length)) {
        consumed |= 1u << i;
        return index;
      }
      p += length;
      while (*p == ' ')
        ++p;
    }
  }
  return -1;
}

Ty Decoder::type() {
  for (size_t i = 0; i < current->modifiers.size(); ++i) {
    if (consumed >> i & 1)
      continue;
    Ty found = typeByName(current->modifiers[i]);
    if (found != Ty::None) {
      consumed |= 1u << i;
      return found;
    }
  }
  return Ty::None;
}

bool Decoder::wantType(Ty &into) {
  into = type();
  return into != Ty::None || fail("expected a type");
}

bool Decoder::finish(size_t operands) { return finish(operands, operands); }

bool Decoder::finish(size_t least, size_t most) {
  for (size_t i = 0; i < current->modifiers.size(); ++i)
    if (!(consumed >> i & 1))
      return fail(format("unknown or misplaced modifier '.%.*s'", int(current->modifiers[i].size()),
                         current->modifiers[i].data()));
  size_t count = current->operands.size();
  if (count < least || count > most)
    return fail(least == most
                    ? format("expected %zu operands, got %zu", least, count)
                    : format("expected %zu to %zu operands, got %zu", least, most, count));
  return true;
}

Function *Decoder::functionOf(const AstFunction &callee) {
  return &program.functions[callee.index];
}

bool Decoder::decodeOne(const AstInst &inst) {
  current = &inst;
  consumed = 0;
  out = Inst();
  if (inst.beyond) {
    beyond = true;
    return fail("this instruction is not supported");
  }
  auto row = rows.find(inst.opcode);
  if (row == rows.end())
    return fail("unknown instruction");
  if (inst.modifiers.size() > 31)
    return fail("too many modifiers");
  if (!row->second->decode(*this))
    return error.empty() ? fail("cannot be decoded") : false;
  if (inst.guard >= 0) {
    out.guard = reference(inst.guard, false);
    if (inst.guardNegated)
      out.flags |= kGuardNegated;
  }
  program.code.push_back(out);
  program.origins.push_back({inst.at, inst.sourceFile, inst.sourceLine});
  return true;
}

namespace {
/// Loops around atom.cas begin with a plain load of the same address, which may
/// be stale: the comparison finds out. Such loads are marked for the check of
/// global races.
void markReadsForCas(Program &program, const AstFunction &ast, u32 firstPc) {
  using Place = std::pair<i32, i64>;
  auto placeOf = [](const AstInst &inst) {
    for (const Operand &operand : inst.operands)
      if (operand.kind == Operand::Address)
        return Place(operand.reg, operand.offset);
    return Place(-1, 0);
  };
  std::set<Place> compared;
  for (const AstInst &inst : ast.body)
    if (inst.opcode == "atom" && inst.has("cas"))
      compared.insert(placeOf(inst));
  compared.erase(Place(-1, 0));
  if (compared.empty())
    return;
  for (size_t i = 0; i < ast.body.size(); ++i)
    if (ast.body[i].opcode == "ld" && compared.count(placeOf(ast.body[i])))
      program.code[firstPc + i].flags |= kReadForCas;
}
} // namespace

bool Decoder::decodeFunction(AstFunction &ast, Function &decoded) {
  function = &ast;
  references.clear();
  firstPc = u32(program.code.size());
  decoded.firstPc = firstPc;
  for (const AstInst &inst : ast.body)
    if (!decodeOne(inst))
      return false;
  AstInst end; // falling off the end returns
  end.opcode = "ret";
  if (!ast.body.empty())
    end.at = ast.body.back().at;
  if (!decodeOne(end))
    return false;
  decoded.endPc = u32(program.code.size());
  markReadsForCas(program, ast, firstPc);
  markSpins(*this, ast);
  assignRegisters(*this, ast, decoded);
  markStraight(program, decoded);
  return true;
}

namespace {
/// Dynamic shared memory starts at the same place for all that names it.
void placeDynamicShared(AstModule &ast, AstFunction &function, u64 offset) {
  auto place = [&](Variable &variable) {
    if (variable.space == Space::Shared && variable.isExtern)
      variable.offset = offset;
  };
  for (Variable &variable : ast.variables)
    place(variable);
  for (Variable &variable : function.variables)
    place(variable);
}

} // namespace

bool decodeModule(Program &program, const Level &level, std::string &error) {
  if (!layOutVariables(program, error))
    return false;
  Decoder decoder(program, level);
  bool canRun = false;
  for (AstFunction &function : program.ast->functions) {
    if (!function.hasBody)
      continue;
    Function &decoded = program.functions[function.index];
    placeDynamicShared(*program.ast, function, decoded.dynamicSharedOffset);
    if (decoder.decodeFunction(function, decoded)) {
      canRun |= decoded.isEntry;
      continue;
    }
    // One kernel beyond the simulator leaves the module's others their use.
    if (error.empty())
      error = decoder.error;
    if (!decoder.beyond) {
      error = decoder.error;
      return false;
    }
    decoded.refusal = std::move(decoder.error);
    decoder.error.clear();
    decoder.beyond = false;
    program.code.resize(decoded.firstPc);
    program.origins.resize(decoded.firstPc);
    decoded.endPc = decoded.firstPc;
  }
  if (!canRun && !error.empty())
    return false;
  error.clear();
  return true;
}

} // namespace hadal::sim
