// SPDX-License-Identifier: Apache-2.0
// cp.async: copies from global to shared memory that arrive at their wait, or at an mbarrier.
#include "sim/exec/LaneMath.h"
#include "sim/exec/MbarrierObjects.h"
#include "sim/exec/RaceLanes.h"
#include "sim/state/Sectors.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

/// Fetches the bytes of one lane whose copy is shorter than its destination.
bool fetchShort(Warp &w, const Inst &in, u32 lane, u64 address, u32 bytes, Warp::AsyncCopy &copy) {
  Buffer *buffer = w.launch->memory->find(address);
  if (!buffer || !buffer->host || address + bytes > buffer->end())
    return reportBounds(w, in, lane, Space::Global, address, bytes, AccessKind::Read);
  memcpy(copy.data[lane], buffer->host + (address - buffer->base), bytes);
  if (buffer->undefined) {
    memcpy(copy.bits[lane], buffer->undefined + (address - buffer->base), bytes);
    copy.undefined = true;
  }
  MemoryCount &count = w.worker->counters.memory[pcOf(w, in)];
  count.bytes += bytes;
  ++count.sectors;
  if (w.launch->distinctSectors)
    noteSectors(w, &address, 1, bytes, buffer, false, false);
  return true;
}

/// Fetches whole copies of kBytes a lane.
template <u32 kBytes>
void fetchWhole(const Access &source, u32 lanes, Warp::AsyncCopy &copy) {
  u64 any = 0;
  for (u32 rest = lanes; rest; rest &= rest - 1) {
    u32 i = firstLane(rest);
    memcpy(copy.data[i], source.at(i), kBytes);
    const u8 *bits = source.mayBeUndefined ? source.shadowAt(i) : nullptr;
    if (!bits)
      continue;
    u64 both[2] = {0, 0};
    memcpy(both, bits, kBytes);
    any |= both[0] | both[1];
  }
  if (!any)
    return;
  copy.undefined = true;
  for (u32 rest = lanes; rest; rest &= rest - 1) {
    u32 i = firstLane(rest);
    if (const u8 *bits = source.shadowAt(i))
      memcpy(copy.bits[i], bits, kBytes);
  }
}

std::unique_ptr<Warp::AsyncCopy> newCopy(Warp &w) {
  if (w.spareCopies.empty())
    return std::make_unique<Warp::AsyncCopy>();
  auto copy = std::move(w.spareCopies.back());
  w.spareCopies.pop_back();
  return copy;
}

/// From now on until they arrive, the copies write their destinations.
bool issueCopies(Warp &w, const Inst &in, const Access &target) {
  Block &block = *w.block;
  if (!block.races || !(w.launch->checks & kCheckAsync))
    return true;
  SharedRaces::View view = block.races->view(w.index);
  auto next = [&](u32 lanes) {
    return target.bytes == 16 ? issueLanes(view, target.address, lanes) : lanes;
  };
  for (u32 rest = next(target.mask); rest; rest = next(rest & (rest - 1))) {
    u32 i = firstLane(rest), at = u32(target.address[i]);
    RaceHit hit = block.races->issue(w.index * kLanes + i, at, target.bytes);
    if (hit.found)
      return report(w, in, hit.pending ? "async" : "race", i,
                    format("cp.async of %u bytes to shared address 0x%x races with a %s "
                           "by %s",
                           target.bytes, at,
                           hit.pending        ? "cp.async"
                           : hit.otherIsWrite ? "write"
                                              : "read",
                           hit.otherThread == ~0u
                               ? format("threads of warp %u", hit.otherWarp).c_str()
                               : format("thread %u", hit.otherThread).c_str()));
  }
  return true;
}

/// The lanes of `mask` whose source is read in full, and those that ignore it.
/// False after a report.
bool readLanes(Warp &w, const Inst &in, u32 mask, u32 &whole, u32 &ignored) {
  u32 bytes = in.aux & 255;
  whole = mask;
  ignored = 0;
  if (in.e != kNoOperand) {
    const u32 *size = w.at<u32>(in.e);
    if (w.tracking && (*w.flags(in.e) & mask))
      return reportUndefined(w, in, *w.flags(in.e) & mask, "the size of the source is undefined");
    for (u32 rest = mask; rest; rest &= rest - 1) {
      u32 i = firstLane(rest);
      if (size[i] > bytes)
        return report(w, in, "bounds", i,
                      format("source of %u bytes for a copy of %u", size[i], bytes));
      if (size[i] != bytes)
        whole &= ~(1u << i);
    }
  }
  if (in.c != kNoOperand) {
    if (w.tracking && (*w.flags(in.c) & mask))
      return reportUndefined(w, in, *w.flags(in.c) & mask,
                             "the predicate that ignores the source is undefined");
    ignored = *w.at<u32>(in.c) & mask;
    if (in.flags & kNegateC)
      ignored ^= mask;
    whole &= ~ignored;
  }
  return true;
}

