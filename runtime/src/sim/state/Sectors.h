// SPDX-License-Identifier: Apache-2.0
// Counts the sectors of global memory that a launch touches, each once.
#ifndef HADAL_SIM_STATE_SECTORS_H
#define HADAL_SIM_STATE_SECTORS_H

#include "sim/state/Launch.h"

namespace hadal::sim {

/// Notes the sectors of `bytes` at each of the addresses. `buffer`: where all of
/// them lie, or null; contiguous: each begins where the one before ends.
void noteSectors(Warp &warp, const u64 *address, u32 mask, u64 bytes, Buffer *buffer,
                 bool contiguous, bool writes);

} // namespace hadal::sim

#endif // HADAL_SIM_STATE_SECTORS_H
