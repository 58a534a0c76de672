// SPDX-License-Identifier: Apache-2.0
// Detects races on global memory, on request.
#ifndef HADAL_SIM_CHECK_GLOBALRACES_H
#define HADAL_SIM_CHECK_GLOBALRACES_H

#include "sim/check/GlobalOrder.h"
#include "sim/state/Launch.h"

namespace hadal::sim {

/// Whether the store of a lane leaves memory as it is, or as other lanes of the
/// same instruction do. `other`: a lane that wrote there, ~0 for another warp.
using IsHarmless = bool (*)(Warp &, const Inst &, const void *access, u32 lane, u32 other);

/// Each four bytes remember their last writer and up to two readers since.
/// Launches under this check run on one host thread.
class GlobalRaces {
public:
  /// Grids of more warps, and warps that synchronise more often, are refused.
  static constexpr u64 kMaximumWarps = u64(1) << 27;
  static constexpr u32 kMaximumClock = (1u << 23) - 1;

  explicit GlobalRaces(const Launch &launch);
  /// Kinds: 0 read, 1 write, 2 atomic. Reports and returns false on a race.
  bool check(Warp &warp, const Inst &inst, const u64 *address, u32 mask, u32 bytes, int kind,
             IsHarmless isHarmless, const void *access);
  /// A strong access to shared memory orders accesses to global memory too.
  void sharedAccess(Warp &warp, const Inst &inst, const u64 *address, u32 mask, int kind);
  void fence(Warp &warp, bool wholeGrid);
  void warpSync(Warp &warp) { order.warpSync(indexOf(warp)); }
  /// The warps of the block have met at a barrier.
  void barrier(const Block &block, u32 members) {
    order.barrier(u32(block.linear) * warpsPerBlock, members);
  }

private:
  /// ReadForCas: a plain read of what a compare-and-swap then confirms.
  enum Strength : u8 { Weak, ReadForCas, StrongInBlock, StrongInGrid, Atomic };
  struct Record {
    u32 clock, warp, lane;
    u32 bytes;       // mask of the four
    bool many;       // several lanes, the same bytes
    bool mixed;      // several lanes, different bytes
    Strength strength;
  };
  u32 indexOf(const Warp &warp) const {
    return u32(warp.block->linear) * warpsPerBlock + warp.index;
  }
  static u64 encode(const Record &record);
  static Record decode(u64 record);
  bool ordered(const Record &other, const Record &self) const;
  bool clashes(u64 record, const Record &self) const;
  void noteRead(GlobalRaceCell &cell, const Record &self) const;
  void noteWrite(GlobalRaceCell &cell, const Record &self) const;
  bool report(Warp &warp, const Inst &inst, u32 lane, u64 address, u32 bytes, int kind, u64 record,
              bool otherWrites) const;
  bool checkWord(Warp &warp, const Inst &inst, GlobalRaceCell &cell, const Record &self, u64 at,
                 u32 bytes, int kind, IsHarmless isHarmless, const void *access);

  u32 warpsPerBlock;
  bool inStep; // the accesses of one warp are ordered as it makes them
  GlobalOrder order;
};

} // namespace hadal::sim

#endif // HADAL_SIM_CHECK_GLOBALRACES_H
