// SPDX-License-Identifier: Apache-2.0
// mbarrier: objects in shared memory that count arrivals and complete phases.
#include "sim/exec/MbarrierObjects.h"

#include "sim/check/GlobalRaces.h"
#include "sim/exec/LaneMath.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

constexpr u32 kMaximumCount = (1u << 20) - 1;
constexpr u32 kObjectBytes = 8;

/// What stands in memory, and what an arrival finds: phase, count, pending.
u64 wordOf(const Mbarrier &object) {
  return object.phase << 40 | u64(object.expected) << 20 | object.pending;
}
u32 pendingOf(u64 state) { return u32(state) & kMaximumCount; }
/// Of the 24 bits of a phase that a state holds.
constexpr u64 kPhaseMask = (u64(1) << 24) - 1;

bool reportObject(Warp &w, const Inst &in, u32 lane, u32 address, const std::string &what) {
  return report(w, in, "barrier", lane,
                format("mbarrier at shared address 0x%x: ", address) + what);
}

void write(Block &block, u32 address, const Mbarrier &object) {
  u64 word = wordOf(object);
  memcpy(block.shared.data() + address, &word, kObjectBytes);
  memset(block.sharedUndefined.data() + address, 0, kObjectBytes);
}

/// Whether nothing else was stored where an object is.
bool isThere(const Block &block, u32 address) {
  auto found = block.mbarriers.find(address);
  if (found == block.mbarriers.end())
    return false;
  u64 word = wordOf(found->second);
  return memcmp(block.shared.data() + address, &word, kObjectBytes) == 0;
}

/// Null after a report: there is none, or something else was stored there.
Mbarrier *find(Warp &w, const Inst &in, u32 lane, u32 address) {
  Block &block = *w.block;
  auto found = block.mbarriers.find(address);
  bool known = found != block.mbarriers.end();
  if (known && isThere(block, address))
    return &found->second;
  reportObject(w, in, lane, address,
               known ? "its memory has been overwritten" : "expected mbarrier.init before");
  return nullptr;
}

/// Atomic accesses to the objects: they race with others alone, so one lane
/// stands for those behind it that name the same object.
bool touch(Warp &w, const Inst &in, const Access &access, bool writes) {
  SharedRaces *races = w.block->races.get();
  u64 last = ~u64(0);
  for (u32 rest = access.mask; races && rest; rest &= rest - 1) {
    u32 lane = firstLane(rest);
    if (access.address[lane] == last)
      continue;
    last = access.address[lane];
    RaceHit hit =
        races->strong(w.index * kLanes + lane, u32(access.address[lane]), kObjectBytes, writes);
    if (hit.found && !reportShared(w, in, access, lane, hit))
      return false;
  }
  return true;
}

/// False after a report about an operand that was never written.
bool isDefined(Warp &w, const Inst &in, u32 ref, u32 mask, const char *what) {
  u32 lanes = w.tracking ? *w.flags(ref) & mask : 0;
  return !lanes || reportUndefined(w, in, lanes, what);
}

void addressesOf(const Access &access, u32 *objects) {
  for (u32 i = 0; i < kLanes; ++i)
    objects[i] = u32(access.address[i]);
}

/// Makes objects of `counts`, or ends them where that is null.
void define(Warp &w, const Inst &in, u32 mask, const u32 *counts) {
  Access access;
  if (!mbarrierAddresses(w, in, mask, access))
    return;
  Block &block = *w.block;
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u32 lane = firstLane(rest), at = u32(access.address[lane]);
    if (block.races) {
      RaceHit hit = block.races->write(w.index * kLanes + lane, at, kObjectBytes);
      if (hit.found && !reportShared(w, in, access, lane, hit))
        return;
    }
    if (!counts) {
      if (!find(w, in, lane, at))
        return;
      block.mbarriers.erase(at);
      // What is there now is nobody's business.
      memset(block.sharedUndefined.data() + at, 0xff, kObjectBytes);
      continue;
    }
    if (!counts[lane] || counts[lane] > kMaximumCount) {
      reportObject(w, in, lane, at,
                   format("expected a count from 1 to %u, got %u", kMaximumCount, counts[lane]));
      return;
    }
    if (isThere(block, at)) {
      reportObject(w, in, lane, at, "expected mbarrier.inval before it is made again");
      return;
    }
    Mbarrier object;
    object.expected = object.pending = counts[lane];
    block.mbarriers[at] = object;
    write(block, at, object);
  }
  w.progress = true;
}
// b: count.
void init(Warp &w, const Inst &in, u32 mask) {
  if (isDefined(w, in, in.b, mask, "the count of an mbarrier is undefined"))
    define(w, in, mask, w.at<u32>(in.b));
}
void inval(Warp &w, const Inst &in, u32 mask) { define(w, in, mask, nullptr); }

