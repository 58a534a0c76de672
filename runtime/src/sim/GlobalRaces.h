// SPDX-License-Identifier: Apache-2.0
// Detects races on global memory between warps, on request.
#ifndef HADAL_SIM_GLOBALRACES_H
#define HADAL_SIM_GLOBALRACES_H

#include "Machine.h"

#include <algorithm>
#include <unordered_map>

namespace hadal::sim {

/// Happens-before between warps, by vector clocks (Flanagan and Freund 2009):
/// barriers order the warps of a block; a fence before a strong write and a
/// fence after the strong read of it order two warps of the grid, and so do
/// release and acquire. Lanes of one warp are not told apart.
class GlobalRaces {
public:
  explicit GlobalRaces(const Launch &launch);
  /// Kinds: 0 read, 1 write, 2 atomic. Reports and returns false on a race.
  bool check(Warp &warp, const Inst &inst, const u64 *address, u32 mask,
             u32 bytes, int kind);
  /// A fence by the lanes; scope 0 is the block, 1 the grid.
  void fence(Warp &warp, u32 mask, u32 scope);
  /// The warps of the block have met at a barrier.
  void barrier(const Block &block, u32 members);

private:
  using Clocks = std::unordered_map<u32, u32>; // by warp of the grid
  struct WarpState {
    u32 clock = 1;
    Clocks seen;     // of other warps
    Clocks released; // what the last fence makes visible with a strong write
    Clocks acquired; // from strong reads, in force after the next fence
  };
  struct Access {
    u32 warp;
    u32 clock;
    u32 bytes; // mask of the four
    bool strong;
  };
  u32 indexOf(const Warp &warp) const {
    return u32(warp.block->linear) * warpsPerBlock + warp.index;
  }
  static u64 encode(const Access &access);
  static Access decode(u64 record);
  bool clashes(u64 record, u32 warp, const WarpState &state, u32 bytes,
               bool strong) const;
  bool report(Warp &warp, const Inst &inst, u32 lane, u64 address, u32 bytes,
              int kind, u64 record, bool otherWrites);

  u32 warpsPerBlock;
  std::mutex lock;
  std::unordered_map<u32, WarpState> warps;
  std::unordered_map<u64, Clocks> variables; // by address of a strong access
};

} // namespace hadal::sim

#endif // HADAL_SIM_GLOBALRACES_H
