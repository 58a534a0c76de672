// SPDX-License-Identifier: Apache-2.0
// From the addresses of a warp's lanes to checked and counted host memory.
#include "sim/exec/MemoryAccess.h"

#include "sim/check/GlobalRaces.h"
#include "sim/exec/LaneMath.h"
#include "sim/exec/RaceLanes.h"
#include "sim/state/Sectors.h"

#include <algorithm>

namespace hadal::HADAL_SIM_LEVEL {

bool computeAddresses(Warp &w, const Inst &in, u32 base, u32 width, u64 offset, u32 mask,
                      Access &access) {
  if (in.flags & kFrameRelative)
    offset += w.frame->localBase;
  if (w.tracking && (*w.flags(base) & mask))
    for (u32 rest = *w.flags(base) & mask; rest; rest &= rest - 1)
      if (undefinedBits(w, base, width, firstLane(rest)))
        return reportUndefined(w, in, rest & (0 - rest),
                               "the address depends on an undefined value");
  if (width == 4) {
    const u32 *a = w.at<u32>(base);
    u32 low = u32(offset);
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      access.address[i] = u32(a[i] + low);
  } else {
    const u64 *a = w.at<u64>(base);
    if (base == kNoOperand)
      for (u32 i = 0; i < kLanes; ++i)
        access.address[i] = offset;
    else
      HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      access.address[i] = a[i] + offset;
  }
  return true;
}

namespace {

Space spaceAt(u64 address, u64 &window) {
  if (address - kSharedWindow < kWindowBytes) {
    window = kSharedWindow;
    return Space::Shared;
  }
  if (address - kLocalWindow < kWindowBytes) {
    window = kLocalWindow;
    return Space::Local;
  }
  window = 0;
  if (address - kParamWindow < kWindowBytes)
    return Space::Param;
  return Space::Global;
}

const char *verb(AccessKind kind) {
  return kind == AccessKind::Read ? "read" : kind == AccessKind::Write ? "write" : "atomic";
}

/// Different 32-byte sectors, wherever the lanes lie.
u32 distinctSectors(const u64 *address, u32 mask) {
  u64 seen[kLanes];
  u32 count = 0;
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u64 sector = address[firstLane(rest)] >> 5;
    u32 i = 0;
    while (i < count && seen[i] != sector)
      ++i;
    if (i == count)
      seen[count++] = sector;
  }
  return count;
}

bool misaligned(Warp &w, const Inst &in, const Access &access) {
  for (u32 rest = access.mask; rest; rest &= rest - 1) {
    u32 lane = firstLane(rest);
    if (access.address[lane] & (access.bytes - 1))
      return report(w, in, "bounds", lane,
                    format("misaligned %s of %u bytes at %s address 0x%llx", verb(access.kind),
                           access.bytes, spaceName(access.space),
                           (unsigned long long)access.address[lane]));
  }
  return true;
}

/// What an st writes for a lane; see ExecMemory.cpp for Inst::aux.
void storedBytes(const Warp &w, const Inst &in, u32 lane, u8 *to) {
  u32 bytes = in.aux & 255, count = in.aux >> 8 & 255, width = in.dw;
  for (u32 e = 0; e < count; ++e) {
    u32 ref = in.count ? w.launch->program->pool[in.list + e] : in.b;
    memcpy(to + e * bytes, w.at<u8>(ref) + lane * width, bytes);
  }
}

/// Stores of what is there already are harmless, and so is agreement with the
/// other lanes of this very instruction. `other`: the lane that wrote before,
/// kLanes for several, ~0 for another warp.
bool isHarmless(Warp &w, const Inst &in, const void *of, u32 lane, u32 other) {
  const Access &access = *static_cast<const Access *>(of);
  if (in.cls != Class::Store && in.cls != Class::StoreShared)
    return false;
  u8 value[32], theirs[32];
  storedBytes(w, in, lane, value);
  if (memcmp(value, access.at(lane), access.bytes) == 0)
    return true;
  if (other == ~0u)
    return false;
  bool shares = false;
  for (u32 rest = access.mask & ~(1u << lane); rest; rest &= rest - 1) {
    u32 i = firstLane(rest);
    if (access.address[i] != access.address[lane])
      continue;
    storedBytes(w, in, i, theirs);
    if (memcmp(theirs, value, access.bytes) != 0)
      return false;
    shares |= other == kLanes || other == i;
  }
  return shares;
}

/// Lanes of several buffers, or outside of all.
bool resolveScattered(Warp &w, const Inst &in, Access &access) {
  u32 bytes = access.bytes;
  Buffer *buffer = nullptr;
  access.together = access.contiguous = false;
  access.mayBeUndefined = w.launch->checks & kCheckInit;
  for (u32 rest = access.mask; rest; rest &= rest - 1) {
    u32 lane = firstLane(rest);
    u64 a = access.address[lane];
    if (!buffer || a - buffer->base >= buffer->bytes)
      buffer = w.launch->memory->find(a);
    if (!buffer || a + bytes > buffer->end() || a + bytes < a || !buffer->host ||
        (buffer->readOnly && access.kind != AccessKind::Read))
      return reportBounds(w, in, lane, Space::Global, a, bytes, access.kind);
    access.host[lane] = buffer->host + (a - buffer->base);
    access.undefined[lane] = buffer->undefined ? buffer->undefined + (a - buffer->base) : nullptr;
  }
  return true;
}

bool resolveGlobal(Warp &w, const Inst &in, Access &access) {
  u32 bytes = access.bytes, pc = pcOf(w, in);
  fillInactive(access.address, access.mask);
  u64 anchor = access.address[0];
  Buffer *&cached = w.worker->lastBuffer[pc];
  Buffer *buffer = cached;
  if (!buffer || anchor - buffer->base >= buffer->bytes) {
    buffer = w.launch->memory->find(anchor);
    cached = buffer;
  }
  Extent extent =
      extentOf(access.address, buffer ? buffer->base : 0, buffer ? buffer->bytes : 0, bytes);
  if (!extent.aligned)
    return misaligned(w, in, access);
  access.buffer = nullptr;
  bool inside = extent.inside && buffer->host;
  if (inside) {
    access.buffer = buffer;
    access.contiguous = extent.contiguous && access.mask == kFullMask;
    access.mayBeUndefined = buffer->undefined && (w.launch->checks & kCheckInit) &&
                            buffer->mayBeUndefined.load(std::memory_order_relaxed);
    if (access.kind != AccessKind::Read && buffer->readOnly)
      return report(w, in, "bounds", firstLane(access.mask),
                    format("%s of %u bytes at 0x%llx in read-only buffer '%s'", verb(access.kind),
                           bytes, (unsigned long long)anchor, buffer->name.c_str()));
    access.setTogether(buffer->host, buffer->undefined, buffer->base);
  } else if (!resolveScattered(w, in, access)) {
    return false;
  }
  MemoryCount &count = w.worker->counters.memory[pc];
  ++count.requests;
  count.bytes += u64(popCount(access.mask)) * bytes;
  if (access.contiguous)
    count.sectors += ((anchor + u64(bytes) * kLanes - 1) >> 5) - (anchor >> 5) + 1;
  else if (inside && buffer->bytes < u64(1) << 36)
    count.sectors += sectorsAbove(access.address, buffer->base);
  else
    count.sectors += distinctSectors(access.address, access.mask);
  if (w.launch->distinctSectors)
    noteSectors(w, access.address, access.mask, bytes, access.buffer, access.contiguous,
                access.kind != AccessKind::Read);
  if (w.launch->globalRaces)
    return w.launch->globalRaces->check(w, in, access.address, access.mask, bytes, int(access.kind),
                                        isHarmless, &access);
  return true;
}

} // namespace