// b: count or none; d: state; aux >> 8: ArrivalFlags.
void arrive(Warp &w, const Inst &in, u32 mask) {
  Access access;
  u32 objects[kLanes];
  u64 states[kLanes] = {};
  bool counted = in.b != kNoOperand;
  if (!isDefined(w, in, in.b, mask, "the count of arrivals is undefined") ||
      !mbarrierAddresses(w, in, mask, access) || !touch(w, in, access, true))
    return;
  addressesOf(access, objects);
  if (!arriveOn(w, in, mask, objects, counted ? w.at<u32>(in.b) : nullptr, in.aux >> 8, states))
    return;
  commit(w.at<u64>(in.d), states, mask);
  if (w.tracking)
    defineLanes(w, in.d, 8, mask);
}

/// Whether the phase that a state or a parity names is complete.
bool isComplete(Warp &w, const Inst &in, u32 lane, const Mbarrier &object, u32 address,
                u32 &result) {
  if (in.aux >> 8 & 1) { // parity
    u32 parity = w.at<u32>(in.b)[lane];
    if (parity > 1)
      return reportObject(w, in, lane, address,
                          format("expected a parity of 0 or 1, got %u", parity));
    result = (object.phase & 1) != parity;
    return true;
  }
  u64 state = w.at<u64>(in.b)[lane];
  u64 behind = (object.phase - (state >> 40)) & kPhaseMask;
  if (behind > 1)
    return reportObject(w, in, lane, address,
                        "expected a state of this phase or the last, got an "
                        "older one, or no state");
  result = u32(behind);
  return true;
}

// d: predicate; b: state or parity (aux >> 8 & 1).
void test(Warp &w, const Inst &in, u32 mask) {
  w.polls = true;
  Access access;
  u32 objects[kLanes], done = 0;
  if (!isDefined(w, in, in.b, mask, "the phase to wait for is undefined") ||
      !mbarrierAddresses(w, in, mask, access) || !touch(w, in, access, false))
    return;
  addressesOf(access, objects);
  Block &block = *w.block;
  const Mbarrier *object = nullptr;
  u32 last = 0;
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u32 lane = firstLane(rest), complete = 0;
    if (!object || objects[lane] != last)
      object = find(w, in, lane, last = objects[lane]);
    if (!object || !isComplete(w, in, lane, *object, objects[lane], complete))
      return;
    done |= complete << lane;
  }
  for (u32 rest = done; block.races && rest; rest &= rest - 1)
    if (rest == done || objects[firstLane(rest)] != last)
      block.races->await(w.index, last = objects[firstLane(rest)]);
  if (done && w.launch->globalRaces)
    w.launch->globalRaces->sharedAccess(w, in, access.address, done, 0);
  writePredicate(w, in.d, done, mask);
  writePredicateFlags(w, in.d, 0, mask);
  // Copies land as late as they may: when somebody has waited for them.
  u32 deferred = block.deferred;
  landCopiesFor(block, in, objects, mask & ~done);
  w.progress |= block.deferred != deferred;
}

struct Pending {
  static u32 apply(u64 state) { return pendingOf(state); }
};

bool decodeAddress(Decoder &d, size_t index, Space space, u32 flags) {
  if (!d.address(index, space))
    return false;
  if (space != Space::Generic && space != Space::Shared)
    return d.failOperand(index, "expected shared memory");
  d.out.aux = u32(space) | flags << 8;
  return true;
}

bool decodeArrive(Decoder &d, Space space, u32 flags) {
  bool relaxed = d.mod("relaxed");
  size_t most = flags & kNoComplete ? 3 : d.operandCount() > 2 ? 3 : 2;
  // Counts of arrivals that may complete a phase came with sm_90.
  if (most == 3 && !(flags & kNoComplete) && !d.needsTarget(90))
    return false;
  d.out.bw = u8(relaxed ? Order::Relaxed : Order::Release);
  d.out.run = arrive;
  if (!d.finish(most) || !decodeAddress(d, 1, space, flags))
    return false;
  if (most == 3 && !d.src(2, Ty::U32, d.out.b))
    return false;
  return d.dst(0, Ty::B64, d.out.d);
}