/// A copy of `lanes`, of which `whole` have their bytes and the others zeros.
std::unique_ptr<Warp::AsyncCopy> beginCopy(Warp &w, const Access &source, const Access &target,
                                           u32 lanes, u32 whole) {
  std::unique_ptr<Warp::AsyncCopy> copy = newCopy(w);
  copy->bytes = target.bytes;
  copy->mask = lanes;
  copy->undefined = false;
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i)
    copy->address[i] = u32(target.address[i]);
  // What is not read is zeros.
  if (lanes & ~whole)
    memset(copy->data, 0, sizeof(copy->data));
  if (source.mayBeUndefined || (lanes & ~whole))
    memset(copy->bits, 0, sizeof(copy->bits));
  if (target.bytes == 16)
    fetchWhole<16>(source, lanes & whole, *copy);
  else if (target.bytes == 8)
    fetchWhole<8>(source, lanes & whole, *copy);
  else
    fetchWhole<4>(source, lanes & whole, *copy);
  return copy;
}

/// Counts the bytes that land; the source's sectors were counted when it was resolved.
void countLanding(Warp &w, const Inst &in, const Access &target, bool sourceCounted) {
  MemoryCount &count = w.worker->counters.memory[pcOf(w, in)];
  u64 keptBytes = count.bytes, keptRequests = count.requests;
  countShared(w, in, target.address, target.mask, target.bytes);
  count.bytes = keptBytes;
  count.requests = sourceCounted ? keptRequests : keptRequests + 1;
}

// a, imm: destination; b, cw, list: source, its register's width, its offset;
// e: bytes to read; c: predicate that ignores the source; aux: bytes.
void copyAsync(Warp &w, const Inst &in, u32 mask) {
  u32 bytes = in.aux & 255;
  Access target, source;
  target.space = Space::Shared;
  target.kind = AccessKind::Write;
  source.space = in.aux >> 8 ? Space::Generic : Space::Global;
  source.kind = AccessKind::Read;
  target.bytes = source.bytes = bytes;
  target.mask = source.mask = mask;
  if (!computeAddresses(w, in, in.a, in.aw, in.imm, mask, target) ||
      !computeAddresses(w, in, in.b, in.cw, u64(i64(i32(in.list))), mask, source))
    return;
  u32 whole, ignored;
  if (!readLanes(w, in, mask, whole, ignored))
    return;
  // Resolving gives lanes outside of the mask addresses of others.
  u64 sources[kLanes];
  if (whole != mask)
    memcpy(sources, source.address, sizeof(sources));
  source.mask = whole;
  if (whole && !resolve(w, in, source))
    return;
  if (!resolveObjects(w, in, target, "cp.async"))
    return;
  // Lanes may be in different groups: a record for each.
  for (u32 rest = mask; rest;) {
    u32 group = w.asyncGroup[firstLane(rest)], same[kLanes];
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      same[i] = w.asyncGroup[i] == group;
    u32 lanes = packMask(same) & rest;
    rest &= ~lanes;
    std::unique_ptr<Warp::AsyncCopy> copy = beginCopy(w, source, target, lanes, whole);
    copy->group = group;
    copy->order = w.asyncIssued++;
    for (u32 others = lanes & ~whole & ~ignored; others; others &= others - 1) {
      u32 i = firstLane(others);
      u32 size = in.e != kNoOperand ? w.at<u32>(in.e)[i] : bytes;
      if (size && !fetchShort(w, in, i, sources[i], size, *copy))
        return;
    }
    w.asyncCopies.push_back(std::move(copy));
  }
  if (!issueCopies(w, in, target))
    return;
  w.progress = true;
  countLanding(w, in, target, whole != 0);
}