bool reportShared(Warp &w, const Inst &in, const Access &access, u32 lane, const RaceHit &hit) {
  if (!(w.launch->checks & (hit.pending ? kCheckAsync : kCheckRace)))
    return true;
  u32 at = u32(access.address[lane]);
  std::string other = hit.otherThread == ~0u ? format("threads of warp %u", hit.otherWarp)
                                             : format("thread %u", hit.otherThread);
  return report(w, in, hit.pending ? "async" : "race", lane,
                hit.pending ? format("%s of %u bytes at shared address 0x%x before the "
                                     "cp.async of %s that writes it has been waited for",
                                     verb(access.kind), access.bytes, at, other.c_str())
                            : format("%s of %u bytes at shared address 0x%x races with a %s "
                                     "by %s: no barrier between them",
                                     verb(access.kind), access.bytes, at,
                                     hit.otherIsWrite ? "write" : "read", other.c_str()));
}

bool resolveObjects(Warp &w, const Inst &in, Access &access, const char *what) {
  u64 size = w.block->shared.size();
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i) {
    u64 at = access.address[i], below = at - kSharedWindow;
    access.address[i] = below < kWindowBytes ? below : at;
  }
  fillInactive(access.address, access.mask);
  Extent extent = extentOf(access.address, 0, size, access.bytes);
  if (extent.inside && extent.aligned)
    return true;
  for (u32 rest = access.mask; rest; rest &= rest - 1) {
    u32 i = firstLane(rest);
    u64 at = access.address[i];
    if (at & (access.bytes - 1))
      return report(w, in, "bounds", i,
                    format("misaligned %s of %u bytes to shared address "
                           "0x%llx",
                           what, access.bytes, (unsigned long long)at));
    if (at + access.bytes > size || at + access.bytes < at)
      return reportBounds(w, in, i, Space::Shared, at, access.bytes, access.kind);
  }
  return true;
}

