// SPDX-License-Identifier: Apache-2.0
// Straight pieces of code: found when a function is decoded, counted at their ends.
#include "sim/decode/Decoder.h"

namespace hadal::sim {

bool isPure(const Inst &inst) {
  switch (inst.cls) {
  case Class::Move:
  case Class::Integer:
  case Class::Logic:
  case Class::Float16:
  case Class::Float32:
  case Class::Float64:
  case Class::Special:
  case Class::Convert:
  case Class::Compare: return !inst.guard;
  default: return false;
  }
}

/// A piece is pure but for its last instruction.
void markStraight(Program &program, const Function &function) {
  constexpr u8 most = 64;
  u8 behind = 0;
  for (u32 pc = function.endPc; pc-- > function.firstPc;) {
    Inst &inst = program.code[pc];
    inst.straight = inst.guard ? 0 : !isPure(inst) ? 1 : behind == most ? most : u8(behind + 1);
    behind = inst.straight;
  }
}

} // namespace hadal::sim
