// SPDX-License-Identifier: Apache-2.0
// Happens-before between the warps of a grid, for the check of global races.
#include "sim/check/GlobalOrder.h"

namespace hadal::sim {

void GlobalOrder::join(Clocks &into, const Clocks &from) {
  for (const auto &[warp, clock] : from) {
    u32 &own = into[warp];
    if (clock > own)
      own = clock;
  }
}

bool GlobalOrder::hasSeen(u32 warp, u32 other, u32 clock) const {
  auto state = warps.find(warp);
  if (state == warps.end())
    return false;
  auto seen = state->second.seen.find(other);
  return seen != state->second.seen.end() && seen->second >= clock;
}

bool GlobalOrder::lanesHaveSeen(u32 warp, u32 clock) const {
  auto state = warps.find(warp);
  return state != warps.end() && clock < state->second.lanes;
}

void GlobalOrder::access(u32 warp, u64 key, bool reads, bool writes, Order order, bool wholeGrid) {
  State &state = warps[warp];
  bool acquires = order == Order::Acquire || order == Order::AcqRel;
  bool releases = order == Order::Release || order == Order::AcqRel;
  u64 own = blockKey(warp, key);
  if (reads) {
    if (auto found = gridVariables.find(key); wholeGrid && found != gridVariables.end())
      join(acquires ? state.seen : state.gridAcquired, found->second);
    if (auto found = blockVariables.find(own); found != blockVariables.end())
      join(acquires ? state.seen : state.blockAcquired, found->second);
  }
  if (writes) {
    // Later writes carry on what earlier ones showed: a counter that several
    // warps add to is read once, by the last.
    if (releases) {
      Clocks known = state.seen;
      known[warp] = state.clock;
      if (wholeGrid)
        join(gridVariables[key], known);
      join(blockVariables[own], known);
    } else {
      if (wholeGrid && !state.gridReleased.empty())
        join(gridVariables[key], state.gridReleased);
      if (!state.blockReleased.empty())
        join(blockVariables[own], state.blockReleased);
    }
  }
}

void GlobalOrder::fence(u32 warp, bool wholeGrid) {
  State &state = warps[warp];
  join(state.seen, state.blockAcquired);
  if (wholeGrid)
    join(state.seen, state.gridAcquired);
  state.blockReleased = state.seen;
  state.blockReleased[warp] = state.clock;
  if (wholeGrid)
    state.gridReleased = state.blockReleased;
  tick(state);
}

void GlobalOrder::barrier(u32 first, u32 members) {
  State all;
  for (u32 i = 0; i < warpsPerBlock; ++i) {
    if (!(members >> i & 1))
      continue;
    State &state = warps[first + i];
    join(all.seen, state.seen);
    all.seen[first + i] = tick(state);
    join(all.gridReleased, state.gridReleased);
    join(all.blockReleased, state.blockReleased);
    // The block that comes last by a counter reads what the others wrote after
    // a barrier, without a fence of its own: what strong reads found is in force.
    join(all.seen, state.gridAcquired);
    join(all.seen, state.blockAcquired);
  }
  for (u32 i = 0; i < warpsPerBlock; ++i) {
    if (!(members >> i & 1))
      continue;
    State &state = warps[first + i];
    all.clock = state.clock;
    all.lanes = state.lanes;
    state = all;
  }
}

} // namespace hadal::sim
