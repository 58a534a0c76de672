// SPDX-License-Identifier: Apache-2.0
// State of a running launch: host threads, blocks with their barriers, what ended it.
#ifndef HADAL_SIM_STATE_LAUNCH_H
#define HADAL_SIM_STATE_LAUNCH_H

#include "sim/state/Counters.h"
#include "sim/state/DeviceMemory.h"
#include "sim/state/Warp.h"

#include <map>
#include <mutex>

namespace hadal::sim {

struct Level;
class SharedRaces;
class GlobalRaces;

/// Checks that can be turned off one by one.
enum Check : u32 {
  kCheckBounds = 1,    // out of bounds, misaligned, use after free
  kCheckInit = 2,      // undefined values
  kCheckRace = 4,      // shared memory
  kCheckBarrier = 8,   // barriers not reached, divergent .aligned
  kCheckAsync = 16,    // cp.async destinations
  kCheckGlobalRace = 32, // on request
  kCheckWarpRace = 64,   // of the above two, those between lanes of one warp
};

struct Barrier {
  u32 arrived = 0;   // threads
  u32 expected = 0;  // 0: all of the block
  u32 waiting = 0;   // threads parked
  u32 popc = 0;      // of bar.red
  u32 allTrue = 1, anyTrue = 0;
  u32 generation = 0;
  u32 resultPopc = 0, resultAll = 0, resultAny = 0;
  u32 warps = 0;     // bit mask of those that have arrived
  u32 firstPc = 0;
};

/// An mbarrier object; its word in shared memory says the same.
struct Mbarrier {
  u32 expected = 0; // arrivals of a phase
  u32 pending = 0;  // of this one
  u64 phase = 0;
};

struct Block {
  Block();
  ~Block(); // where blocks are started, in a folder that knows `races`
  u32 id[3] = {0, 0, 0};
  u64 linear = 0;
  std::vector<std::unique_ptr<Warp>> warps;
  std::vector<u8> shared;
  std::vector<u8> sharedUndefined;
  bool sharedMayBeUndefined = true;
  std::unique_ptr<SharedRaces> races;
  Barrier barriers[16];
  std::map<u32, Mbarrier> mbarriers; // by address
  u32 deferred = 0; // groups of arrivals that wait for copies
  u32 threads = 0;
  u32 exited = 0;      // threads
  u32 liveWarps = 0;
  bool started = false;
};

/// One host thread of a launch.
struct Worker {
  Launch *launch = nullptr;
  Counters counters;
  std::vector<Buffer *> lastBuffer; // by pc: what the address was in last
  u64 random = 0;
  std::vector<std::unique_ptr<Block>> pool;
  std::vector<u32> order;
  u64 idleRounds = 0;   // in which all warps polled and nothing changed
  u64 seenProgress = 0; // of the launch, when they began
  /// The launch's progress at which this thread had long been idle.
  std::atomic<u64> stuckAt{kNotStuck};
  static constexpr u64 kNotStuck = ~u64(0), kEnded = ~u64(0) - 1;
  u64 nextRandom();
};

/// What a check found, or why a launch ended.
struct Report {
  enum Kind : u8 { None, Checked, Error, OutOfMemory } kind = None;
  std::string check;
  std::string message;
  u32 line = 0;
  u32 sourceLine = 0;
};

/// Bytes of shared memory that the system keeps for itself, as on sm_80.
constexpr u64 kReservedShared = 1024;

struct Launch {
  const Program *program = nullptr;
  const Function *kernel = nullptr;
  const Level *level = nullptr;
  DeviceMemory *memory = nullptr;
  u32 grid[3] = {1, 1, 1};
  u32 block[3] = {1, 1, 1};
  u32 dynamicShared = 0;
  u64 gridWorkspace = 0; // memory that grid-wide barriers use
  u64 sharedBytes = 0;
  u64 reservedShared = 0; // where %reserved_smem_offset_begin points; 0: none
  u64 seed = 0;
  u32 threads = 1;
  bool cooperative = false;
  u32 checks = 0;
  u64 maxInstructions = 0; // per warp
  bool distinctSectors = false; // counts each sector once, too
  std::vector<u8> parameters;
  bool concurrent = false; // several host threads: atomics must be atomic
  GlobalRaces *globalRaces = nullptr;

  std::atomic<u64> nextBlock{0};
  std::atomic<bool> stop{false};
  std::atomic<u64> progress{0};
  std::vector<Worker> *workers = nullptr;
  std::mutex lock;
  Report report; // the first
};

/// Ends the launch with a report about `lane` (or ~0 for the warp) of `warp` at
/// the instruction; returns false.
bool report(Warp &warp, const Inst &inst, const char *check, u32 lane, const std::string &message);
/// Ends the launch with an error that is no check.
bool stopWith(Warp &warp, const Inst &inst, const std::string &message);
inline u32 pcOf(const Warp &warp, const Inst &inst) {
  return u32(&inst - warp.launch->program->code.data());
}

} // namespace hadal::sim

#endif // HADAL_SIM_STATE_LAUNCH_H