namespace {

/// Whether lanes of the mask touch the same place.
bool lanesMeet(const u64 *address, u32 mask) {
  u64 seen = 0;
  bool maybe = false;
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u64 bit = u64(1) << (address[firstLane(rest)] / 4 & 63);
    maybe |= (seen & bit) != 0;
    seen |= bit;
  }
  if (!maybe)
    return false;
  for (u32 rest = mask; rest; rest &= rest - 1)
    for (u32 more = rest & (rest - 1); more; more &= more - 1)
      if (address[firstLane(rest)] == address[firstLane(more)])
        return true;
  return false;
}

/// False after a report about a lane behind `lane` that stores another value to
/// the same place.
bool lanesAgree(Warp &w, const Inst &in, const Access &access, u32 lane) {
  if (in.cls != Class::StoreShared || !(w.launch->checks & kCheckRace))
    return true;
  u8 value[32], theirs[32];
  storedBytes(w, in, lane, value);
  for (u32 rest = access.mask & ~((2u << lane) - 1); rest; rest &= rest - 1) {
    u32 i = firstLane(rest);
    if (access.address[i] != access.address[lane])
      continue;
    storedBytes(w, in, i, theirs);
    RaceHit hit;
    hit.otherIsWrite = true;
    hit.otherThread = w.index * kLanes + lane;
    if (memcmp(value, theirs, access.bytes) != 0)
      return reportShared(w, in, access, i, hit);
  }
  return true;
}

bool resolveShared(Warp &w, const Inst &in, Access &access) {
  Block &block = *w.block;
  u64 size = block.shared.size();
  fillInactive(access.address, access.mask);
  Extent extent = extentOf(access.address, 0, size, access.bytes);
  if (!extent.aligned)
    return misaligned(w, in, access);
  if (!extent.inside)
    for (u32 rest = access.mask; rest; rest &= rest - 1) {
      u32 lane = firstLane(rest);
      u64 a = access.address[lane];
      if (a + access.bytes > size || a + access.bytes < a)
        return reportBounds(w, in, lane, Space::Shared, a, access.bytes, access.kind);
    }
  access.mayBeUndefined = w.launch->checks & kCheckInit;
  access.contiguous = extent.contiguous && access.mask == kFullMask;
  access.setTogether(block.shared.data(), block.sharedUndefined.data(), 0);
  countShared(w, in, access.address, access.mask, access.bytes);
  // Atomics and volatile or ordered accesses synchronise.
  bool strong = access.kind == AccessKind::Atomic || (in.flags & kVolatile);
  if (strong && w.launch->globalRaces)
    w.launch->globalRaces->sharedAccess(w, in, access.address, access.mask, int(access.kind));
  if (!block.races)
    return true;
  if (strong && access.kind != AccessKind::Write)
    for (u32 rest = access.mask; rest; rest &= rest - 1)
      block.races->acquire(w.index, u32(access.address[firstLane(rest)]));
  bool reads = access.kind == AccessKind::Read;
  // The first of several lanes that store to one place hides earlier reads of it
  // from the others.
  if (access.kind == AccessKind::Write && !strong && !access.contiguous &&
      lanesMeet(access.address, access.mask))
    for (u32 rest = access.mask; rest; rest &= rest - 1) {
      u32 lane = firstLane(rest);
      RaceHit hit =
          block.races->readBefore(w.index * kLanes + lane, u32(access.address[lane]), access.bytes);
      if (hit.found && !reportShared(w, in, access, lane, hit))
        return false;
      // That a warp is in step orders no lanes of one instruction.
      if (!(w.launch->checks & kCheckWarpRace) && !lanesAgree(w, in, access, lane))
        return false;
    }
  SharedRaces::View view = block.races->view(w.index);
  u32 left = access.mask;
  if (access.contiguous && !strong)
    left = raceContiguous(view, !reads, u32(access.address[0]), access.bytes);
  auto next = [&](u32 lanes) {
    return strong ? lanes : raceLanes(view, !reads, access.address, lanes, access.bytes);
  };
  for (u32 rest = next(left); rest; rest = next(rest & (rest - 1))) {
    u32 lane = firstLane(rest);
    u32 thread = w.index * kLanes + lane, at = u32(access.address[lane]);
    RaceHit hit = strong  ? block.races->strong(thread, at, access.bytes, !reads)
                  : reads ? block.races->read(thread, at, access.bytes)
                          : block.races->write(thread, at, access.bytes);
    if (!hit.found)
      continue;
    if (access.kind == AccessKind::Write && hit.otherIsWrite && !hit.pending &&
        isHarmless(w, in, &access, lane,
                   hit.otherWarp != w.index ? ~0u
                   : hit.otherThread == ~0u ? kLanes
                                            : hit.otherThread % kLanes))
      continue;
    if (!reportShared(w, in, access, lane, hit))
      return false;
  }
  if (strong)
    block.races->release(w.index, access.address, access.mask, access.kind != AccessKind::Read);
  return true;
}

