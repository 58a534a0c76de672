// SPDX-License-Identifier: Apache-2.0
// Says of counters whether they may depend on the host in spite of what is counted apart: what may poll in
// loops that are not recognised (decode/Spins.cpp), and lanes that wait while others of their warp poll.
#include "sim/api/CounterReport.h"

#include <set>

namespace hadal::sim {

namespace {

/// Whether an instruction may look at what another thread will change.
bool mayPoll(const AstInst &ast, const Inst &inst) {
  switch (inst.cls) {
  case Class::Load:
  case Class::LoadShared: return (inst.flags & kVolatile) || ast.has("cv");
  case Class::Mbarrier: return ast.has("test_wait") || ast.has("try_wait");
  case Class::Atomic: return ast.has("cas") || ast.has("exch");
  default: return false;
  }
}

/// The back edge of a loop; *first = where it begins.
bool goesBack(const AstInst &ast, u32 index, u32 *first) {
  if (ast.opcode != "bra" || ast.operands[0].kind != Operand::Label ||
      ast.operands[0].label > index)
    return false;
  *first = ast.operands[0].label;
  return true;
}

} // namespace

u64 unsureCount(const Program &program, const Counters &counters) {
  u64 count = 0;
  for (size_t f = 0; f < program.functions.size(); ++f) {
    const AstFunction &ast = program.ast->functions[f];
    u32 firstPc = program.functions[f].firstPc;
    std::set<u32> seen;
    for (u32 i = 0, first = 0; i < ast.body.size(); ++i) {
      if (!goesBack(ast.body[i], i, &first))
        continue;
      if (program.code[firstPc + i].spin) {
        LineCount rounds = counters.spinLine(firstPc + i);
        count += rounds.lanes < rounds.warps * kLanes ? rounds.warps : 0;
        continue;
      }
      for (u32 at = first; at < i; ++at)
        if (!program.code[firstPc + at].spin && mayPoll(ast.body[at], program.code[firstPc + at]) &&
            seen.insert(at).second)
          count += counters.lines[firstPc + at].warps;
    }
  }
  return count;
}

} // namespace hadal::sim
