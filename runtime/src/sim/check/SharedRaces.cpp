// SPDX-License-Identifier: Apache-2.0
// Detects races on shared memory between barriers, byte precise.
#include "sim/check/SharedRaces.h"

#include <algorithm>

namespace hadal::sim {

SharedRaces::SharedRaces(u32 bytes, u32 warps, bool inStep)
    : warps(warps), size((bytes + 19) & ~3u), inStep(inStep), seen(size_t(warps) * warps),
      limit(warps), lanes(warps), exact(warps), wordWrite(size / 4), wordRead1(size / 4),
      wordRead2(size / 4), cells(size) {
  reset();
}

void SharedRaces::restartClocks() {
  clock = 1;
  published.clear();
  objects.clear();
  std::fill(seen.begin(), seen.end(), 1);
  std::fill(limit.begin(), limit.end(), u32(1) << kClockShift);
  std::fill(lanes.begin(), lanes.end(), 1);
  std::fill(exact.begin(), exact.end(), 1);
}

void SharedRaces::reset() {
  restartClocks();
  std::fill(wordWrite.begin(), wordWrite.end(), 0);
  std::fill(wordRead1.begin(), wordRead1.end(), 0);
  std::fill(wordRead2.begin(), wordRead2.end(), 0);
}

/// The next clock. Before it overflows, all but pending copies is forgotten.
void SharedRaces::advance() {
  if (++clock < kPendingClock)
    return;
  auto forget = [](u32 &record) {
    if (record >> kClockShift != kPendingClock)
      record = 0;
  };
  for (size_t w = 0; w < wordWrite.size(); ++w) {
    forget(wordWrite[w]);
    wordRead1[w] = 0;
    wordRead2[w] = isSplit(u32(w)) ? kSplit : 0;
  }
  for (Cell &cell : cells) {
    forget(cell.write);
    cell.read1 = cell.read2 = 0;
  }
  restartClocks();
}

/// What follows from a warp's row of `seen`.
void SharedRaces::refresh(u32 warp) {
  u32 least = clock;
  for (u32 j = 0; j < warps; ++j)
    least = std::min(least, seen[size_t(warp) * warps + j]);
  limit[warp] = least << kClockShift;
  exact[warp] = 1;
  for (u32 j = 0; j < warps; ++j)
    if (j != warp && seen[size_t(warp) * warps + j] != least)
      exact[warp] = 0;
}

void SharedRaces::barrier(u32 members, bool all) {
  advance();
  if (all)
    members = warps >= 32 ? ~0u : (u32(1) << warps) - 1;
  // A warp of the barrier has seen what any of the others had seen.
  std::vector<u32> joined(warps, 0);
  for (u32 i = 0; i < warps; ++i)
    if (members >> i & 1)
      for (u32 j = 0; j < warps; ++j)
        joined[j] = std::max(joined[j], (members >> j & 1) ? clock : seen[size_t(i) * warps + j]);
  for (u32 i = 0; i < warps; ++i) {
    if (!(members >> i & 1))
      continue;
    for (u32 j = 0; j < warps; ++j)
      seen[size_t(i) * warps + j] = joined[j];
    lanes[i] = clock;
    refresh(i);
  }
}

void SharedRaces::warpSync(u32 warp) {
  advance();
  lanes[warp] = clock;
  seen[size_t(warp) * warps + warp] = clock;
  refresh(warp);
}

bool SharedRaces::ordered(u32 record, u32 thread) const {
  u32 at = record >> kClockShift;
  if (at == kPendingClock)
    return false;
  u32 other = (record & kThread) / 32, own = thread / 32;
  if (other != own)
    return at < seen[size_t(own) * warps + other];
  if (inStep || at < lanes[own])
    return true;
  return !(record & kMany) && (record & kThread) == thread;
}

bool SharedRaces::clashes(u32 record, u32 thread, u32 flag) const {
  if (record == 0 || ordered(record, thread))
    return false;
  return !(flag & record & kAtomic) || record >> kClockShift == kPendingClock;
}

RaceHit SharedRaces::hit(u32 record, bool isWrite, u32 byte) const {
  RaceHit result;
  result.found = true;
  result.pending = record >> kClockShift == kPendingClock;
  result.otherIsWrite = isWrite;
  result.otherWarp = (record & kThread) / 32;
  result.otherThread = record & kMany ? ~0u : record & kThread;
  result.byte = byte;
  return result;
}

/// Records a read; at most two warps are remembered, which is enough to find
/// that a later write by any warp was not ordered after all reads.
void SharedRaces::noteRead(Cell &cell, u32 thread, u32 flag) const {
  u32 record = clock << kClockShift | flag | thread;
  for (u32 *slot : {&cell.read1, &cell.read2}) {
    if (*slot == 0 || ordered(*slot, thread)) {
      *slot = record;
      return;
    }
    if ((*slot & kThread) / 32 == thread / 32) {
      // Several lanes; strong only if all of them are.
      *slot = (record & ~kAtomic) | kMany | (record & *slot & kAtomic);
      return;
    }
  }
}

void SharedRaces::split(u32 word) {
  if (isSplit(word))
    return;
  for (u32 i = 0; i < 4; ++i)
    cells[word * 4 + i] = {wordWrite[word], wordRead1[word], wordRead2[word]};
  wordRead2[word] = kSplit;
}

bool SharedRaces::readWords(u32 thread, u32 word, u32 n) {
  u32 ownLimit = limit[thread / 32];
  u32 record = clock << kClockShift | thread;
  // Words that were always accessed together are handled as one.
  if (n == 4 && alike(wordWrite, word) && alike(wordRead1, word) && alike(wordRead2, word)) {
    if (isSplit(word))
      return false;
    Cell cell{wordWrite[word], wordRead1[word], wordRead2[word]};
    if (cell.write >= ownLimit && !ordered(cell.write, thread))
      return false;
    if (cell.read1 < ownLimit)
      cell.read1 = record;
    else
      noteRead(cell, thread);
    for (u32 i = 0; i < 4; ++i) {
      wordRead1[word + i] = cell.read1;
      wordRead2[word + i] = cell.read2;
    }
    return true;
  }
  for (u32 i = word; i < word + n; ++i) {
    if (isSplit(i))
      return false;
    u32 writer = wordWrite[i];
    if (writer >= ownLimit && !ordered(writer, thread))
      return false;
    u32 first = wordRead1[i];
    if (first < ownLimit) {
      wordRead1[i] = record;
      continue;
    }
    Cell cell{writer, first, wordRead2[i]};
    noteRead(cell, thread);
    wordRead1[i] = cell.read1;
    wordRead2[i] = cell.read2;
  }
  return true;
}

bool SharedRaces::writeWords(u32 thread, u32 word, u32 n) {
  u32 ownLimit = limit[thread / 32];
  u32 record = clock << kClockShift | thread;
  for (u32 i = word; i < word + n; ++i) {
    if (isSplit(i))
      return false;
    for (u32 other : {wordWrite[i], wordRead1[i], wordRead2[i]})
      if (other >= ownLimit && !ordered(other, thread))
        return false;
  }
  for (u32 i = word; i < word + n; ++i) {
    wordWrite[i] = record;
    wordRead1[i] = wordRead2[i] = 0;
  }
  return true;
}

RaceHit SharedRaces::readBytes(u32 thread, u32 at, u32 n, u32 flag) {
  for (u32 byte = at; byte < at + n; ++byte) {
    split(byte / 4);
    Cell &cell = cells[byte];
    if (clashes(cell.write, thread, flag))
      return hit(cell.write, true, byte);
    noteRead(cell, thread, flag);
  }
  return {};
}

RaceHit SharedRaces::writeBytes(u32 thread, u32 at, u32 n, u32 flag) {
  u32 record = clock << kClockShift | flag | thread;
  for (u32 byte = at; byte < at + n; ++byte) {
    split(byte / 4);
    Cell &cell = cells[byte];
    if (clashes(cell.write, thread, flag))
      return hit(cell.write, true, byte);
    if (clashes(cell.read1, thread, flag))
      return hit(cell.read1, false, byte);
    if (clashes(cell.read2, thread, flag))
      return hit(cell.read2, false, byte);
    // Several lanes of one warp may have added to the same atomic.
    if (flag && cell.write && !ordered(cell.write, thread) &&
        (cell.write & kThread) / 32 == thread / 32)
      cell.write = record | kMany;
    else
      cell.write = record;
    cell.read1 = cell.read2 = 0;
  }
  // A word whose four bytes agree again is handled as one.
  if (((at | n) & 3) == 0 && !flag)
    for (u32 word = at / 4; word < (at + n) / 4; ++word) {
      wordWrite[word] = record;
      wordRead1[word] = wordRead2[word] = 0;
    }
  return {};
}

RaceHit SharedRaces::readBefore(u32 thread, u32 at, u32 n) const {
  for (u32 byte = at; byte < at + n; ++byte) {
    u32 word = byte / 4;
    const Cell &cell = cells[byte];
    bool whole = !isSplit(word);
    for (u32 record : {whole ? wordRead1[word] : cell.read1, whole ? wordRead2[word] : cell.read2})
      if (clashes(record, thread, 0))
        return hit(record, false, byte);
  }
  return {};
}

void SharedRaces::acquire(u32 warp, u32 at) {
  auto found = published.find(at);
  if (found == published.end())
    return;
  for (u32 j = 0; j < warps; ++j) {
    u32 &known = seen[size_t(warp) * warps + j];
    known = std::max(known, found->second[j]);
  }
  refresh(warp);
}

void SharedRaces::release(u32 warp, const u64 *address, u32 mask, bool writes) {
  advance();
  lanes[warp] = clock;
  seen[size_t(warp) * warps + warp] = clock;
  refresh(warp);
  if (!writes)
    return;
  for (u32 rest = mask; rest; rest &= rest - 1) {
    std::vector<u32> &known = published[u32(address[__builtin_ctz(rest)])];
    known.resize(warps, 0);
    for (u32 j = 0; j < warps; ++j)
      known[j] = std::max(known[j], seen[size_t(warp) * warps + j]);
  }
}

void SharedRaces::signal(u32 warp, const u32 *address, u32 mask) {
  advance();
  const u32 *known = &seen[size_t(warp) * warps];
  for (u32 rest = mask; rest; rest &= rest - 1) {
    Phases &phases = objects[address[__builtin_ctz(rest)]];
    phases.arrived.resize(warps, 0);
    for (u32 j = 0; j < warps; ++j)
      phases.arrived[j] = std::max(phases.arrived[j], j == warp ? clock : known[j]);
  }
}

void SharedRaces::complete(u32 object) {
  Phases &phases = objects[object];
  phases.completed = phases.arrived;
}

void SharedRaces::await(u32 warp, u32 object) {
  auto found = objects.find(object);
  if (found == objects.end() || found->second.completed.empty())
    return;
  const std::vector<u32> &completed = found->second.completed;
  for (u32 j = 0; j < warps; ++j) {
    u32 &known = seen[size_t(warp) * warps + j];
    known = std::max(known, completed[j]);
  }
  lanes[warp] = std::max(lanes[warp], completed[warp]);
  refresh(warp);
}

RaceHit SharedRaces::issue(u32 thread, u32 at, u32 n) {
  RaceHit result = write(thread, at, n);
  if (!result.found)
    setWriter(kPendingClock << kClockShift | thread, at, n);
  return result;
}

void SharedRaces::arrive(u32 thread, u32 at, u32 n) {
  setWriter(clock << kClockShift | thread, at, n);
}

/// cp.async moves whole words.
void SharedRaces::setWriter(u32 record, u32 at, u32 n) {
  for (u32 word = at / 4; word < (at + n) / 4; ++word)
    if (isSplit(word))
      for (u32 byte = word * 4; byte < word * 4 + 4; ++byte)
        cells[byte].write = record;
    else
      wordWrite[word] = record;
}

} // namespace hadal::sim