bool resolveLocal(Warp &w, const Inst &in, Access &access) {
  u64 top = w.frame->localBase + w.frame->function->localBytes;
  access.together = access.contiguous = false;
  access.mayBeUndefined = w.launch->checks & kCheckInit;
  for (u32 rest = access.mask; rest; rest &= rest - 1) {
    u32 lane = firstLane(rest);
    u64 a = access.address[lane] - kLocalOrigin;
    if (access.address[lane] < kLocalOrigin || a + access.bytes > top)
      return reportBounds(w, in, lane, Space::Local, access.address[lane], access.bytes,
                          access.kind);
    if (a & (access.bytes - 1))
      return misaligned(w, in, access);
    access.host[lane] = w.local + lane * w.localStride + a;
    access.undefined[lane] = w.localUndefined + lane * w.localStride + a;
  }
  // Local memory is laid out so that the lanes' words lie side by side.
  MemoryCount &count = w.worker->counters.memory[pcOf(w, in)];
  ++count.requests;
  u32 lanes = popCount(access.mask);
  count.bytes += u64(lanes) * access.bytes;
  count.sectors += (u64(lanes) * access.bytes + 31) / 32;
  return true;
}

bool resolveParam(Warp &w, const Inst &in, Access &access) {
  std::vector<u8> &parameters = w.launch->parameters;
  access.together = access.contiguous = false;
  access.mayBeUndefined = false;
  for (u32 rest = access.mask; rest; rest &= rest - 1) {
    u32 lane = firstLane(rest);
    u64 a = access.address[lane];
    if (a - kParamWindow < kWindowBytes)
      a -= kParamWindow;
    if (a + access.bytes > parameters.size() || a + access.bytes < a ||
        access.kind != AccessKind::Read)
      return reportBounds(w, in, lane, Space::Param, a, access.bytes, access.kind);
    if (a & (access.bytes - 1))
      return misaligned(w, in, access);
    access.host[lane] = parameters.data() + a;
    access.undefined[lane] = nullptr;
  }
  return true;
}

} // namespace

u32 splitGeneric(Access &access, u32 mask) {
  if (mask == kFullMask && allGlobal(access.address)) {
    access.space = Space::Global;
    return mask;
  }
  u64 window = 0;
  access.space = spaceAt(access.address[firstLane(mask)], window);
  u32 same = 0;
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u32 lane = firstLane(rest);
    u64 other = 0;
    if (spaceAt(access.address[lane], other) == access.space) {
      same |= 1u << lane;
      access.address[lane] -= window;
    }
  }
  return same;
}

namespace {
bool resolveIn(Warp &w, const Inst &in, Access &access) {
  switch (access.space) {
  case Space::Shared: return resolveShared(w, in, access);
  case Space::Local: return resolveLocal(w, in, access);
  case Space::Param:
    // The parameters of calls lie in the frame, those of the kernel do not.
    return access.address[firstLane(access.mask)] < kParamWindow ? resolveLocal(w, in, access)
                                                                 : resolveParam(w, in, access);
  default: return resolveGlobal(w, in, access);
  }
}
} // namespace

bool resolve(Warp &w, const Inst &in, Access &access) {
  if (in.flags & kVolatile)
    w.polls = true;
  if (access.kind == AccessKind::Write)
    w.progress = true;
  if (!in.spin)
    return resolveIn(w, in, access);
  SpinCount counting(w, in);
  return resolveIn(w, in, access);
}

void storeShadow(Warp &w, Access &access, u32 lane, const u8 *bits) {
  u8 *to = access.shadowAt(lane);
  if (!to)
    return;
  memcpy(to, bits, access.bytes);
  if (access.space == Space::Global) {
    Buffer *buffer = access.buffer ? access.buffer : w.launch->memory->find(access.address[lane]);
    if (buffer)
      buffer->mayBeUndefined.store(true, std::memory_order_relaxed);
  }
}

