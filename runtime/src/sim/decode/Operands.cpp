// SPDX-License-Identifier: Apache-2.0
// Decodes operands: registers, constants, addresses, lists.
#include "sim/decode/Decoder.h"

#include "sim/support/AddressSpace.h"

#include <cstring>

namespace hadal::sim {

u32 Decoder::reference(i32 reg, bool isDefinition) {
  references.push_back({u32(program.code.size()), u32(reg), isDefinition});
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

u32 Decoder::bytesOf(const Operand &operand) const { return sizeOf(registerType(operand)); }

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
    return fail(format("expected a destination register of type %s, got %s", typeName(type),
                       typeName(reg)));
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

namespace {
/// The bits of a float literal, read as PTX's type, become those of `type`, of
/// `bytes` bytes. False where they cannot.
bool convertLiteral(const Operand &operand, Ty type, u32 bytes, u64 &bits) {
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
    return false;
  }
  return true;
}
} // namespace

bool Decoder::literal(const Operand &operand, Ty type, u32 &ref) {
  u32 bytes = sizeOf(type);
  u64 bits = operand.bits;
  if (type == Ty::Pred) {
    ref = constant(bits ? kFullMask : 0, 4);
    return true;
  }
  if (operand.isFloat) {
    if (!convertLiteral(operand, type, bytes, bits))
      return fail(format("a float constant does not fit type %s", typeName(type)));
  } else if (type == Ty::F32 || type == Ty::F64) {
    return fail(format("expected a float constant for type %s", typeName(type)));
  }
  if (bytes < 8)
    bits &= (u64(1) << (bytes * 8)) - 1;
  // A signed literal extends into the upper half of 128 bits.
  ref = constant(bits, bytes, 0);
  return true;
}

bool Decoder::specialRegister(const Operand &operand, u32 bytes, u32 &ref) {
  auto special = SpecialRegister(operand.special);
  if (special >= SpecialRegister::FirstDynamic)
    return fail("this special register can only be read by mov");
  if (bytes == 8) {
    if (special != SpecialRegister::GridId && special != SpecialRegister::CurrentGraphExec)
      return fail("expected a 32-bit type for this special register");
    ref = constant(1, 8);
    return true;
  }
  if (bytes != 4 && bytes != 2)
    return fail("expected a 32-bit type for this special register");
  if (special >= SpecialRegister::ReservedSmemBegin && special <= SpecialRegister::ReservedSmem1)
    program.usesReservedShared = true;
  ref = kAreaSpecials | operand.special * kSlotBytes;
  return true;
}

bool Decoder::symbol(const Operand &operand, u32 bytes, u32 &ref) {
  if (bytes != 8 && bytes != 4)
    return fail("expected a 32- or 64-bit type for an address");
  if (operand.kind == Operand::Function) {
    ref = constant(kFunctionHandle + operand.function->index, bytes);
    return true;
  }
  if (isInFrame(*operand.variable))
    return fail("the address of a local variable can only be taken by mov");
  ref = constant(symbolAddress(*operand.variable) + u64(operand.offset), bytes);
  return true;
}

bool Decoder::srcOf(const Operand &operand, Ty type, u32 &ref, bool loose) {
  switch (operand.kind) {
  case Operand::Register: {
    Ty reg = registerType(operand);
    if (!fits(reg, type, loose))
      return fail(format("expected a register of type %s, got %s", typeName(type), typeName(reg)));
    ref = reference(operand.reg, false);
    return true;
  }
  case Operand::Immediate: return literal(operand, type, ref);
  case Operand::Special: return specialRegister(operand, sizeOf(type), ref);
  case Operand::Symbol:
  case Operand::Function: return symbol(operand, sizeOf(type), ref);
  default: return fail("expected a register or a constant as source");
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
  return dstOf(both.parts[0], type, first) && dstOf(both.parts[1], Ty::Pred, second);
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
  if (index >= operandCount() || operand(index).kind != Operand::Immediate ||
      operand(index).isFloat)
    return fail(format("operand %zu: expected an integer constant", index + 1));
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
    return fail(format("operand %zu: expected an address in brackets", index + 1));
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
      return failOperand(index, format("'%s' is in .%s, expected .%s", variable.name.c_str(),
                                       spaceName(own), spaceName(space)));
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
                                       "address, got %s",
                                       typeName(reg)));
    out.aw = u8(bytes);
    out.a = reference(address.reg, false);
    // Parameters of functions live in the frame.
    if (space == Space::Param && !function->isEntry)
      space = Space::Local;
  }
  return true;
}

} // namespace hadal::sim
