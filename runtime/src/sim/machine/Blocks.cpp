// SPDX-License-Identifier: Apache-2.0
// Prepares the blocks of a launch and their warps.
#include "sim/machine/Machine.h"

#include "sim/check/SharedRaces.h"

#include <algorithm>
#include <cstring>

namespace hadal::sim {

namespace {

void splat(Warp &warp, SpecialRegister which, u32 value) {
  u32 *lanes = reinterpret_cast<u32 *>(warp.specials.data() + u32(which) * kSlotBytes);
  std::fill(lanes, lanes + kLanes, value);
}
u32 *lanesOf(Warp &warp, SpecialRegister which) {
  return reinterpret_cast<u32 *>(warp.specials.data() + u32(which) * kSlotBytes);
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
  warp.asyncIssued = 0;
  warp.deferredArrivals.clear();
  warp.changed = false;
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

} // namespace

Block::Block() = default;
Block::~Block() = default;

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
  block.mbarriers.clear();
  block.deferred = 0;
  if (launch.checks & (kCheckRace | kCheckAsync)) {
    if (!block.races)
      block.races = std::make_unique<SharedRaces>(u32(launch.sharedBytes), warps,
                                                  !(launch.checks & kCheckWarpRace));
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

} // namespace hadal::sim
