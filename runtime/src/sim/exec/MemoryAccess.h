// SPDX-License-Identifier: Apache-2.0
// From the addresses of a warp's lanes to checked and counted host memory.
#ifndef HADAL_SIM_EXEC_MEMORYACCESS_H
#define HADAL_SIM_EXEC_MEMORYACCESS_H

#include "sim/check/SharedRaces.h"
#include "sim/exec/ExecSupport.h"

namespace hadal::HADAL_SIM_LEVEL {

enum class AccessKind : u8 { Read, Write, Atomic };

/// The lanes of one memory instruction that go to one state space.
struct Access {
  Space space = Space::Global;
  AccessKind kind = AccessKind::Read;
  u32 mask = 0;
  u32 bytes = 0;             // of a lane
  /// In the space; generic for global. resolve() gives lanes outside of the mask
  /// one of the others. Vectors that straddle lines of the cache cost half the
  /// speed, and where the stack lies is chance.
  alignas(64) u64 address[kLanes];
  bool contiguous = false;   // all lanes, consecutive: at(0) starts them
  bool mayBeUndefined = false; // the shadow has to be consulted
  Buffer *buffer = nullptr;  // global: where all lanes lie, if in one buffer
  // Lanes in one piece of host memory lie at their addresses and an offset;
  // others each have pointers. Shadow bytes may be missing.
  bool together = false, shadowed = false;
  u64 hostOffset = 0, shadowOffset = 0;
  u8 *host[kLanes];
  u8 *undefined[kLanes];

  /// The bytes of a lane of the mask, and its shadow bytes or null.
  u8 *at(u32 lane) const {
    return together ? reinterpret_cast<u8 *>(address[lane] + hostOffset) : host[lane];
  }
  u8 *shadowAt(u32 lane) const {
    if (!together)
      return undefined[lane];
    return shadowed ? reinterpret_cast<u8 *>(address[lane] + shadowOffset) : nullptr;
  }
  /// `base` is the address of the first byte of both.
  void setTogether(u8 *memory, u8 *shadow, u64 base) {
    together = true;
    shadowed = shadow != nullptr;
    hostOffset = reinterpret_cast<u64>(memory) - base;
    shadowOffset = reinterpret_cast<u64>(shadow) - base;
  }
};

/// Keeps what an access of a loop that only polls adds to the counters, so that
/// the branch back can take it out again.
class SpinCount {
public:
  SpinCount(Warp &w, const Inst &in)
      : count(w.worker->counters.memory[pcOf(w, in)]), before(count), kept(w.spun[in.spin - 1]) {}
  ~SpinCount() {
    kept += count;
    kept -= before;
  }

private:
  const MemoryCount &count;
  const MemoryCount before;
  MemoryCount &kept;
};

/// Computes the addresses and hands each space to `run` in turn; `run` returns
/// false to stop. Reports addresses that depend on undefined values.
template <typename Run>
bool forEachSpace(Warp &w, const Inst &in, u32 mask, Space space, u32 bytes, AccessKind kind,
                  Run run);

/// Fills the addresses from a base register of `width` bytes and an offset.
bool computeAddresses(Warp &w, const Inst &in, u32 base, u32 width, u64 offset, u32 mask,
                      Access &access);
/// The lanes of `mask` in the same space as its first lane; addresses are made
/// relative to that space.
u32 splitGeneric(Access &access, u32 mask);
/// Checks bounds, alignment, races; finds host memory; counts.
bool resolve(Warp &w, const Inst &in, Access &access);
/// As resolve, but for objects in shared memory (by generic addresses too) of
/// access.bytes, which is also their alignment: bounds alone. `what` is done.
bool resolveObjects(Warp &w, const Inst &in, Access &access, const char *what);
/// False after a report about an access of a lane to shared memory.
bool reportShared(Warp &w, const Inst &in, const Access &access, u32 lane, const RaceHit &hit);
/// Marks the bytes of the lanes as defined, or as given by the source flags.
void storeShadow(Warp &w, Access &access, u32 lane, const u8 *bits);
/// Reports an access outside of everything, with the nearest buffer.
bool reportBounds(Warp &w, const Inst &in, u32 lane, Space space, u64 address, u32 bytes,
                  AccessKind kind);
void countShared(Warp &w, const Inst &in, const u64 *address, u32 mask, u32 bytes);

template <typename Run>
bool forEachSpace(Warp &w, const Inst &in, u32 mask, Space space, u32 bytes, AccessKind kind,
                  Run run) {
  Access access;
  access.space = space;
  access.kind = kind;
  access.bytes = bytes;
  access.mask = mask;
  if (!computeAddresses(w, in, in.a, in.aw, in.imm, mask, access))
    return false;
  if (space != Space::Generic)
    return resolve(w, in, access) && run(access);
  for (u32 rest = mask; rest;) {
    access.mask = splitGeneric(access, rest);
    rest &= ~access.mask;
    u64 others[kLanes];
    if (rest)
      memcpy(others, access.address, sizeof(others));
    if (!resolve(w, in, access) || !run(access))
      return false;
    if (rest)
      memcpy(access.address, others, sizeof(others));
  }
  return true;
}

} // namespace hadal::HADAL_SIM_LEVEL

#endif // HADAL_SIM_EXEC_MEMORYACCESS_H
