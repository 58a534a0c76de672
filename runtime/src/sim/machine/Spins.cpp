// SPDX-License-Identifier: Apache-2.0
// Counts the rounds of loops that only poll apart from the rest.
#include "sim/machine/Machine.h"

namespace hadal::sim {

void noteSpin(Warp &warp, const Inst &branch, u32 taken) {
  Counters &counters = warp.worker->counters;
  // An atomic that changed memory was more than a look.
  bool spins = taken && taken == warp.active && !warp.changed;
  warp.changed = false;
  u32 last = pcOf(warp, branch);
  u64 lanes = u64(__builtin_popcount(taken));
  for (u32 pc = branch.aux; spins && pc <= last; ++pc) {
    // Pieces are added to the lines later: less than none is right until then.
    --counters.lines[pc].warps;
    counters.lines[pc].lanes -= lanes;
    ++counters.spinLines[pc].warps;
    counters.spinLines[pc].lanes += lanes;
    u8 access = pc == last ? 0 : warp.launch->program->code[pc].spin;
    if (access) {
      counters.memory[pc] -= warp.spun[access - 1];
      counters.spinMemory[pc] += warp.spun[access - 1];
    }
  }
  for (u32 i = 0; i < branch.spin; ++i)
    warp.spun[i] = {};
}

} // namespace hadal::sim
