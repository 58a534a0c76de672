// SPDX-License-Identifier: Apache-2.0
// Divergence and reconvergence of the lanes of a warp.
#include "sim/machine/Machine.h"

#include "sim/check/GlobalRaces.h"
#include "sim/check/SharedRaces.h"

namespace hadal::sim {

namespace {
constexpr u32 kPatience = 64; // quanta of a path that does not poll

bool isReleased(const Warp &warp, const Path &path) {
  return (path.required & ~warp.exited & ~path.mask) == 0;
}

void removePath(Warp &warp, u32 index) { warp.paths[index] = warp.paths[--warp.pathCount]; }

/// Takes the path at `index`, with all others at the same place.
void takePath(Warp &warp, u32 index) {
  Path path = warp.paths[index];
  removePath(warp, index);
  for (u32 i = 0; i < warp.pathCount;) {
    const Path &other = warp.paths[i];
    if (other.state == Path::Ready && other.pc == path.pc && other.frame == path.frame) {
      path.mask |= other.mask;
      removePath(warp, i);
    } else {
      ++i;
    }
  }
  warp.pc = path.pc;
  warp.active = path.mask;
  useFrame(warp, path.frame);
  warp.threshold = ~0u;
  for (u32 i = 0; i < warp.pathCount; ++i)
    if (warp.paths[i].state == Path::Ready)
      noteReady(warp, warp.paths[i].pc, warp.paths[i].frame);
}

void putBack(Warp &warp) {
  if (!warp.active)
    return;
  Path &path = warp.paths[warp.pathCount++];
  path = Path();
  path.pc = warp.pc;
  path.mask = warp.active;
  path.frame = warp.frame;
  path.lastRun = ++warp.stamp;
  warp.active = 0;
}

/// Lanes that came to a function by separate calls wait at the same
/// bar.warp.sync in frames of their own: lets them go on when all have come.
bool meetAcrossFrames(Warp &warp) {
  for (u32 i = 0; i < warp.pathCount; ++i) {
    const Path path = warp.paths[i];
    const Inst &inst = warp.launch->program->code[path.pc];
    if (path.state != Path::WaitSync || inst.cls != Class::Barrier || (inst.flags & kAligned))
      continue;
    auto meets = [&](const Path &other) {
      return other.state == Path::WaitSync && other.pc == path.pc &&
             other.required == path.required;
    };
    u32 came = 0;
    for (u32 j = 0; j < warp.pathCount; ++j)
      came |= meets(warp.paths[j]) ? warp.paths[j].mask : 0;
    if (path.required & ~warp.exited & ~came)
      continue;
    for (u32 j = 0; j < warp.pathCount; ++j)
      if (meets(warp.paths[j])) {
        warp.paths[j].state = Path::Ready;
        ++warp.paths[j].pc;
      }
    if (warp.block->races)
      warp.block->races->warpSync(warp.index);
    if (warp.launch->globalRaces)
      warp.launch->globalRaces->warpSync(warp);
    return true;
  }
  return false;
}

/// No path can run: is that because of a barrier, or for good?
bool blocked(Warp &warp) {
  bool atBarrier = false;
  const Path *stuck = nullptr;
  for (u32 i = 0; i < warp.pathCount; ++i) {
    if (warp.paths[i].state == Path::WaitBarrier)
      atBarrier = true;
    else
      stuck = &warp.paths[i];
  }
  if (!warp.pathCount) {
    warp.done = true;
  } else if (!atBarrier && stuck) {
    const Inst &inst = warp.launch->program->code[stuck->pc];
    std::string where;
    for (u32 i = 0; i < warp.pathCount; ++i)
      where += format("%slanes 0x%08x at line %u", i ? ", " : "", warp.paths[i].mask,
                      warp.launch->program->origins[warp.paths[i].pc].at.line);
    warp.frame = stuck->frame;
    report(warp, inst, "barrier", u32(__builtin_ctz(stuck->mask)),
           format("expected lanes 0x%08x to arrive together, got %s",
                  stuck->required & ~warp.exited, where.c_str()));
  }
  warp.threshold = 0;
  return false;
}

} // namespace

void noteReady(Warp &warp, u32 pc, const Frame *frame) {
  if (warp.turn)
    return;
  if (frame->depth > warp.frame->depth)
    warp.threshold = 0;
  else if (frame->depth == warp.frame->depth && pc < warp.threshold)
    warp.threshold = pc;
}

bool reschedule(Warp &warp) {
  if (warp.launch->stop.load(std::memory_order_relaxed)) {
    warp.threshold = 0;
    return false;
  }
  warp.turn = false;
  putBack(warp);
  u32 best = ~0u;
  for (u32 i = 0; i < warp.pathCount; ++i) {
    const Path &path = warp.paths[i];
    if (path.state != Path::Ready)
      continue;
    if (best == ~0u || path.frame->depth > warp.paths[best].frame->depth ||
        (path.frame->depth == warp.paths[best].frame->depth && path.pc < warp.paths[best].pc))
      best = i;
  }
  if (best == ~0u)
    return meetAcrossFrames(warp) ? reschedule(warp) : blocked(warp);
  takePath(warp, best);
  return true;
}

bool beginQuantum(Warp &warp) {
  bool polls = warp.polls;
  warp.polls = false;
  if (!warp.active || warp.turn)
    return reschedule(warp);
  u32 oldest = ~0u;
  for (u32 i = 0; i < warp.pathCount; ++i)
    if (warp.paths[i].state == Path::Ready &&
        (oldest == ~0u || warp.paths[i].lastRun < warp.paths[oldest].lastRun))
      oldest = i;
  if (oldest == ~0u || (!polls && ++warp.quanta < kPatience))
    return true;
  warp.quanta = 0;
  // The path put back gets the newest stamp, so that turns go round.
  Path next = warp.paths[oldest];
  removePath(warp, oldest);
  putBack(warp);
  warp.paths[warp.pathCount++] = next;
  warp.turn = true;
  takePath(warp, warp.pathCount - 1);
  return true;
}

void addPath(Warp &warp, u32 pc, u32 mask, Frame *frame, Path::State state, u32 required,
             u32 barrier) {
  for (u32 i = 0; i < warp.pathCount; ++i) {
    Path &path = warp.paths[i];
    if (path.pc != pc || path.frame != frame || path.state != state || path.required != required ||
        path.barrier != barrier)
      continue;
    path.mask |= mask;
    if (path.state == Path::WaitSync && isReleased(warp, path)) {
      path.state = Path::Ready;
      noteReady(warp, pc, frame);
    }
    return;
  }
  Path &path = warp.paths[warp.pathCount++];
  path = Path();
  path.state = state;
  path.pc = pc;
  path.mask = mask;
  path.required = required;
  path.barrier = barrier;
  path.frame = frame;
  path.lastRun = ++warp.stamp;
  if (state == Path::Ready)
    noteReady(warp, pc, frame);
}

void park(Warp &warp, const Inst &inst, u32 mask, Path::State state, u32 required, u32 barrier) {
  u32 pc = pcOf(warp, inst);
  warp.active &= ~mask;
  if (state == Path::WaitSync) {
    // The instruction is executed, and counted, when all have arrived.
    LineCount &line = warp.worker->counters.lines[pc];
    --line.warps;
    line.lanes -= u64(__builtin_popcount(mask));
  }
  addPath(warp, state == Path::WaitBarrier ? pc + 1 : pc, mask, warp.frame, state, required,
          barrier);
  if (!warp.active)
    warp.threshold = 0;
}

bool converge(Warp &warp, const Inst &inst, u32 &mask, u32 required) {
  u32 missing = required & ~warp.exited & ~mask;
  if (!missing)
    return true;
  park(warp, inst, mask, Path::WaitSync, required, 0);
  return false;
}

void exitLanes(Warp &warp, u32 mask) {
  warp.exited |= mask;
  warp.active &= ~mask;
  for (u32 i = 0; i < warp.pathCount; ++i) {
    Path &path = warp.paths[i];
    if (path.state == Path::WaitSync && isReleased(warp, path)) {
      path.state = Path::Ready;
      noteReady(warp, path.pc, path.frame);
    }
  }
  warp.block->exited += u32(__builtin_popcount(mask));
  if (!warp.active)
    warp.threshold = 0;
  barriersAfterExit(warp);
}

} // namespace hadal::sim
