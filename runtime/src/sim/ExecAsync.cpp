// SPDX-License-Identifier: Apache-2.0
// cp.async: copies from global to shared memory that arrive at their wait.
#include "MemoryAccess.h"
#include "SharedRaces.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

/// Fetches the bytes of one lane whose copy is shorter than its destination.
bool fetchShort(Warp &w, const Inst &in, u32 lane, u64 address, u32 bytes,
                Warp::AsyncCopy &copy) {
  Buffer *buffer = w.launch->memory->find(address);
  if (!buffer || !buffer->host || address + bytes > buffer->end())
    return reportBounds(w, in, lane, Space::Global, address, bytes,
                        AccessKind::Read);
  memcpy(copy.data, buffer->host + (address - buffer->base), bytes);
  if (buffer->undefined)
    memcpy(copy.undefined, buffer->undefined + (address - buffer->base), bytes);
  MemoryCount &count = w.worker->counters.memory[pcOf(w, in)];
  count.bytes += bytes;
  ++count.sectors;
  return true;
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
      !computeAddresses(w, in, in.b, in.cw, u64(i64(i32(in.list))), mask,
                        source))
    return;
  Block &block = *w.block;
  u32 whole = mask;
  if (in.e != kNoOperand) {
    const u32 *size = w.at<u32>(in.e);
    if (w.tracking && (*w.flags(in.e) & mask)) {
      reportUndefined(w, in, *w.flags(in.e) & mask,
                      "the size of the source is undefined");
      return;
    }
    for (u32 rest = mask; rest; rest &= rest - 1) {
      u32 i = firstLane(rest);
      if (size[i] > bytes) {
        report(w, in, "bounds", i,
               format("source of %u bytes for a copy of %u", size[i], bytes));
        return;
      }
      if (size[i] != bytes)
        whole &= ~(1u << i);
    }
  }
  u32 ignored = 0;
  if (in.c != kNoOperand) {
    if (w.tracking && (*w.flags(in.c) & mask)) {
      reportUndefined(w, in, *w.flags(in.c) & mask,
                      "the predicate that ignores the source is undefined");
      return;
    }
    ignored = *w.at<u32>(in.c) & mask;
    if (in.flags & kNegateC)
      ignored ^= mask;
    whole &= ~ignored;
  }
  // Resolving gives lanes outside of the mask addresses of others.
  u64 sources[kLanes];
  if (whole != mask)
    memcpy(sources, source.address, sizeof(sources));
  source.mask = whole;
  if (whole && !resolve(w, in, source))
    return;
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u32 i = firstLane(rest);
    u64 at = target.address[i];
    if (at - kSharedWindow < kWindowBytes)
      at -= kSharedWindow;
    if (at & (bytes - 1)) {
      report(w, in, "bounds", i,
             format("misaligned cp.async of %u bytes to shared address 0x%llx",
                    bytes, (unsigned long long)at));
      return;
    }
    if (at + bytes > block.shared.size()) {
      reportBounds(w, in, i, Space::Shared, at, bytes, AccessKind::Write);
      return;
    }
    w.asyncCopies.emplace_back();
    Warp::AsyncCopy &copy = w.asyncCopies.back();
    copy.group = w.asyncGroup[i];
    copy.address = u32(at);
    copy.bytes = bytes;
    copy.lane = i;
    copy.pc = pcOf(w, in);
    memset(copy.undefined, 0, sizeof(copy.undefined));
    if (whole >> i & 1) {
      const u8 *from = source.at(i);
      if (bytes == 16)
        memcpy(copy.data, from, 16);
      else
        memcpy(copy.data, from, bytes);
      const u8 *bits = source.shadowAt(i);
      if (bits && source.mayBeUndefined)
        memcpy(copy.undefined, bits, bytes);
    } else {
      memset(copy.data, 0, sizeof(copy.data)); // the rest is zeros
      u32 size = ignored >> i & 1       ? 0
                 : in.e != kNoOperand ? w.at<u32>(in.e)[i]
                                        : bytes;
      if (size && !fetchShort(w, in, i, sources[i], size, copy))
        return;
    }
    if (block.races && (w.launch->checks & kCheckAsync)) {
      RaceHit hit = block.races->issue(w.index * kLanes + i, u32(at), bytes);
      if (hit.found) {
        report(w, in, hit.pending ? "async" : "race", i,
               format("cp.async of %u bytes to shared address 0x%x races with "
                      "a %s by %s", bytes, u32(at),
                      hit.pending        ? "cp.async"
                      : hit.otherIsWrite ? "write"
                                         : "read",
                      hit.otherThread == ~0u
                          ? format("threads of warp %u", hit.otherWarp).c_str()
                          : format("thread %u", hit.otherThread).c_str()));
        return;
      }
    }
    target.address[i] = at;
  }
  w.progress = true;
  // Count the bytes that land; the source's sectors were counted above.
  MemoryCount &count = w.worker->counters.memory[pcOf(w, in)];
  u64 keptBytes = count.bytes, keptRequests = count.requests;
  countShared(w, in, target.address, mask, bytes);
  count.bytes = keptBytes;
  count.requests = whole ? keptRequests : keptRequests + 1;
}

/// What has been waited for becomes visible.
void arrive(Warp &w, u32 mask, u32 pending, bool all) {
  Block &block = *w.block;
  size_t kept = 0;
  for (Warp::AsyncCopy &copy : w.asyncCopies) {
    bool waits = mask >> copy.lane & 1;
    if (waits && (all || copy.group + pending < w.asyncGroup[copy.lane])) {
      u8 *to = block.shared.data() + copy.address;
      u8 *shadow = block.sharedUndefined.data() + copy.address;
      if (copy.bytes == 16) { // the usual size, as one move
        memcpy(to, copy.data, 16);
        memcpy(shadow, copy.undefined, 16);
      } else {
        memcpy(to, copy.data, copy.bytes);
        memcpy(shadow, copy.undefined, copy.bytes);
      }
      if (block.races && (w.launch->checks & kCheckAsync))
        block.races->arrive(w.index * kLanes + copy.lane, copy.address,
                            copy.bytes);
      continue;
    }
    if (&w.asyncCopies[kept] != &copy)
      w.asyncCopies[kept] = copy;
    ++kept;
  }
  w.asyncCopies.resize(kept);
}

void commitGroup(Warp &w, const Inst &, u32 mask) {
  for (u32 rest = mask; rest; rest &= rest - 1)
    ++w.asyncGroup[firstLane(rest)];
}
void waitGroup(Warp &w, const Inst &in, u32 mask) {
  arrive(w, mask, in.aux, false);
}
void waitAll(Warp &w, const Inst &, u32 mask) { arrive(w, mask, 0, true); }

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
  if (d.ast().has("bulk") || d.ast().has("mbarrier"))
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
    return d.failOperand(2, cache ? "expected 16 bytes"
                                  : "expected 4, 8 or 16 bytes");
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

const Level::Table kAsyncTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
