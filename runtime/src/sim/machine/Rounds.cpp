// SPDX-License-Identifier: Apache-2.0
// Gives the warps of a block turns, and finds blocks that no turn would help.
#include "sim/machine/Machine.h"

#include "sim/decode/Level.h"

#include <algorithm>

namespace hadal::sim {

namespace {
constexpr i32 kQuantum = 4096;
constexpr i32 kPollingShare = 16, kLeastQuantum = 64;
constexpr i32 kIdleQuantum = 128; // of warps that only poll
/// Rounds in which every warp polls and nothing changes before a launch is
/// taken to spin for ever.
constexpr u64 kIdleRounds = 2000;

bool canRun(const Warp &warp) {
  if (warp.done)
    return false;
  if (warp.active)
    return true;
  for (u32 i = 0; i < warp.pathCount; ++i)
    if (warp.paths[i].state == Path::Ready)
      return true;
  return false;
}

/// Whether no host thread has anything but polling to do. One that the host's
/// scheduler keeps from running may have.
bool allStuck(const Launch &launch, u64 progress) {
  for (const Worker &worker : *launch.workers) {
    u64 at = worker.stuckAt.load(std::memory_order_acquire);
    if (at != progress && at != Worker::kEnded)
      return false;
  }
  return true;
}

/// No warp of the block can run and some have not ended.
void reportStuck(Block &block) {
  for (auto &warp : block.warps) {
    if (warp->done || !warp->pathCount)
      continue;
    const Path &path = warp->paths[0];
    const Program &program = *warp->launch->program;
    bool atBarrier = path.state == Path::WaitBarrier;
    const Inst &inst = program.code[atBarrier ? path.pc - 1 : path.pc];
    std::string text;
    if (atBarrier) {
      const Barrier &barrier = block.barriers[path.barrier];
      u32 wanted = barrier.expected ? barrier.expected : block.threads - block.exited;
      text = format("barrier %u is never complete: expected %u threads, got "
                    "%u",
                    path.barrier, wanted, barrier.arrived);
      for (auto &other : block.warps)
        for (u32 i = 0; i < other->pathCount; ++i)
          if (other->paths[i].state != path.state || other->paths[i].barrier != path.barrier) {
            u32 pc = other->paths[i].pc - (other->paths[i].state == Path::WaitBarrier);
            text += format("; warp %u waits at line %u", other->index, program.origins[pc].at.line);
            report(*warp, inst, "barrier", u32(__builtin_ctz(path.mask)), text);
            return;
          }
    } else {
      text = format("lanes 0x%08x wait for ever for lanes 0x%08x", path.mask,
                    path.required & ~warp->exited & ~path.mask);
    }
    report(*warp, inst, "barrier", u32(__builtin_ctz(path.mask)), text);
    return;
  }
}

} // namespace

bool runRound(Worker &worker, Block &block) {
  Launch &launch = *worker.launch;
  worker.order.clear();
  for (auto &warp : block.warps)
    if (canRun(*warp))
      worker.order.push_back(warp->index);
  if (worker.order.empty()) {
    bool ended = true;
    for (auto &warp : block.warps)
      ended &= warp->done;
    if (!ended)
      reportStuck(block);
    return false;
  }
  i32 quantum = kQuantum;
  if (launch.seed) {
    for (size_t i = worker.order.size(); i > 1; --i)
      std::swap(worker.order[i - 1], worker.order[worker.nextRandom() % i]);
    quantum = i32(64 + worker.nextRandom() % (2 * kQuantum));
  }
  if (worker.idleRounds > 2)
    quantum = std::min(quantum, kIdleQuantum);
  bool idle = true;
  for (u32 index : worker.order) {
    Warp &warp = *block.warps[index];
    warp.progress = false;
    u64 barriers = worker.counters.barriers;
    u64 left = launch.maxInstructions > warp.executed ? launch.maxInstructions - warp.executed : 0;
    if (left == 0) {
      warp.frame = warp.active ? warp.frame : warp.paths[0].frame;
      const Inst &inst = launch.program->code[warp.active ? warp.pc : warp.paths[0].pc];
      report(warp, inst, "limit", ~0u,
             format("the warp has executed %llu instructions, the limit "
                    "(--max-instructions)",
                    (unsigned long long)warp.executed));
      return false;
    }
    // Where one path polls and others wait, the one that holds what it polls
    // for gets its turn soon.
    i32 turn =
        warp.polls && warp.pathCount ? std::max(quantum / kPollingShare, kLeastQuantum) : quantum;
    warp.budget = left < u64(turn) ? i32(left) : turn;
    launch.level->run(warp);
    if (launch.stop.load(std::memory_order_relaxed))
      return false;
    idle &= !warp.progress && !warp.done && warp.polls && worker.counters.barriers == barriers;
  }
  if (!idle) {
    worker.idleRounds = 0;
    worker.stuckAt.store(Worker::kNotStuck, std::memory_order_release);
    launch.progress.fetch_add(1, std::memory_order_release);
    return true;
  }
  u64 progress = launch.progress.load(std::memory_order_acquire);
  if (worker.idleRounds++ == 0 || progress != worker.seenProgress) {
    worker.idleRounds = 1;
    worker.seenProgress = progress;
    worker.stuckAt.store(Worker::kNotStuck, std::memory_order_release);
  }
  if (worker.idleRounds <= kIdleRounds * worker.pool.size())
    return true;
  worker.stuckAt.store(progress, std::memory_order_release);
  if (allStuck(launch, progress)) {
    Warp &warp = *block.warps[worker.order[0]];
    const Inst &inst = launch.program->code[warp.active ? warp.pc : warp.paths[0].pc];
    report(warp, inst, "limit", ~0u,
           "the block spins for ever: its warps poll memory that nothing "
           "changes");
    return false;
  }
  return true;
}

} // namespace hadal::sim
