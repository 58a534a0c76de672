// SPDX-License-Identifier: Apache-2.0
// What the addresses of a warp's 32 lanes have in common, by vector code.
#ifndef HADAL_SIM_EXEC_LANEMATH_H
#define HADAL_SIM_EXEC_LANEMATH_H

#include "sim/exec/ExecSupport.h"

namespace hadal::HADAL_SIM_LEVEL {

/// Gives lanes outside of the mask the address of its first lane, so that what
/// follows need not look at the mask.
inline void fillInactive(u64 *address, u32 mask) {
  if (HADAL_ALL_LANES(mask))
    return;
  u64 anchor = address[firstLane(mask)];
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i) {
    u64 own = address[i];
    address[i] = (mask >> i & 1) ? own : anchor;
  }
}

struct Extent {
  bool inside;     // every access lies in [base, base + size)
  bool aligned;    // to its size
  bool contiguous; // lane i is `bytes` behind lane i - 1
};

inline Extent extentOf(const u64 *address, u64 base, u64 size, u32 bytes) {
  u64 anchor = address[0], last = size - bytes;
  u64 outside = size < bytes ? ~u64(0) : 0, odd = 0, differs = 0;
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i) {
    // Both are below 2^63 if and only if 0 <= offset <= last.
    u64 offset = address[i] - base;
    outside |= offset | (last - offset);
    odd |= address[i];
    differs |= address[i] ^ (anchor + u64(i) * bytes);
  }
  return {(outside >> 63) == 0, (odd & (bytes - 1)) == 0, differs == 0};
}

/// Whether all lanes are above the windows of the generic address space.
inline bool allGlobal(const u64 *address) {
  u64 below = 0;
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i)
    below |= address[i] - kGlobalBase;
  return (below >> 63) == 0;
}

/// Different 32-byte sectors of accesses that do not cross one; all lanes lie
/// less than 128 GiB above `base`, which is a multiple of 32.
inline u32 sectorsAbove(const u64 *address, u64 base) {
  alignas(64) u32 sector[2 * kLanes];
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i) {
    sector[i] = ~0u; // equal to none
    sector[kLanes + i] = u32((address[i] - base) >> 5);
  }
  const u32 *own = sector + kLanes;
  // Lanes often go upwards: then equal sectors are neighbours.
  u32 down = 0, steps = 0;
  HADAL_LANES
  for (u32 i = 1; i < kLanes; ++i) {
    down |= own[i] < own[i - 1];
    steps += own[i] != own[i - 1];
  }
  if (!down)
    return steps + 1;
  u32 repeats[kLanes] = {};
  for (u32 back = 1; back < kLanes; ++back) {
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      repeats[i] |= own[i] == sector[kLanes + i - back];
  }
  u32 count = kLanes;
  for (u32 i = 0; i < kLanes; ++i)
    count -= repeats[i];
  return count;
}

inline bool allZero(const u8 *bytes, u64 n) {
  u64 any = 0;
  while (n >= 32) {
    u64 v[4];
    memcpy(v, bytes, 32);
    any |= v[0] | v[1] | v[2] | v[3];
    bytes += 32;
    n -= 32;
  }
  while (n--)
    any |= *bytes++;
  return any == 0;
}

} // namespace hadal::HADAL_SIM_LEVEL

#endif // HADAL_SIM_EXEC_LANEMATH_H
