// SPDX-License-Identifier: Apache-2.0
// The sixteen barriers of a block.
#include "sim/machine/Machine.h"

#include "sim/check/GlobalRaces.h"
#include "sim/check/SharedRaces.h"

namespace hadal::sim {

namespace {

/// Writes the result of bar.red for the lanes of a path.
void deliver(const Barrier &barrier, const Inst &inst, const Path &path) {
  u32 kind = inst.aux >> 8 & 255; // 1 popc, 2 and, 3 or
  if (!kind || inst.d == kNoOperand)
    return;
  u32 *to = reinterpret_cast<u32 *>(path.frame->registers + inst.d);
  if (kind == 1) {
    for (u32 lane = 0; lane < kLanes; ++lane)
      if (path.mask >> lane & 1)
        to[lane] = barrier.resultPopc;
  } else {
    u32 value = kind == 2 ? barrier.resultAll : barrier.resultAny;
    *to = (*to & ~path.mask) | (value ? path.mask : 0);
  }
}

void complete(Warp &warp, u32 id) {
  Block &block = *warp.block;
  Barrier &barrier = block.barriers[id];
  ++warp.worker->counters.barriers;
  ++barrier.generation;
  barrier.resultPopc = barrier.popc;
  barrier.resultAll = barrier.allTrue;
  barrier.resultAny = barrier.anyTrue;
  for (size_t i = 0; i < block.warps.size(); ++i) {
    Warp &other = *block.warps[i];
    for (u32 p = 0; p < other.pathCount; ++p) {
      Path &path = other.paths[p];
      if (path.state != Path::WaitBarrier || path.barrier != id)
        continue;
      path.state = Path::Ready;
      deliver(barrier, warp.launch->program->code[path.pc - 1], path);
      if (&other == &warp)
        noteReady(other, path.pc, path.frame);
    }
  }
  if (block.races)
    block.races->barrier(barrier.warps, barrier.expected == 0);
  if (warp.launch->globalRaces)
    warp.launch->globalRaces->barrier(block, barrier.warps);
  barrier.arrived = barrier.waiting = barrier.popc = 0;
  barrier.allTrue = 1;
  barrier.anyTrue = 0;
  barrier.expected = 0;
  barrier.warps = 0;
}

u32 threadsExpected(const Block &block, const Barrier &barrier) {
  return barrier.expected ? barrier.expected : block.threads - block.exited;
}

} // namespace

bool arriveAtBarrier(Warp &warp, const Inst &inst, u32 mask, u32 id, u32 expected, bool arriveOnly,
                     u32 threads, u32 predicate) {
  Block &block = *warp.block;
  Barrier &barrier = block.barriers[id];
  if (barrier.arrived && barrier.expected != expected) {
    report(warp, inst, "barrier", u32(__builtin_ctz(mask)),
           format("barrier %u: expected %u threads as those that wait, got %u", id,
                  barrier.expected, expected));
    return false;
  }
  if (!barrier.arrived)
    barrier.firstPc = pcOf(warp, inst);
  barrier.expected = expected;
  barrier.arrived += threads;
  barrier.warps |= u32(1) << warp.index;
  u32 truth = predicate & mask;
  barrier.popc += u32(__builtin_popcount(truth));
  barrier.allTrue &= truth == mask;
  barrier.anyTrue |= truth != 0;
  u32 wanted = threadsExpected(block, barrier);
  if (barrier.arrived > wanted) {
    report(warp, inst, "barrier", u32(__builtin_ctz(mask)),
           format("barrier %u: expected %u threads, got %u", id, wanted, barrier.arrived));
    return false;
  }
  if (barrier.arrived == wanted) {
    if (!expected && block.exited && (warp.launch->checks & kCheckBarrier)) {
      report(warp, inst, "barrier", u32(__builtin_ctz(mask)),
             format("barrier %u: %u of %u threads have exited without "
                    "reaching it",
                    id, block.exited, block.threads));
      return false;
    }
    complete(warp, id);
    if (!arriveOnly) {
      Path self;
      self.mask = mask;
      self.frame = warp.frame;
      deliver(barrier, inst, self);
    }
    return true;
  }
  if (arriveOnly)
    return true;
  barrier.waiting += threads;
  park(warp, inst, mask, Path::WaitBarrier, 0, id);
  return false;
}

void barriersAfterExit(Warp &warp) {
  Block &block = *warp.block;
  for (u32 id = 0; id < 16; ++id) {
    Barrier &barrier = block.barriers[id];
    if (!barrier.arrived || barrier.expected)
      continue;
    if (warp.launch->checks & kCheckBarrier) {
      report(warp, warp.launch->program->code[barrier.firstPc], "barrier", ~0u,
             format("barrier %u: %u of %u threads have exited without "
                    "reaching it",
                    id, block.exited, block.threads));
      return;
    }
    if (barrier.arrived == block.threads - block.exited)
      complete(warp, id);
  }
}

} // namespace hadal::sim
