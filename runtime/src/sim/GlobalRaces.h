// SPDX-License-Identifier: Apache-2.0
// Detects races on global memory between threads, on request.
#ifndef HADAL_SIM_GLOBALRACES_H
#define HADAL_SIM_GLOBALRACES_H

#include "Machine.h"

namespace hadal::sim {

class GlobalRaces {
public:
  explicit GlobalRaces(const Launch &launch);
  /// Kinds: 0 read, 1 write, 2 atomic. Reports and returns false on a race.
  bool check(Warp &warp, const Inst &inst, const u64 *address, u32 mask,
             u32 bytes, int kind);
  /// A fence by the lanes; scope 0 is the block, 1 the grid.
  void fence(Warp &warp, u32 mask, u32 scope);
};

} // namespace hadal::sim

#endif // HADAL_SIM_GLOBALRACES_H
