// SPDX-License-Identifier: Apache-2.0
// Blocks: preparing them and giving their warps turns.
#include "sim/machine/Machine.h"

#include "sim/check/SharedRaces.h"
#include "sim/decode/Decoder.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace hadal::sim {

namespace {
constexpr i32 kQuantum = 4096;
constexpr i32 kPollingShare = 16, kLeastQuantum = 64;
constexpr i32 kIdleQuantum = 128; // of warps that only poll
/// Rounds in which every warp polls and nothing changes before a launch is
/// taken to spin for ever.
constexpr u64 kIdleRounds = 2000;

void splat(Warp &warp, SpecialRegister which, u32 value) {
  u32 *lanes = reinterpret_cast<u32 *>(warp.specials.data() +
                                       u32(which) * kSlotBytes);
  std::fill(lanes, lanes + kLanes, value);
}
u32 *lanesOf(Warp &warp, SpecialRegister which) {
  return reinterpret_cast<u32 *>(warp.specials.data() +
                                 u32(which) * kSlotBytes);
}

/// What depends on the launch and on the warp's place in the block.
void fillSpecials(Warp &warp, const Launch &launch) {
  using S = SpecialRegister;
  warp.specials.assign(size_t(S::Count) * kSlotBytes, 0);
  const u32 *block = launch.block;
  for (u32 lane = 0; lane < kLanes; ++lane) {
    u32 thread = warp.index * kLanes + lane;
    lanesOf(warp, S::TidX)[lane] = thread % block[0];
    lanesOf(warp, S::TidY)[lane] = thread / block[0] % block[1];
    lanesOf(warp, S::TidZ)[lane] = thread / block[0] / block[1];
    lanesOf(warp, S::LaneId)[lane] = lane;
    lanesOf(warp, S::LanemaskEq)[lane] = 1u << lane;
    lanesOf(warp, S::LanemaskLt)[lane] = (1u << lane) - 1;
    lanesOf(warp, S::LanemaskLe)[lane] = (2u << lane) - 1;
    lanesOf(warp, S::LanemaskGt)[lane] = ~((2u << lane) - 1);
    lanesOf(warp, S::LanemaskGe)[lane] = ~((1u << lane) - 1);
  }
  for (u32 i = 0; i < 3; ++i) {
    splat(warp, S(u32(S::NtidX) + i), block[i]);
    splat(warp, S(u32(S::NctaidX) + i), launch.grid[i]);
    splat(warp, S(u32(S::ClusterNctaidX) + i), 1);
    splat(warp, S(u32(S::NclusteridX) + i), launch.grid[i]);
  }
  splat(warp, S::ClusterNctarank, 1);
  splat(warp, S::WarpId, warp.index);
  splat(warp, S::NwarpId, 64);
  splat(warp, S::NsmId, 1);
  splat(warp, S::WarpSize, kLanes);
  splat(warp, S::EnvReg1, u32(launch.gridWorkspace >> 32));
  splat(warp, S::EnvReg2, u32(launch.gridWorkspace));
  splat(warp, S::DynamicSmemSize, launch.dynamicShared);
  splat(warp, S::TotalSmemSize, u32(launch.sharedBytes));
  splat(warp, S::AggrSmemSize, u32(launch.sharedBytes));
  u32 reserved = u32(launch.reservedShared);
  splat(warp, S::ReservedSmemBegin, reserved);
  splat(warp, S::ReservedSmemEnd, reserved + u32(kReservedShared));
  splat(warp, S::ReservedSmemCap, u32(kReservedShared));
  splat(warp, S::ReservedSmem0, reserved);
  splat(warp, S::ReservedSmem1, reserved + u32(kReservedShared / 2));
}

void startWarp(Worker &worker, Block &block, Warp &warp) {
  Launch &launch = *worker.launch;
  warp.worker = &worker;
  warp.block = &block;
  warp.launch = &launch;
  if (warp.specials.empty())
    fillSpecials(warp, launch);
  using S = SpecialRegister;
  for (u32 i = 0; i < 3; ++i) {
    splat(warp, S(u32(S::CtaidX) + i), block.id[i]);
    splat(warp, S(u32(S::ClusteridX) + i), block.id[i]);
  }
  u32 first = warp.index * kLanes;
  u32 threads = std::min(kLanes, block.threads - first);
  warp.valid = threads == kLanes ? kFullMask : (1u << threads) - 1;
  warp.exited = ~warp.valid;
  warp.active = warp.valid;
  warp.threshold = ~0u;
  warp.tracking = false;
  warp.pathCount = 0;
  warp.executed = warp.stamp = 0;
  warp.quanta = 0;
  warp.polls = warp.turn = warp.done = warp.progress = false;
  warp.asyncCopies.clear();
  std::fill(warp.asyncGroup, warp.asyncGroup + kLanes, 0);
  // All frames of the previous block are free again.
  warp.freeFrames = nullptr;
  for (auto &frame : warp.frames) {
    frame->nextFree = warp.freeFrames;
    warp.freeFrames = frame.get();
  }
  growLocal(warp, launch.kernel->localBytes);
  if (warp.localUndefined)
    memset(warp.localUndefined, 0xff, warp.localStride * kLanes);
  Frame *frame = enterFunction(warp, *launch.kernel, warp.valid);
  useFrame(warp, frame);
  warp.base[1] = const_cast<u8 *>(launch.program->constants.data());
  warp.base[2] = warp.specials.data();
  warp.pc = launch.kernel->firstPc;
}

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
      u32 wanted = barrier.expected ? barrier.expected
                                    : block.threads - block.exited;
      text = format("barrier %u is never complete: expected %u threads, got "
                    "%u", path.barrier, wanted, barrier.arrived);
      for (auto &other : block.warps)
        for (u32 i = 0; i < other->pathCount; ++i)
          if (other->paths[i].state != path.state ||
              other->paths[i].barrier != path.barrier) {
            u32 pc = other->paths[i].pc -
                     (other->paths[i].state == Path::WaitBarrier);
            text += format("; warp %u waits at line %u", other->index,
                           program.origins[pc].at.line);
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

Block::Block() = default;
Block::~Block() = default;

Warp::~Warp() {
  for (auto &frame : frames) {
    ::free(frame->registers);
    ::free(frame->undefined);
    ::free(frame->shadow);
    ::free(frame->origins);
  }
  ::free(local);
  ::free(localUndefined);
}

u64 Worker::nextRandom() { // xorshift64* (Vigna 2016)
  random ^= random >> 12;
  random ^= random << 25;
  random ^= random >> 27;
  return random * 0x2545f4914f6cdd1dull;
}

void startBlock(Worker &worker, Block &block, u64 linear) {
  Launch &launch = *worker.launch;
  block.linear = linear;
  block.id[0] = u32(linear % launch.grid[0]);
  block.id[1] = u32(linear / launch.grid[0] % launch.grid[1]);
  block.id[2] = u32(linear / launch.grid[0] / launch.grid[1]);
  block.threads = launch.block[0] * launch.block[1] * launch.block[2];
  block.exited = 0;
  u32 warps = (block.threads + kLanes - 1) / kLanes;
  block.shared.assign(launch.sharedBytes, 0xff); // poison: NaNs
  block.sharedUndefined.assign(launch.sharedBytes, 0xff);
  if (launch.program->usesReservedShared) {
    memset(&block.shared[launch.reservedShared], 0, kReservedShared);
    memset(&block.sharedUndefined[launch.reservedShared], 0, kReservedShared);
  }
  for (Barrier &barrier : block.barriers)
    barrier = Barrier();
  if (launch.checks & (kCheckRace | kCheckAsync)) {
    if (!block.races)
      block.races = std::make_unique<SharedRaces>(u32(launch.sharedBytes),
                                                  warps);
    else
      block.races->reset();
  }
  while (block.warps.size() < warps) {
    block.warps.push_back(std::make_unique<Warp>());
    block.warps.back()->index = u32(block.warps.size() - 1);
  }
  for (auto &warp : block.warps)
    startWarp(worker, block, *warp);
  block.liveWarps = warps;
  block.started = true;
}

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
    u64 left = launch.maxInstructions > warp.executed
                   ? launch.maxInstructions - warp.executed
                   : 0;
    if (left == 0) {
      warp.frame = warp.active ? warp.frame : warp.paths[0].frame;
      const Inst &inst =
          launch.program->code[warp.active ? warp.pc : warp.paths[0].pc];
      report(warp, inst, "limit", ~0u,
             format("the warp has executed %llu instructions, the limit "
                    "(--max-instructions)",
                    (unsigned long long)warp.executed));
      return false;
    }
    // Where one path polls and others wait, the one that holds what it polls
    // for gets its turn soon.
    i32 turn = warp.polls && warp.pathCount
                   ? std::max(quantum / kPollingShare, kLeastQuantum)
                   : quantum;
    warp.budget = left < u64(turn) ? i32(left) : turn;
    launch.level->run(warp);
    if (launch.stop.load(std::memory_order_relaxed))
      return false;
    idle &= !warp.progress && !warp.done && warp.polls &&
            worker.counters.barriers == barriers;
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
    const Inst &inst =
        launch.program->code[warp.active ? warp.pc : warp.paths[0].pc];
    report(warp, inst, "limit", ~0u,
           "the block spins for ever: its warps poll memory that nothing "
           "changes");
    return false;
  }
  return true;
}

} // namespace hadal::sim