bool reportBounds(Warp &w, const Inst &in, u32 lane, Space space, u64 address, u32 bytes,
                  AccessKind kind) {
  std::string text = format("%s of %u bytes at %s address 0x%llx ", verb(kind), bytes,
                            spaceName(space), (unsigned long long)address);
  if (space == Space::Shared)
    text += format("outside the block's %zu bytes of shared memory", w.block->shared.size());
  else if (space == Space::Local)
    text += format("outside the thread's %llu bytes of local memory",
                   (unsigned long long)(w.frame->localBase + w.frame->function->localBytes));
  else if (space == Space::Param)
    text += kind == AccessKind::Read
                ? format("outside the %zu bytes of parameters", w.launch->parameters.size())
                : std::string("in the read-only parameters");
  else {
    Buffer *inside = w.launch->memory->find(address);
    Buffer *buffer = inside ? inside : w.launch->memory->nearest(address);
    if (!buffer) {
      text += "outside of every buffer";
    } else {
      std::string extent =
          format("'%s' (0x%llx, %llu bytes)", buffer->name.c_str(),
                 (unsigned long long)buffer->base, (unsigned long long)buffer->bytes);
      if (inside && buffer->freed)
        text += format("in freed buffer %s, use after free", extent.c_str());
      else if (inside && buffer->readOnly)
        text += format("in read-only buffer %s", extent.c_str());
      else if (inside)
        text += format("crosses the end of buffer %s", extent.c_str());
      else if (address < buffer->base)
        text += format("%llu bytes before buffer %s", (unsigned long long)(buffer->base - address),
                       extent.c_str());
      else
        text += format("%llu bytes past the end of buffer %s",
                       (unsigned long long)(address - buffer->end()), extent.c_str());
    }
  }
  return report(w, in, "bounds", lane, text);
}

namespace {
/// The largest number of different units of one set of banks.
u32 mostConflicting(const u64 *address, u32 lanes, u32 unitShift) {
  u32 group = 128u >> unitShift;
  u32 units[32][32];
  u8 used[32] = {};
  u32 most = 1;
  for (u32 rest = lanes; rest; rest &= rest - 1) {
    u32 unit = u32(address[firstLane(rest)] >> unitShift);
    u32 slot = unit & (group - 1), n = used[slot], at = 0;
    while (at < n && units[slot][at] != unit)
      ++at;
    if (at < n)
      continue;
    units[slot][n] = unit;
    used[slot] = u8(n + 1);
    most = n + 1 > most ? n + 1 : most;
  }
  return most;
}

/// A bit for each set of banks that a lane of each group wants.
template <u32 kUnitShift> u32 slotsOf(const u64 *address, u32 mask) {
  constexpr u32 group = 128u >> kUnitShift;
  u32 bits[kLanes], slots = 0;
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i)
    bits[i] = 1u << ((u32(address[i]) >> kUnitShift & (group - 1)) | (i & ~(group - 1)));
  if (mask != kFullMask) {
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      bits[i] &= 0 - (mask >> i & 1);
  }
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i)
    slots |= bits[i];
  return slots;
}
} // namespace

void countShared(Warp &w, const Inst &in, const u64 *address, u32 mask, u32 bytes) {
  MemoryCount &count = w.worker->counters.memory[pcOf(w, in)];
  ++count.requests;
  count.bytes += u64(popCount(mask)) * bytes;
  // Wide accesses are served a half or a quarter of the warp at a time. As they
  // are aligned, units of their size move as one: a group is as slow as the most
  // different units that want the same banks.
  u32 unitShift = bytes <= 4 ? 2 : bytes == 8 ? 3 : 4;
  u32 group = 128u >> unitShift;
  u32 slots = unitShift == 2   ? slotsOf<2>(address, mask)
              : unitShift == 3 ? slotsOf<3>(address, mask)
                               : slotsOf<4>(address, mask);
  // Every lane may have banks of its own.
  if (popCount(slots) == popCount(mask)) {
    u32 parts = 0;
    for (u32 first = 0; first < kLanes; first += group)
      parts += (mask >> first << (kLanes - group)) != 0;
    count.idealWavefronts += parts;
    count.wavefronts += parts;
    return;
  }
  for (u32 first = 0; first < kLanes; first += group) {
    u32 lanes = mask >> first & (group == 32 ? ~0u : (1u << group) - 1);
    if (!lanes)
      continue;
    ++count.idealWavefronts;
    count.wavefronts += mostConflicting(address + first, lanes, unitShift);
  }
}

} // namespace hadal::HADAL_SIM_LEVEL
