// SPDX-License-Identifier: Apache-2.0
// Detects races on global memory, on request.
#include "sim/check/GlobalRaces.h"

#include <algorithm>

namespace hadal::sim {

namespace {

bool ordersAccess(const Inst &inst) {
  return inst.cls == Class::Load || inst.cls == Class::Store || inst.cls == Class::LoadShared ||
         inst.cls == Class::StoreShared || inst.cls == Class::Atomic || inst.cls == Class::Mbarrier;
}
Order orderOf(const Inst &inst) { return ordersAccess(inst) ? Order(inst.bw) : Order::Weak; }
/// Inst::cw: 0 where no scope is given, else the scope, 1 being the block.
bool inWholeGrid(const Inst &inst) { return inst.cw != 1; }

} // namespace

GlobalRaces::GlobalRaces(const Launch &launch)
    : warpsPerBlock((launch.block[0] * launch.block[1] * launch.block[2] + kLanes - 1) / kLanes),
      inStep(!(launch.checks & kCheckWarpRace)), order(warpsPerBlock) {}

// clock 23 bits | warp 27 | lane 5 | bytes 4 | many 1 | mixed 1 | strength 3;
// no access has no bytes.
u64 GlobalRaces::encode(const Record &r) {
  return u64(r.clock) << 41 | u64(r.warp) << 14 | u64(r.lane) << 9 | u64(r.bytes) << 5 |
         u64(r.many) << 4 | u64(r.mixed) << 3 | u64(r.strength);
}
GlobalRaces::Record GlobalRaces::decode(u64 record) {
  return {u32(record >> 41),     u32(record >> 14) & u32(kMaximumWarps - 1),
          u32(record >> 9) & 31, u32(record >> 5) & 15,
          bool(record >> 4 & 1), bool(record >> 3 & 1),
          Strength(record & 7)};
}

bool GlobalRaces::ordered(const Record &other, const Record &self) const {
  if (other.warp != self.warp)
    return order.hasSeen(self.warp, other.warp, other.clock);
  // Which lane touched which byte is not kept where they share a word.
  return inStep || other.mixed || (!other.many && other.lane == self.lane) ||
         order.lanesHaveSeen(self.warp, other.clock);
}

bool GlobalRaces::clashes(u64 record, const Record &self) const {
  if (!record)
    return false;
  Record other = decode(record);
  if (!(other.bytes & self.bytes))
    return false;
  // Strong accesses do not race where the scope of each holds the other.
  bool sameBlock = other.warp / warpsPerBlock == self.warp / warpsPerBlock;
  Strength least = sameBlock ? StrongInBlock : StrongInGrid;
  if (other.strength >= least && self.strength >= least)
    return false;
  // What an atomic confirms may have been read at any time.
  if (std::min(other.strength, self.strength) == ReadForCas &&
      std::max(other.strength, self.strength) == Atomic)
    return false;
  return !ordered(other, self);
}

/// Records a read; two readers are enough to find that a later write was not
/// ordered after all of them.
void GlobalRaces::noteRead(GlobalRaceCell &cell, const Record &self) const {
  for (u64 *slot : {&cell.read, &cell.otherRead}) {
    Record other = decode(*slot);
    if (!other.bytes || (other.warp != self.warp && ordered(other, self))) {
      *slot = encode(self);
      return;
    }
    if (other.warp != self.warp)
      continue;
    Record merged = self;
    if (!order.lanesHaveSeen(self.warp, other.clock)) {
      merged.many = other.many || other.lane != self.lane;
      merged.mixed = other.mixed || (merged.many && other.bytes != self.bytes);
      merged.bytes |= other.bytes;
      merged.strength = std::min(other.strength, self.strength);
    } else if (other.bytes & ~self.bytes) {
      merged.bytes |= other.bytes;
      merged.mixed = true;
      merged.strength = std::min(other.strength, self.strength);
    }
    *slot = encode(merged);
    return;
  }
}

void GlobalRaces::noteWrite(GlobalRaceCell &cell, const Record &self) const {
  Record merged = self;
  Record other = decode(cell.write);
  if (other.bytes && other.warp == self.warp && !order.lanesHaveSeen(self.warp, other.clock)) {
    if (other.bytes & ~self.bytes) { // the rest of the word, as of now
      merged.bytes |= other.bytes;
      merged.mixed = other.mixed || other.lane != self.lane;
      merged.strength = std::min(other.strength, self.strength);
    } else if (self.strength > ReadForCas) {
      merged.many = other.many || other.lane != self.lane;
    }
  }
  cell.write = encode(merged);
  cell.read = cell.otherRead = 0;
}

bool GlobalRaces::report(Warp &warp, const Inst &inst, u32 lane, u64 address, u32 bytes, int kind,
                         u64 record, bool otherWrites) const {
  constexpr const char *verbs[] = {"read", "write", "atomic"};
  Record other = decode(record);
  Buffer *buffer = warp.launch->memory->find(address);
  std::string by = other.many || other.mixed
                       ? format("warp %u", other.warp % warpsPerBlock)
                       : format("thread %u", other.warp % warpsPerBlock * kLanes + other.lane);
  return sim::report(
      warp, inst, "global-race", lane,
      format("%s of %u bytes at global address 0x%llx in buffer '%s' is not "
             "ordered after a %s%s by %s of block %u",
             verbs[kind], bytes, (unsigned long long)address, buffer ? buffer->name.c_str() : "?",
             other.strength <= ReadForCas ? "" : "strong ", otherWrites ? "write" : "read",
             by.c_str(), other.warp / warpsPerBlock));
}

bool GlobalRaces::check(Warp &warp, const Inst &inst, const u64 *address, u32 mask, u32 bytes,
                        int kind, IsHarmless isHarmless, const void *access) {
  Order how = orderOf(inst);
  bool strong = kind == 2 || how != Order::Weak, wholeGrid = inWholeGrid(inst);
  Record self{};
  self.warp = indexOf(warp);
  self.strength = !strong      ? (inst.flags & kReadForCas ? ReadForCas : Weak)
                  : !wholeGrid ? StrongInBlock
                  : kind == 2  ? Atomic
                               : StrongInGrid;
  // An acquiring access is ordered by what it reads; a releasing one shows what
  // came before it, and itself.
  self.clock = order.clock(self.warp);
  if (self.clock >= kMaximumClock)
    return stopWith(warp, inst,
                    format("a warp synchronises more than %u times, the limit "
                           "of the check of global races",
                           kMaximumClock));
  for (u32 rest = mask; rest; rest &= rest - 1) {
    self.lane = u32(__builtin_ctz(rest));
    u64 at = address[self.lane];
    if (strong)
      order.access(self.warp, at, kind != 1, kind != 0, how, wholeGrid);
    Buffer *buffer = warp.launch->memory->find(at);
    if (!buffer || !buffer->race)
      continue; // nobody writes there
    u64 offset = at - buffer->base;
    for (u64 byte = offset; byte < offset + bytes;) {
      u64 word = byte / 4;
      u32 first = u32(byte % 4);
      u32 last = u32(std::min<u64>(4, offset + bytes - word * 4));
      self.bytes = ((1u << last) - 1) & ~((1u << first) - 1);
      byte = (word + 1) * 4;
      if (!checkWord(warp, inst, buffer->race[word], self, at, bytes, kind, isHarmless, access))
        return false;
    }
  }
  if (strong) // the lanes of a warp have one clock: this orders them too
    order.warpSync(self.warp);
  return true;
}

bool GlobalRaces::checkWord(Warp &warp, const Inst &inst, GlobalRaceCell &cell, const Record &self,
                            u64 at, u32 bytes, int kind, IsHarmless isHarmless,
                            const void *access) {
  if (clashes(cell.write, self)) {
    Record other = decode(cell.write);
    u32 lane = other.warp != self.warp ? ~0u : other.many ? kLanes : other.lane;
    if (kind == 1 && isHarmless(warp, inst, access, self.lane, lane))
      return true; // the first writer stands
    return report(warp, inst, self.lane, at, bytes, kind, cell.write, true);
  }
  if (kind == 0) {
    noteRead(cell, self);
    return true;
  }
  for (u64 reader : {cell.read, cell.otherRead})
    if (clashes(reader, self))
      return report(warp, inst, self.lane, at, bytes, kind, reader, false);
  noteWrite(cell, self);
  return true;
}

void GlobalRaces::sharedAccess(Warp &warp, const Inst &inst, const u64 *address, u32 mask,
                               int kind) {
  u64 space = u64(1) << 63 | warp.block->linear << 20;
  for (u32 rest = mask; rest; rest &= rest - 1)
    order.access(indexOf(warp), space | address[__builtin_ctz(rest)], kind != 1, kind != 0,
                 orderOf(inst), false);
  order.warpSync(indexOf(warp));
}

void GlobalRaces::fence(Warp &warp, bool wholeGrid) { order.fence(indexOf(warp), wholeGrid); }

} // namespace hadal::sim