template <u32 kBytes>
void land(Block &block, const Warp::AsyncCopy &copy, u32 lanes) {
  for (u32 rest = lanes; rest; rest &= rest - 1) {
    u32 i = firstLane(rest);
    memcpy(block.shared.data() + copy.address[i], copy.data[i], kBytes);
    u8 *shadow = block.sharedUndefined.data() + copy.address[i];
    if (copy.undefined)
      memcpy(shadow, copy.bits[i], kBytes);
    else
      memset(shadow, 0, kBytes);
  }
}

/// The lanes of copies that `lanesOf` names become visible.
template <typename LanesOf> void landCopies(Warp &w, LanesOf lanesOf) {
  Block &block = *w.block;
  size_t kept = 0;
  for (size_t c = 0; c < w.asyncCopies.size(); ++c) {
    Warp::AsyncCopy &copy = *w.asyncCopies[c];
    u32 lanes = lanesOf(copy);
    if (lanes) {
      if (copy.bytes == 16)
        land<16>(block, copy, lanes);
      else if (copy.bytes == 8)
        land<8>(block, copy, lanes);
      else
        land<4>(block, copy, lanes);
      if (block.races && (w.launch->checks & kCheckAsync)) {
        u32 left = lanes;
        if (copy.bytes == 16)
          left = arriveLanes(block.races->view(w.index), copy.address, lanes);
        for (; left; left &= left - 1) {
          u32 i = firstLane(left);
          block.races->arrive(w.index * kLanes + i, copy.address[i], copy.bytes);
        }
      }
    }
    copy.mask &= ~lanes;
    if (!copy.mask)
      w.spareCopies.push_back(std::move(w.asyncCopies[c]));
    else if (kept++ != c)
      w.asyncCopies[kept - 1] = std::move(w.asyncCopies[c]);
  }
  w.asyncCopies.resize(kept);
}

/// Arrivals whose copies have all landed happen.
bool settleArrivals(Warp &w, const Inst &in) {
  for (size_t d = 0; d < w.deferredArrivals.size();) {
    Warp::DeferredArrival &arrival = w.deferredArrivals[d];
    u32 outstanding = 0;
    for (const auto &copy : w.asyncCopies)
      outstanding |= copy->order < arrival.before ? copy->mask : 0;
    u32 ready = arrival.mask & ~outstanding;
    arrival.mask &= outstanding;
    if (ready && !arriveOn(w, in, ready, arrival.address, nullptr, 0, nullptr))
      return false;
    if (arrival.mask) {
      ++d;
      continue;
    }
    --w.block->deferred;
    w.deferredArrivals.erase(w.deferredArrivals.begin() + std::ptrdiff_t(d));
  }
  return true;
}

/// What has been waited for becomes visible.
void waitFor(Warp &w, const Inst &in, u32 mask, u32 pending, bool all) {
  if (w.asyncCopies.empty())
    return;
  landCopies(w, [&](const Warp::AsyncCopy &copy) {
    u32 covered[kLanes], first = copy.group + pending;
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      covered[i] = all | (first < w.asyncGroup[i]);
    return copy.mask & mask & packMask(covered);
  });
  settleArrivals(w, in);
}

void commitGroup(Warp &w, const Inst &, u32 mask) {
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i)
    w.asyncGroup[i] += mask >> i & 1;
}
void waitGroup(Warp &w, const Inst &in, u32 mask) { waitFor(w, in, mask, in.aux, false); }
void waitAll(Warp &w, const Inst &in, u32 mask) { waitFor(w, in, mask, 0, true); }

/// The copies of these lanes so far arrive at mbarriers when they land; where
/// .noinc (aux >> 8 & 1) does not say that the object counts on it, it does now.
void copiesArrive(Warp &w, const Inst &in, u32 mask) {
  Access access;
  if (!mbarrierAddresses(w, in, mask, access))
    return;
  Warp::DeferredArrival arrival;
  arrival.before = w.asyncIssued;
  arrival.mask = mask;
  for (u32 i = 0; i < kLanes; ++i)
    arrival.address[i] = u32(access.address[i]);
  if (!(in.aux >> 8 & 1) && !expectMore(w, in, mask, arrival.address))
    return;
  w.deferredArrivals.push_back(arrival);
  ++w.block->deferred;
  w.progress = true;
  settleArrivals(w, in);
}
bool decodeCopiesArrive(Decoder &d) {
  if (!d.mod("arrive"))
    return d.fail("expected cp.async.mbarrier.arrive");
  bool noinc = d.mod("noinc");
  Space space = d.modOf("shared shared::cta") < 0 ? Space::Generic : Space::Shared;
  if (!d.mod("b64"))
    return d.fail("expected .b64");
  if (!d.needsTarget(80) || !d.finish(1) || !d.address(0, space))
    return false;
  if (space != Space::Generic && space != Space::Shared)
    return d.failOperand(0, "expected shared memory");
  d.out.aux = u32(space) | u32(noinc) << 8;
  d.out.cls = Class::Mbarrier;
  d.out.run = copiesArrive;
  return true;
}

