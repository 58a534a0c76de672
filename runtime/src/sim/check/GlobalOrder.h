// SPDX-License-Identifier: Apache-2.0
// Happens-before between the warps of a grid, for the check of global races.
#ifndef HADAL_SIM_CHECK_GLOBALORDER_H
#define HADAL_SIM_CHECK_GLOBALORDER_H

#include "sim/support/Types.h"

#include <unordered_map>

namespace hadal::sim {

/// How an access is ordered, as the decoder leaves it in Inst::bw.
enum class Order : u8 { Weak, Volatile, Relaxed, Acquire, Release, Mmio, AcqRel };

/// Vector clocks of warps (Flanagan and Freund 2009), with PTX's ways to order
/// two of them: barriers; release and acquire; a fence, a strong write, a strong
/// read of what it wrote, a fence. A scope of the block orders its warps alone.
class GlobalOrder {
public:
  explicit GlobalOrder(u32 warpsPerBlock) : warpsPerBlock(warpsPerBlock) {}

  /// A strong access by a lane of a warp to the variable named by `key`. When all
  /// lanes have made theirs, they meet.
  void access(u32 warp, u64 key, bool reads, bool writes, Order order, bool wholeGrid);
  void fence(u32 warp, bool wholeGrid);
  /// The warps of a block, of which `first` is the first, meet at a barrier.
  void barrier(u32 first, u32 members);
  /// The lanes of the warp meet.
  void warpSync(u32 warp) { tick(warps[warp]); }

  u32 clock(u32 warp) { return warps[warp].clock; }
  /// Whether `warp` has seen all that `other` did up to `clock`.
  bool hasSeen(u32 warp, u32 other, u32 clock) const;
  /// The same for lanes of one warp.
  bool lanesHaveSeen(u32 warp, u32 clock) const;

private:
  using Clocks = std::unordered_map<u32, u32>; // by warp of the grid
  struct State {
    u32 clock = 1;
    u32 lanes = 1; // of the last time at which the lanes met
    Clocks seen;   // of other warps
    // What the last fence lets a strong write show, to the grid or the block;
    // what strong reads found, in force after the next fence.
    Clocks gridReleased, blockReleased, gridAcquired, blockAcquired;
  };
  static void join(Clocks &into, const Clocks &from);
  static u32 tick(State &state) {
    state.lanes = state.clock + 1;
    return state.clock++;
  }
  u64 blockKey(u32 warp, u64 key) const {
    return key * 0x9e3779b97f4a7c15ull ^ (warp / warpsPerBlock + 1);
  }

  u32 warpsPerBlock;
  std::unordered_map<u32, State> warps;
  std::unordered_map<u64, Clocks> gridVariables, blockVariables;
};

} // namespace hadal::sim

#endif // HADAL_SIM_CHECK_GLOBALORDER_H
