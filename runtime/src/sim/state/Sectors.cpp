// SPDX-License-Identifier: Apache-2.0
// Counts the sectors of global memory that a launch touches, each once.
#include "sim/state/Sectors.h"

namespace hadal::sim {

namespace {

/// Sets the bits from `first` to `last`; returns how many were not set.
u64 setBits(u64 *bits, u64 first, u64 last) {
  u64 added = 0;
  for (u64 word = first / 64; word <= last / 64; ++word) {
    u64 mask = ~u64(0);
    if (word == first / 64)
      mask &= ~u64(0) << (first % 64);
    if (word == last / 64)
      mask &= ~u64(0) >> (63 - last % 64);
    // Other host threads set bits too; most are set already.
    u64 old = __atomic_load_n(bits + word, __ATOMIC_RELAXED);
    if ((old & mask) == mask)
      continue;
    old = __atomic_fetch_or(bits + word, mask, __ATOMIC_RELAXED);
    added += u64(__builtin_popcountll(mask & ~old));
  }
  return added;
}

} // namespace

void noteSectors(Warp &warp, const u64 *address, u32 mask, u64 bytes, Buffer *buffer,
                 bool contiguous, bool writes) {
  Counters &counters = warp.worker->counters;
  u64 &count = writes ? counters.distinctWrites : counters.distinctReads;
  Buffer *known = nullptr;
  u64 *bits = nullptr, seen = ~u64(0);
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u64 at = address[__builtin_ctz(rest)];
    Buffer *here = buffer ? buffer : warp.launch->memory->find(at);
    if (here != known) {
      known = here;
      bits = here->sectors + (writes ? here->sectorWords() : 0);
      if (!here->hasSectors.load(std::memory_order_relaxed))
        here->hasSectors.store(true, std::memory_order_relaxed);
    }
    u64 length = contiguous ? bytes * kLanes : bytes;
    u64 first = (at - here->base) / kSectorBytes;
    u64 last = (at - here->base + length - 1) / kSectorBytes;
    // Lanes beside each other share sectors.
    if (first != seen || last != seen)
      count += setBits(bits, first, last);
    seen = last;
    if (contiguous)
      return;
  }
}

} // namespace hadal::sim