bool decodeTest(Decoder &d, Space space, bool tries) {
  bool parity = d.mod("parity");
  bool relaxed = d.mod("relaxed");
  d.out.bw = u8(relaxed ? Order::Relaxed : Order::Acquire);
  d.out.run = test;
  if (tries && !d.needsTarget(90))
    return false;
  u32 hint = 0; // how long to wait at most: no time at all
  if (!d.finish(3, tries ? 4 : 3) || !decodeAddress(d, 1, space, parity) ||
      !d.src(2, parity ? Ty::U32 : Ty::B64, d.out.b) ||
      (d.operandCount() == 4 && !d.src(3, Ty::U32, hint)))
    return false;
  return d.dst(0, Ty::Pred, d.out.d);
}

bool decodeMbarrier(Decoder &d) {
  int op = d.modOf("init inval arrive arrive_drop test_wait try_wait "
                   "pending_count");
  if (op < 0)
    return d.fail("expected an operation");
  u32 flags = d.mod("noComplete") ? u32(kNoComplete) : 0;
  d.modOf("acquire release");
  d.modOf("cta cluster");
  Space space = d.modOf("shared shared::cta shared::cluster") < 0 ? Space::Generic : Space::Shared;
  if (!d.mod("b64"))
    return d.fail("expected .b64");
  if (!d.needsTarget(80))
    return false;
  if (op == 6)
    return simple1(d, unary<u32, u64, Pending>, Class::Integer, Ty::U32, Ty::B64);
  d.out.cls = Class::Mbarrier;
  d.out.shadow = Shadow::Own;
  d.out.cw = 1; // the scope of the block
  switch (op) {
  case 0:
    d.out.run = init;
    return d.finish(2) && decodeAddress(d, 0, space, 0) && d.src(1, Ty::U32, d.out.b);
  case 1: d.out.run = inval; return d.finish(1) && decodeAddress(d, 0, space, 0);
  case 2: return decodeArrive(d, space, flags);
  case 3: return decodeArrive(d, space, flags | kDrops);
  default: return decodeTest(d, space, op == 5);
  }
}

const OpRow kRows[] = {{"mbarrier", decodeMbarrier}};
} // namespace

bool mbarrierAddresses(Warp &w, const Inst &in, u32 mask, Access &access) {
  access.space = Space::Shared;
  access.kind = AccessKind::Atomic;
  access.bytes = kObjectBytes;
  access.mask = mask;
  if (!computeAddresses(w, in, in.a, in.aw, in.imm, mask, access) ||
      !resolveObjects(w, in, access, "mbarrier"))
    return false;
  if (!in.spin) {
    countShared(w, in, access.address, mask, kObjectBytes);
    return true;
  }
  SpinCount counting(w, in);
  countShared(w, in, access.address, mask, kObjectBytes);
  return true;
}

bool arriveOn(Warp &w, const Inst &in, u32 mask, const u32 *objects, const u32 *counts, u32 flags,
              u64 *states) {
  Block &block = *w.block;
  if (block.races)
    block.races->signal(w.index, objects, mask);
  if (w.launch->globalRaces) {
    u64 addresses[kLanes];
    for (u32 i = 0; i < kLanes; ++i)
      addresses[i] = objects[i];
    w.launch->globalRaces->sharedAccess(w, in, addresses, mask, 1);
  }
  w.progress = true;
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u32 lane = firstLane(rest), at = objects[lane];
    u32 count = counts ? counts[lane] : 1;
    Mbarrier *object = find(w, in, lane, at);
    if (!object)
      return false;
    if (states)
      states[lane] = wordOf(*object);
    if (!count || count > object->pending)
      return reportObject(w, in, lane, at,
                          format("expected 1 to %u arrivals, as many as are "
                                 "pending, got %u",
                                 object->pending, count));
    if ((flags & kNoComplete) && count == object->pending)
      return reportObject(w, in, lane, at, ".noComplete is the last arrival of the phase");
    object->pending -= count;
    if (flags & kDrops)
      object->expected -= count < object->expected ? count : object->expected;
    if (!object->pending) {
      ++object->phase;
      object->pending = object->expected;
      if (block.races)
        block.races->complete(at);
    }
    write(block, at, *object);
  }
  return true;
}

bool expectMore(Warp &w, const Inst &in, u32 mask, const u32 *objects) {
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u32 lane = firstLane(rest), at = objects[lane];
    Mbarrier *object = find(w, in, lane, at);
    if (!object)
      return false;
    if (object->pending == kMaximumCount)
      return reportObject(w, in, lane, at,
                          format("expected at most %u pending arrivals", kMaximumCount));
    ++object->pending;
    write(*w.block, at, *object);
  }
  return true;
}

const Level::Table kMbarrierTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
