// SPDX-License-Identifier: Apache-2.0
// Values that were never written: which bits of registers hold them, and what they decide.
#ifndef HADAL_SIM_CHECK_UNDEFINED_H
#define HADAL_SIM_CHECK_UNDEFINED_H

#include "sim/state/Launch.h"

namespace hadal::sim {

/// The undefined bits of an operand's lanes, allocated on first use.
u8 *shadowOf(Warp &warp, u32 operand);
/// Carries undefined bits through a register-to-register instruction, before
/// it runs. `lanes`: those of which a source is flagged.
void propagate(Warp &warp, const Inst &inst, u32 mask, u32 lanes);
/// Reads and writes the undefined bits of one lane.
u64 undefinedBits(Warp &warp, u32 operand, u32 bytes, u32 lane);
void setUndefinedBits(Warp &warp, u32 operand, u32 bytes, u32 lane, u64 bits);
/// Names the undefined value of a lane, given a name now if it has none; what is
/// added to it may be taken out again. setOrigin: after setUndefinedBits, with a
/// name that originOf gave.
u32 originOf(Warp &warp, u32 operand, u32 lane);
void setOrigin(Warp &warp, u32 operand, u32 lane, u32 origin);
/// Clears the flags of the lanes of a destination.
inline void defineLanes(Warp &warp, u32 operand, u32 bytes, u32 mask) {
  u32 slot = slotOf(operand);
  for (u32 i = 0; i == 0 || i < bytes / 4; ++i)
    warp.undefined[slot + i] &= ~mask;
}
/// The lanes of a result of and (0), or (1), xor (2) of predicates that undefined
/// ones decide; a and b: values, ua and ub: undefined lanes.
u32 undefinedLogic(int op, u32 a, u32 b, u32 ua, u32 ub);
/// The lanes, of `lanes`, whose comparison of integers undefined bits decide.
/// order: 0 a == b, 1 a < b, 2 a <= b, or their opposites.
u32 undefinedComparison(Warp &warp, const Inst &inst, u32 lanes, int order, bool isSigned);
/// Ends the launch because of the undefined lanes; returns false.
bool reportUndefined(Warp &warp, const Inst &inst, u32 lanes, const char *what);

} // namespace hadal::sim

#endif // HADAL_SIM_CHECK_UNDEFINED_H
