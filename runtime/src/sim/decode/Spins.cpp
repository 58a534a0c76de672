// SPDX-License-Identifier: Apache-2.0
// Finds loops that only poll: how often they go round depends on the host, so they are counted apart.
#include "sim/decode/Decoder.h"

#include <algorithm>
#include <set>

namespace hadal::sim {

namespace {

using Registers = std::set<u32>;

/// A body of instructions without a branch but the one back at its end.
class Loop {
public:
  Loop(Decoder &decoder, const AstFunction &ast, u32 first, u32 last,
       const std::vector<size_t> &referencesOf)
      : decoder(decoder), ast(ast), first(first), last(last), referencesOf(referencesOf) {}

  bool polls();
  void mark();

private:
  enum Kind : u8 { Other, Pure, Access, Poll };
  Inst &at(u32 index) const { return decoder.program.code[decoder.firstPc + index]; }
  Kind kindOf(u32 index) const;
  /// Calls `use` for each register of an instruction that is read, or written.
  template <typename Use> void forEach(u32 index, bool written, Use use) const {
    for (size_t i = referencesOf[index]; i < referencesOf[index + 1]; ++i)
      if (decoder.references[i].isDefinition == written)
        use(decoder.references[i].reg);
  }
  bool reads(u32 index, const Registers &registers) const {
    bool any = false;
    forEach(index, false, [&](u32 reg) { any |= registers.count(reg) != 0; });
    return any;
  }
  void assign(u32 index, bool member, Registers &registers) const {
    forEach(index, true, [&](u32 reg) {
      if (member)
        registers.insert(reg);
      else
        registers.erase(reg);
    });
  }

  Decoder &decoder;
  const AstFunction &ast;
  u32 first, last; // the branch
  const std::vector<size_t> &referencesOf;
};

Loop::Kind Loop::kindOf(u32 index) const {
  const Inst &inst = at(index);
  if (isPure(inst))
    return Pure;
  if (inst.guard)
    return Other;
  switch (inst.cls) {
  case Class::Fence: return Pure;
  case Class::Control: return ast.body[index].opcode == "nanosleep" ? Pure : Other;
  case Class::Atomic: return Poll;
  case Class::Mbarrier:
    return ast.body[index].has("test_wait") || ast.body[index].has("try_wait") ? Poll : Other;
  case Class::Load:
  case Class::LoadShared: return inst.flags & kVolatile ? Poll : Access;
  case Class::LoadLocal:
  case Class::LoadConst: return Access;
  default: return Other;
  }
}

/// Whether the loop looks at the same places again and again, changes nothing
/// but registers, and goes back because of what it saw.
bool Loop::polls() {
  Registers written, carried;
  u32 accesses = 0;
  bool any = false;
  for (u32 i = first; i < last; ++i) {
    Kind kind = kindOf(i);
    if (kind == Other)
      return false;
    accesses += kind >= Access;
    any |= kind == Poll;
    forEach(i, false, [&](u32 reg) {
      if (!written.count(reg))
        carried.insert(reg);
    });
    assign(i, true, written);
  }
  if (!any || accesses > kMaximumSpins)
    return false;
  // What one round hands to the next, and what was loaded, varies.
  Registers varying, polled;
  std::set_intersection(written.begin(), written.end(), carried.begin(), carried.end(),
                        std::inserter(varying, varying.end()));
  for (u32 i = first; i < last; ++i) {
    Kind kind = kindOf(i);
    if (kind >= Access)
      for (const Operand &operand : ast.body[i].operands)
        if (operand.kind == Operand::Address && operand.reg >= 0 && varying.count(u32(operand.reg)))
          return false;
    assign(i, kind >= Access || reads(i, varying), varying);
    assign(i, kind == Poll || reads(i, polled), polled);
  }
  return polled.count(u32(ast.body[last].guard)) != 0;
}

void Loop::mark() {
  u8 accesses = 0;
  for (u32 i = first; i < last; ++i)
    if (kindOf(i) >= Access)
      at(i).spin = ++accesses;
  at(last).spin = accesses;
  decoder.program.polls = true;
}

} // namespace

void markSpins(Decoder &decoder, const AstFunction &ast) {
  std::vector<size_t> referencesOf;
  for (u32 i = 0; i < ast.body.size(); ++i) {
    const AstInst &inst = ast.body[i];
    if (inst.opcode != "bra" || inst.guard < 0 || inst.operands[0].kind != Operand::Label ||
        inst.operands[0].label > i)
      continue;
    if (referencesOf.empty()) { // they are in the order of the instructions
      size_t next = 0;
      for (u32 at = 0; at <= ast.body.size(); ++at) {
        while (next < decoder.references.size() &&
               decoder.references[next].inst < decoder.firstPc + at)
          ++next;
        referencesOf.push_back(next);
      }
    }
    Loop loop(decoder, ast, inst.operands[0].label, i, referencesOf);
    if (loop.polls())
      loop.mark();
  }
}

} // namespace hadal::sim
