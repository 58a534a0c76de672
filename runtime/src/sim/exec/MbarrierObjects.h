// SPDX-License-Identifier: Apache-2.0
// What instructions do to mbarrier objects, for those that arrive and for copies that do.
#ifndef HADAL_SIM_EXEC_MBARRIEROBJECTS_H
#define HADAL_SIM_EXEC_MBARRIEROBJECTS_H

#include "sim/exec/MemoryAccess.h"

namespace hadal::HADAL_SIM_LEVEL {

enum ArrivalFlags : u32 {
  kDrops = 1,      // the phases to come expect that much less
  kNoComplete = 2, // must not be the last arrival of the phase
};

/// The objects that an instruction's lanes name (a, imm; aux & 255: space), in
/// shared memory, checked and counted.
bool mbarrierAddresses(Warp &w, const Inst &in, u32 mask, Access &access);
/// The lanes arrive one after the other, each `counts[lane]` times or once where
/// that is null. `states`: what each found, or null. False after a report.
bool arriveOn(Warp &w, const Inst &in, u32 mask, const u32 *objects, const u32 *counts, u32 flags,
              u64 *states);
/// The phase expects an arrival more for each lane.
bool expectMore(Warp &w, const Inst &in, u32 mask, const u32 *objects);
/// Lets copies of the block land whose arrivals the objects wait for.
bool landCopiesFor(Block &block, const Inst &in, const u32 *objects, u32 mask);

} // namespace hadal::HADAL_SIM_LEVEL

#endif // HADAL_SIM_EXEC_MBARRIEROBJECTS_H
