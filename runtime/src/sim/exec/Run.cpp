// SPDX-License-Identifier: Apache-2.0
// The loop that executes a warp, and the table of the level's instructions.
#include "sim/exec/ExecSupport.h"

namespace hadal::HADAL_SIM_LEVEL {

void runWarp(Warp &w) {
  if (!beginQuantum(w))
    return;
  const Inst *code = w.launch->program->code.data();
  LineCount *lines = w.worker->counters.lines.data();
  LineCount *pieces = w.worker->counters.pieces.data();
  i32 budget = w.budget;
  // False when the warp's turn ends.
  auto goesOn = [&] {
    if (w.pc >= w.threshold) {
      w.executed += u64(w.budget - budget);
      w.budget = budget;
      if (!reschedule(w))
        return false;
      budget = w.budget;
    }
    if (budget <= 0) {
      w.executed += u64(w.budget - budget);
      w.budget = budget;
      return false;
    }
    return true;
  };
  for (;;) {
    u32 pc = w.pc;
    const Inst &in = code[pc];
    u32 mask = w.active;
    if (in.straight > 1 && !w.tracking && pc < w.threshold) {
      u32 n = in.straight;
      n = n < w.threshold - pc ? n : w.threshold - pc;
      n = n < u32(budget) ? n : u32(budget);
      u32 lanes = popCount(mask);
      pieces[pc].warps += 1;
      pieces[pc].lanes += lanes;
      pieces[pc + n].warps -= 1;
      pieces[pc + n].lanes -= lanes;
      w.pc = pc + n;
      budget -= i32(n);
      const Inst *next = &in, *end = next + n;
      do
        next->run(w, *next, mask);
      while (++next != end);
      if (!goesOn())
        return;
      continue;
    }
    if (in.guard) {
      u32 p = *w.at<u32>(in.guard);
      if (w.tracking && (*w.flags(in.guard) & mask)) {
        reportUndefined(w, in, *w.flags(in.guard) & mask,
                        "an undefined predicate decides this instruction");
        return;
      }
      mask &= (in.flags & kGuardNegated) ? ~p : p;
    }
    ++lines[pc].warps;
    lines[pc].lanes += popCount(mask);
    w.pc = pc + 1;
    if (mask || (in.flags & kIsBranch)) {
      if (w.tracking && in.shadow != Shadow::Own) {
        u32 lanes = (*w.flags(in.a) | *w.flags(in.b) | *w.flags(in.c) | *w.flags(in.e)) & mask;
        if (lanes) {
          propagate(w, in, mask, lanes);
        } else {
          *w.flags(in.d) &= ~mask;
          *w.flags(in.d2) &= ~mask;
        }
      }
      in.run(w, in, mask);
    }
    --budget;
    if (!goesOn())
      return;
  }
}

namespace {
const Level::Table *const kTables[] = {
    &kIntegerTable, &kBitTable,        &kFloatTable, &kHalfTable,   &kConvertTable,  &kCompareTable,
    &kMoveTable,    &kMemoryTable,     &kHintTable,  &kAtomicTable, &kMbarrierTable, &kAsyncTable,
    &kMatrixTable,  &kMatrixMoveTable, &kWmmaTable,  &kWarpTable,   &kControlTable,  &kVideoTable};
} // namespace

#define HADAL_STRING_(x) #x
#define HADAL_STRING(x) HADAL_STRING_(x)
const Level kLevel = {HADAL_STRING(HADAL_SIM_LEVEL), kTables, sizeof(kTables) / sizeof(kTables[0]),
                      runWarp};

} // namespace hadal::HADAL_SIM_LEVEL
