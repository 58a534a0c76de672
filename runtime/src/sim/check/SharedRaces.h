// SPDX-License-Identifier: Apache-2.0
// Detects races on shared memory between barriers, byte precise.
#ifndef HADAL_SIM_CHECK_SHAREDRACES_H
#define HADAL_SIM_CHECK_SHAREDRACES_H

#include "sim/support/Types.h"

#include <unordered_map>
#include <vector>

namespace hadal::sim {

/// What an access collided with.
struct RaceHit {
  bool found = false;
  bool pending = false;   // the write of a cp.async that has not been waited for
  bool otherIsWrite = false;
  u32 otherThread = 0;    // ~0: several lanes of `otherWarp`
  u32 otherWarp = 0;
  u32 byte = 0;
};

/// Happens-before at the granularity of warps: a clock of the block advances at
/// every synchronisation; each warp knows up to which clock it has seen every
/// other warp. Lanes of one warp are ordered by bar.warp.sync and barriers.
class SharedRaces {
public:
  /// inStep: the accesses of one warp are ordered as it makes them.
  SharedRaces(u32 bytes, u32 warps, bool inStep = false);
  void reset();
  /// An access by a lane (thread = warp * 32 + lane) to bytes [at, at + n).
  RaceHit read(u32 thread, u32 at, u32 n) {
    if (((at | n) & 3) == 0 && readWords(thread, at / 4, n / 4))
      return {};
    return readBytes(thread, at, n);
  }
  RaceHit write(u32 thread, u32 at, u32 n) {
    if (((at | n) & 3) == 0 && writeWords(thread, at / 4, n / 4))
      return {};
    return writeBytes(thread, at, n);
  }
  /// The read that a plain write would race with, without noting the write.
  RaceHit readBefore(u32 thread, u32 at, u32 n) const;
  /// A cp.async writes the bytes from now on until `arrive`.
  RaceHit issue(u32 thread, u32 at, u32 n);
  void arrive(u32 thread, u32 at, u32 n);
  /// The warps of the mask have synchronised with each other.
  void barrier(u32 warps, bool all);
  void warpSync(u32 warp);
  /// A warp arrives at objects (mbarriers), one a lane of the mask; the arrivals
  /// complete a phase of one; a warp has waited for its last phase.
  void signal(u32 warp, const u32 *objects, u32 mask);
  void complete(u32 object);
  void await(u32 warp, u32 object);
  /// Atomics and volatile accesses do not race with each other.
  RaceHit strong(u32 thread, u32 at, u32 n, bool writes) {
    return writes ? writeBytes(thread, at, n, kAtomic) : readBytes(thread, at, n, kAtomic);
  }
  /// A strong read of an address sees what the last strong writes of it had
  /// seen; a strong write publishes. Either orders the lanes of the warp.
  void acquire(u32 warp, u32 at);
  void release(u32 warp, const u64 *address, u32 mask, bool writes);

  // A record: clock << kClockShift | many << 10 | thread.
  static constexpr u32 kClockShift = 12;
  static constexpr u32 kAtomic = 1u << 11; // accessed by atomics alone
  static constexpr u32 kMany = 1u << 10;   // several lanes of the warp
  static constexpr u32 kThread = (1u << 10) - 1;
  static constexpr u32 kPendingClock = (1u << 20) - 1;
  static constexpr u32 kSplit = ~0u;

  /// The records of words as one warp sees them, for RaceLanes.h, which does
  /// what read, write, issue and arrive do to words where no clash is possible.
  struct View {
    u32 *write, *read1, *read2; // by word
    u32 warp;
    u32 clock;    // of a record made now, in its place
    u32 limit;    // records below are ordered
    u32 ownLimit; // those of the warp's own lanes below this are
    bool exact;   // those of other warps at or above `limit` are not
  };
  View view(u32 warp) {
    return {wordWrite.data(),
            wordRead1.data(),
            wordRead2.data(),
            warp,
            clock << kClockShift,
            limit[warp],
            (inStep ? kPendingClock : lanes[warp]) << kClockShift,
            exact[warp] != 0};
  }

private:
  struct Cell {
    u32 write, read1, read2;
  };
  bool readWords(u32 thread, u32 word, u32 n);
  bool writeWords(u32 thread, u32 word, u32 n);
  RaceHit readBytes(u32 thread, u32 at, u32 n, u32 flag = 0);
  RaceHit writeBytes(u32 thread, u32 at, u32 n, u32 flag = 0);
  bool ordered(u32 record, u32 thread) const;
  void noteRead(Cell &cell, u32 thread, u32 flag = 0) const;
  bool clashes(u32 record, u32 thread, u32 flag) const;
  RaceHit hit(u32 record, bool isWrite, u32 byte) const;
  void split(u32 word);
  void setWriter(u32 record, u32 at, u32 n);
  static bool alike(const std::vector<u32> &records, u32 word) {
    u32 first = records[word];
    return records[word + 1] == first && records[word + 2] == first && records[word + 3] == first;
  }
  /// Whether the byte cells hold the records of the word.
  bool isSplit(u32 word) const { return wordRead2[word] == kSplit; }
  void advance();
  void restartClocks();
  void refresh(u32 warp);

  u32 warps, size;
  bool inStep;
  u32 clock = 1;
  std::vector<u32> seen;  // [warp * warps + other]: clocks below are ordered
  std::vector<u32> limit; // [warp]: records below are ordered after any warp
  std::vector<u32> lanes; // [warp]: clock of the last sync of its own lanes
  std::vector<u8> exact;  // [warp]: it has seen all others up to its limit
  std::vector<u32> wordWrite, wordRead1, wordRead2;
  std::vector<Cell> cells; // by byte
  std::unordered_map<u32, std::vector<u32>> published; // by address
  /// What the arrivals of an object had seen: of all so far, and of those up to
  /// its last phase that is complete.
  struct Phases {
    std::vector<u32> arrived, completed;
  };
  std::unordered_map<u32, Phases> objects; // by address
};

} // namespace hadal::sim

#endif // HADAL_SIM_CHECK_SHAREDRACES_H