bool decodeCp(Decoder &d) {
  if (!d.mod("async"))
    return d.fail("expected cp.async");
  d.out.cls = Class::AsyncCopy;
  d.out.shadow = Shadow::Own;
  if (d.mod("commit_group")) {
    d.out.run = commitGroup;
    return d.finish(0);
  }
  if (d.mod("wait_all")) {
    d.out.run = waitAll;
    return d.finish(0);
  }
  if (d.mod("wait_group")) {
    i64 pending = 0;
    d.out.run = waitGroup;
    if (!d.finish(1) || !d.immediate(0, pending))
      return false;
    if (pending < 0 || pending > 0x7fffffff)
      return d.failOperand(0, "expected a number of groups");
    d.out.aux = u32(pending);
    return true;
  }
  if (d.mod("mbarrier"))
    return decodeCopiesArrive(d);
  if (d.ast().has("bulk"))
    return d.fail("this form is not supported");
  int cache = d.modOf("ca cg");
  if (cache < 0)
    return d.fail("expected .ca or .cg");
  if (!d.mod("shared") && !d.mod("shared::cta"))
    return d.fail("expected .shared");
  bool global = d.mod("global");
  d.modOf("L2::64B L2::128B L2::256B");
  bool hint = d.mod("L2::cache_hint");
  if (!d.finish(3, 5))
    return false;
  i64 bytes = 0;
  if (!d.immediate(2, bytes))
    return false;
  if (bytes != 16 && (cache == 1 || (bytes != 4 && bytes != 8)))
    return d.failOperand(2, cache ? "expected 16 bytes" : "expected 4, 8 or 16 bytes");
  Space space = Space::Global;
  if (!d.address(1, space))
    return false;
  u32 source = d.out.a;
  i64 offset = i64(d.out.imm);
  u8 width = d.out.aw;
  if (source == kNoOperand) { // a variable: its address is a constant
    source = d.constant(u64(offset), 8);
    width = 8;
    offset = 0;
  }
  if (offset < INT32_MIN || offset > INT32_MAX)
    return d.failOperand(1, "expected a 32-bit offset");
  space = Space::Shared;
  if (!d.address(0, space))
    return false;
  d.out.b = source;
  d.out.cw = width;
  d.out.list = u32(i32(offset));
  d.out.aux = u32(bytes) | u32(!global) << 8;
  d.out.run = copyAsync;
  size_t last = d.operandCount() - (hint ? 1 : 0);
  if (last > 3) {
    if (d.registerType(d.operand(3)) == Ty::Pred) {
      bool negated = false;
      if (!d.predicate(3, d.out.c, negated))
        return false;
      if (negated)
        d.out.flags |= kNegateC;
      return true;
    }
    return d.src(3, Ty::U32, d.out.e);
  }
  return true;
}

const OpRow kRows[] = {{"cp", decodeCp}};
} // namespace

bool landCopiesFor(Block &block, const Inst &in, const u32 *objects, u32 mask) {
  if (!block.deferred)
    return true;
  for (auto &warp : block.warps) {
    if (warp->deferredArrivals.empty())
      continue;
    u64 before[kLanes] = {};
    for (const Warp::DeferredArrival &arrival : warp->deferredArrivals)
      for (u32 rest = arrival.mask; rest; rest &= rest - 1) {
        u32 i = firstLane(rest);
        for (u32 more = mask; more; more &= more - 1)
          if (objects[firstLane(more)] == arrival.address[i])
            before[i] = arrival.before > before[i] ? arrival.before : before[i];
      }
    landCopies(*warp, [&](const Warp::AsyncCopy &copy) {
      u32 lanes = 0;
      for (u32 rest = copy.mask; rest; rest &= rest - 1)
        lanes |= u32(copy.order < before[firstLane(rest)]) << firstLane(rest);
      return lanes;
    });
    if (!settleArrivals(*warp, in))
      return false;
  }
  return true;
}

const Level::Table kAsyncTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
