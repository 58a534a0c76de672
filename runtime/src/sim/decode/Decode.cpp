// SPDX-License-Identifier: Apache-2.0
// Drives decoding: operands, constants, modifiers.
#include "sim/decode/Decoder.h"

#include "sim/support/AddressSpace.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace hadal::sim {

const Function *Program::entry(std::string_view name) const {
  for (const Function &function : functions)
    if (function.isEntry && function.name == name)
      return &function;
  return nullptr;
}

const Function &Program::functionAt(u32 pc) const {
  for (const Function &function : functions)
    if (pc >= function.firstPc && pc < function.endPc)
      return function;
  return functions.front();
}

const char *className(Class cls) {
  constexpr const char *names[] = {
      "move",         "integer",     "logic",       "float16",
      "float32",      "float64",     "special",     "convert",
      "compare",      "load_global", "store_global", "load_shared",
      "store_shared", "load_local",  "store_local", "load_const",
      "atomic",       "async_copy",  "matrix",      "matrix_move",
      "shuffle",      "vote",        "barrier",     "fence",
      "control"};
  static_assert(sizeof(names) / sizeof(names[0]) == size_t(Class::Count));
  return names[size_t(cls)];
}

Decoder::Decoder(Program &program, const Level &level)
    : program(program) {
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
    error = format("%u:%u: %s: %s", current->at.line, current->at.column,
                   name.c_str(), what.c_str());
  }
  return false;
}

bool Decoder::failOperand(size_t index, const std::string &what) {
  return fail(format("operand %zu: %s", index + 1, what.c_str()));
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
      return fail(format("unknown or misplaced modifier '.%.*s'",
                         int(current->modifiers[i].size()),
                         current->modifiers[i].data()));
  size_t count = current->operands.size();
  if (count < least || count > most)
    return fail(least == most
                    ? format("expected %zu operands, got %zu", least, count)
                    : format("expected %zu to %zu operands, got %zu", least,
                             most, count));
  return true;
}

u32 Decoder::reference(i32 reg, bool isDefinition) {
  references.push_back(
      {u32(program.code.size()), u32(reg), isDefinition});
  return kAreaVirtual | u32(reg);
}

const Operand &Decoder::operand(size_t index) const {
  static const Operand missing = [] {
    Operand none;
    none.kind = Operand::Text;
    return none;
  }();
  return index < operandCount() ? current->operands[index] : missing;
}

Ty Decoder::registerType(const Operand &operand) const {
  if (operand.kind == Operand::Register)
    return function->registers[size_t(operand.reg)].type;
  return Ty::None;
}

u32 Decoder::bytesOf(const Operand &operand) const {
  return sizeOf(registerType(operand));
}

namespace {
bool fits(Ty reg, Ty type, bool loose) {
  if (reg == Ty::Pred || type == Ty::Pred)
    return reg == type;
  u32 have = sizeOf(reg), want = sizeOf(type);
  return have == want || (loose && have > want);
}
} // namespace

bool Decoder::dstOf(const Operand &operand, Ty type, u32 &ref, bool loose) {
  if (operand.kind == Operand::Sink) {
    ref = kSinkOperand;
    return true;
  }
  if (operand.kind != Operand::Register)
    return fail("expected a register as destination");
  Ty reg = registerType(operand);
  if (!fits(reg, type, loose))
    return fail(format("expected a destination register of type %s, got %s",
                       typeName(type), typeName(reg)));
  ref = reference(operand.reg, true);
  return true;
}

bool Decoder::dst(size_t index, Ty type, u32 &ref, bool loose) {
  if (index >= operandCount())
    return fail("too few operands");
  return dstOf(operand(index), type, ref, loose);
}

u32 Decoder::constant(u64 bits, u32 bytes, u64 high) {
  if (bytes < 4)
    bytes = 4;
  std::string key(reinterpret_cast<const char *>(&bits), 8);
  key.append(reinterpret_cast<const char *>(&high), 8);
  key.push_back(char(bytes));
  auto known = constantIndex.find(key);
  if (known != constantIndex.end())
    return known->second;
  u32 offset = u32(program.constants.size());
  program.constants.resize(offset + kSlotBytes * (bytes / 4));
  for (u32 lane = 0; lane < kLanes; ++lane) {
    u8 *at = program.constants.data() + offset + lane * bytes;
    memcpy(at, &bits, bytes < 8 ? bytes : 8);
    if (bytes == 16)
      memcpy(at + 8, &high, 8);
  }
  u32 ref = kAreaConstants | offset;
  constantIndex.emplace(std::move(key), ref);
  return ref;
}

bool Decoder::isInFrame(const Variable &variable) {
  return variable.space == Space::Local ||
         (variable.space == Space::Param && !variable.owner->isEntry);
}

u64 Decoder::symbolAddress(const Variable &variable) const {
  if (isInFrame(variable))
    return kLocalOrigin + variable.offset; // relative to the frame
  if (variable.space == Space::Param)
    return kParamWindow + variable.offset;
  return variable.offset;
}

bool Decoder::srcOf(const Operand &operand, Ty type, u32 &ref, bool loose) {
  u32 bytes = sizeOf(type);
  switch (operand.kind) {
  case Operand::Register: {
    Ty reg = registerType(operand);
    if (!fits(reg, type, loose))
      return fail(format("expected a register of type %s, got %s",
                         typeName(type), typeName(reg)));
    ref = reference(operand.reg, false);
    return true;
  }
  case Operand::Immediate: {
    u64 bits = operand.bits;
    if (type == Ty::Pred) {
      ref = constant(bits ? kFullMask : 0, 4);
      return true;
    }
    if (operand.isFloat) {
      double value = 0;
      float narrow = 0;
      if (operand.floatIs32) {
        u32 low = u32(bits);
        memcpy(&narrow, &low, 4);
        value = narrow;
      } else {
        memcpy(&value, &bits, 8);
        narrow = float(value);
      }
      if (type == Ty::F64) {
        if (operand.floatIs32)
          memcpy(&bits, &value, 8);
      } else if (bytes == 4) {
        if (!operand.floatIs32) {
          u32 low;
          memcpy(&low, &narrow, 4);
          bits = low;
        }
      } else if (!(bytes == 8 && !operand.floatIs32)) {
        return fail(format("a float constant does not fit type %s",
                           typeName(type)));
      }
    } else if (type == Ty::F32 || type == Ty::F64) {
      return fail(format("expected a float constant for type %s",
                         typeName(type)));
    }
    if (bytes < 8)
      bits &= (u64(1) << (bytes * 8)) - 1;
    // A signed literal extends into the upper half of 128 bits.
    ref = constant(bits, bytes, 0);
    return true;
  }
  case Operand::Special: {
    auto special = SpecialRegister(operand.special);
    if (special >= SpecialRegister::FirstDynamic)
      return fail("this special register can only be read by mov");
    if (bytes == 8) {
      if (special != SpecialRegister::GridId &&
          special != SpecialRegister::CurrentGraphExec)
        return fail("expected a 32-bit type for this special register");
      ref = constant(1, 8);
      return true;
    }
    if (bytes != 4 && bytes != 2)
      return fail("expected a 32-bit type for this special register");
    if (special >= SpecialRegister::ReservedSmemBegin &&
        special <= SpecialRegister::ReservedSmem1)
      program.usesReservedShared = true;
    ref = kAreaSpecials | operand.special * kSlotBytes;
    return true;
  }
  case Operand::Symbol:
  case Operand::Function: {
    if (bytes != 8 && bytes != 4)
      return fail("expected a 32- or 64-bit type for an address");
    if (operand.kind == Operand::Function) {
      ref = constant(kFunctionHandle + operand.function->index, bytes);
      return true;
    }
    if (isInFrame(*operand.variable))
      return fail("the address of a local variable can only be taken by mov");
    ref = constant(symbolAddress(*operand.variable) + u64(operand.offset),
                   bytes);
    return true;
  }
  default:
    return fail("expected a register or a constant as source");
  }
}

bool Decoder::src(size_t index, Ty type, u32 &ref, bool loose) {
  if (index >= operandCount())
    return fail("too few operands");
  if (operand(index).negated)
    return failOperand(index, "'!' is only allowed on predicates");
  return srcOf(operand(index), type, ref, loose);
}

bool Decoder::dstPair(size_t index, Ty type, u32 &first, u32 &second) {
  second = kNoOperand;
  if (index >= operandCount())
    return fail("too few operands");
  const Operand &both = operand(index);
  if (both.kind != Operand::Pair)
    return dstOf(both, type, first);
  return dstOf(both.parts[0], type, first) &&
         dstOf(both.parts[1], Ty::Pred, second);
}

bool Decoder::predicate(size_t index, u32 &ref, bool &negated) {
  if (index >= operandCount())
    return fail("too few operands");
  negated = operand(index).negated;
  return srcOf(operand(index), Ty::Pred, ref);
}

std::vector<const Operand *> Decoder::elements(size_t index) const {
  std::vector<const Operand *> result;
  const Operand &all = operand(index);
  if (all.kind == Operand::Vector)
    for (const Operand &part : all.parts)
      result.push_back(&part);
  else
    result.push_back(&all);
  return result;
}

bool Decoder::immediate(size_t index, i64 &value) {
  if (index >= operandCount() ||
      operand(index).kind != Operand::Immediate || operand(index).isFloat)
    return fail(format("operand %zu: expected an integer constant",
                       index + 1));
  value = i64(operand(index).bits);
  return true;
}

void Decoder::setList(const std::vector<u32> &refs) {
  out.list = u32(program.pool.size());
  out.count = u8(refs.size());
  program.pool.insert(program.pool.end(), refs.begin(), refs.end());
}

bool Decoder::address(size_t index, Space &space) {
  if (index >= operandCount() || operand(index).kind != Operand::Address)
    return fail(format("operand %zu: expected an address in brackets",
                       index + 1));
  const Operand &address = operand(index);
  out.imm = u64(address.offset);
  out.a = kNoOperand;
  out.aw = 8;
  if (address.variable) {
    const Variable &variable = *address.variable;
    Space own = variable.space;
    out.imm += symbolAddress(variable);
    if (space == Space::Generic) {
      // A name used as a generic address stands for its own space.
      space = own;
    } else if (own == Space::Local && space == Space::Param) {
      space = own; // a parameter of a call lives in the caller's frame
    } else if (own != space) {
      return failOperand(index, format("'%s' is in .%s, expected .%s",
                                       variable.name.c_str(), spaceName(own),
                                       spaceName(space)));
    }
    // Parameters of functions live in the frame.
    if (own == Space::Param && !variable.owner->isEntry)
      space = Space::Local;
    if (space == Space::Local)
      out.flags |= kFrameRelative;
    return true;
  }
  if (address.reg >= 0) {
    Ty reg = function->registers[size_t(address.reg)].type;
    u32 bytes = sizeOf(reg);
    if (bytes != 4 && bytes != 8)
      return failOperand(index, format("expected a 32- or 64-bit register as "
                                       "address, got %s", typeName(reg)));
    out.aw = u8(bytes);
    out.a = reference(address.reg, false);
    // Parameters of functions live in the frame.
    if (space == Space::Param && !function->isEntry)
      space = Space::Local;
  }
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

std::unique_ptr<Program> decodeModule(std::unique_ptr<AstModule> ast,
                                      const Level &level, std::string &error) {
  auto program = std::make_unique<Program>();
  program->ast = std::move(ast);
  if (!layOutVariables(*program, error))
    return nullptr;
  Decoder decoder(*program, level);
  bool canRun = false;
  for (AstFunction &function : program->ast->functions) {
    if (!function.hasBody)
      continue;
    Function &decoded = program->functions[function.index];
    placeDynamicShared(*program->ast, function, decoded.dynamicSharedOffset);
    if (decoder.decodeFunction(function, decoded)) {
      canRun |= decoded.isEntry;
      continue;
    }
    // One kernel beyond the simulator leaves the module's others their use.
    if (error.empty())
      error = decoder.error;
    if (!decoder.beyond) {
      error = decoder.error;
      return nullptr;
    }
    decoded.refusal = std::move(decoder.error);
    decoder.error.clear();
    decoder.beyond = false;
    program->code.resize(decoded.firstPc);
    program->origins.resize(decoded.firstPc);
    decoded.endPc = decoded.firstPc;
  }
  if (!canRun && !error.empty())
    return nullptr;
  error.clear();
  return program;
}

} // namespace hadal::sim
