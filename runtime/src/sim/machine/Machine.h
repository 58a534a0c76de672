// SPDX-License-Identifier: Apache-2.0
// State of a running launch: workers, blocks, warps, frames, divergent paths.
#ifndef HADAL_SIM_MACHINE_MACHINE_H
#define HADAL_SIM_MACHINE_MACHINE_H

#include "sim/decode/Code.h"
#include "sim/machine/Counters.h"
#include "sim/machine/Memory.h"

#include <mutex>

namespace hadal::sim {

struct Block;
struct Launch;
struct Level;
struct Worker;
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
};

/// One activation of a function by some lanes of a warp.
struct Frame {
  const Function *function = nullptr;
  Frame *parent = nullptr;
  const Inst *call = nullptr; // in the parent
  u32 returnPc = 0;
  u32 depth = 0;
  u32 lanes = 0;              // that have not returned
  u32 started = 0;            // that entered
  u64 localBase = 0;          // of its variables, the same for all lanes
  u32 carry = 0;              // condition code of add.cc and its kin
  u8 *registers = nullptr;
  u32 *undefined = nullptr;   // per slot, lanes that hold undefined bits
  u8 *shadow = nullptr;       // undefined bits, like the registers; on demand
  /// By lane: which undefined value the register holds, plus or minus a defined
  /// one; 0 is one of its own. On demand.
  u32 *origins = nullptr;
  u64 capacity = 0;           // slots allocated
  Frame *nextFree = nullptr;
};

/// Lanes that execute together.
struct Path {
  enum State : u8 { Ready, WaitSync, WaitBarrier, WaitAny };
  State state = Ready;
  u32 pc = 0;
  u32 mask = 0;
  u32 required = 0;    // WaitSync: lanes that must arrive
  u32 barrier = 0;     // WaitBarrier
  Frame *frame = nullptr;
  u64 lastRun = 0;     // stamp, for fairness
};

constexpr u32 kMaxPaths = kLanes;

struct Warp {
  // Read by every instruction.
  u8 *base[3] = {nullptr, nullptr, nullptr};
  u32 pc = 0;
  u32 active = 0;
  u32 threshold = ~0u;  // a path waits at this pc
  bool tracking = false; // some register may hold undefined bits
  i32 budget = 0;
  u32 *undefined = nullptr;
  Frame *frame = nullptr;
  Worker *worker = nullptr;
  Block *block = nullptr;
  Launch *launch = nullptr;

  u32 index = 0;        // in the block
  u32 valid = 0;        // lanes that are threads of the block
  u32 exited = 0;
  Path paths[kMaxPaths + 1]; // those that do not run now
  u32 pathCount = 0;
  u64 executed = 0;     // warp instructions, for the limit
  u64 stamp = 0;
  u32 lastOrigin = 0;   // of undefined values
  u32 quanta = 0;       // used up while other paths could run
  bool polls = false;   // executed an atomic or volatile access since
  bool turn = false;    // a path runs out of order, for fairness
  bool done = false;
  bool progress = false; // stored something, or an atomic changed memory

  u8 *local = nullptr;       // lane-major
  u8 *localUndefined = nullptr;
  u64 localStride = 0;       // bytes a lane
  Frame *freeFrames = nullptr;
  std::vector<std::unique_ptr<Frame>> frames;
  std::vector<u8> specials;
  ~Warp();

  /// The lanes of a cp.async that belong to one group and have not arrived.
  struct AsyncCopy {
    u32 group;
    u32 bytes; // of a lane
    u32 mask;
    bool undefined; // some of the bytes: `bits` says which
    u32 address[kLanes]; // in shared memory
    u8 data[kLanes][16];
    u8 bits[kLanes][16];
  };
  std::vector<std::unique_ptr<AsyncCopy>> asyncCopies; // in order of issue
  std::vector<std::unique_ptr<AsyncCopy>> spareCopies;
  u32 asyncGroup[kLanes] = {}; // number of the open group of each lane

  template <typename T> T *at(u32 operand) const {
    return reinterpret_cast<T *>(base[operand >> kAreaShift] +
                                 (operand & kAreaMask));
  }
  u32 *flags(u32 operand) const { return undefined + slotOf(operand); }
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

struct Block {
  Block();
  ~Block();
  u32 id[3] = {0, 0, 0};
  u64 linear = 0;
  std::vector<std::unique_ptr<Warp>> warps;
  std::vector<u8> shared;
  std::vector<u8> sharedUndefined;
  bool sharedMayBeUndefined = true;
  std::unique_ptr<SharedRaces> races;
  Barrier barriers[16];
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
  enum Kind : u8 { None, Checked, Error } kind = None;
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
bool report(Warp &warp, const Inst &inst, const char *check, u32 lane,
            const std::string &message);
/// Ends the launch with an error that is no check.
bool stopWith(Warp &warp, const Inst &inst, const std::string &message);
inline u32 pcOf(const Warp &warp, const Inst &inst) {
  return u32(&inst - warp.launch->program->code.data());
}

// Launching (Launch.cpp, Blocks.cpp).

/// Runs all blocks; the result is in launch.report and in `counters`.
void runLaunch(Launch &launch, Counters &counters);
/// Makes the block ready to run from its first instruction.
void startBlock(Worker &worker, Block &block, u64 linear);
/// Gives every warp that can run one turn. False when the block has ended.
bool runRound(Worker &worker, Block &block);

// Divergence (Paths.cpp).

/// Chooses the next path of the warp: deepest call first, then lowest program
/// counter. False when none can run.
bool reschedule(Warp &warp);
/// Chooses the path of a new quantum; now and then one that would have to wait,
/// so that a lock held by it is released.
bool beginQuantum(Warp &warp);
/// Parks the running lanes of `mask`, which leave the active path.
void park(Warp &warp, const Inst &inst, u32 mask, Path::State state,
          u32 required, u32 barrier);
/// Adds lanes that wait at `pc`.
void addPath(Warp &warp, u32 pc, u32 mask, Frame *frame, Path::State state,
             u32 required = 0, u32 barrier = 0);
/// Lowers the threshold for a path that became ready.
void noteReady(Warp &warp, u32 pc, const Frame *frame);
/// Waits until all lanes of `required` have arrived at the instruction. True
/// when they have; `mask` then holds the lanes that execute it.
bool converge(Warp &warp, const Inst &inst, u32 &mask, u32 required);
void exitLanes(Warp &warp, u32 mask);

// Frames (Frames.cpp).

Frame *enterFunction(Warp &warp, const Function &function, u32 mask);
void leaveFrame(Warp &warp, Frame *frame);
/// Makes room for `bytes` of local memory a lane; false past the limit.
bool growLocal(Warp &warp, u64 bytes);
void useFrame(Warp &warp, Frame *frame);
constexpr u64 kMaximumLocal = 512 * 1024;

// Barriers (Barriers.cpp).

/// Lanes arrive at a barrier and, unless `arriveOnly`, wait for it. Returns
/// true when it is complete and the lanes go on.
bool arriveAtBarrier(Warp &warp, const Inst &inst, u32 mask, u32 id,
                     u32 expected, bool arriveOnly, u32 threads,
                     u32 predicate);
/// Called when threads of the block have exited.
void barriersAfterExit(Warp &warp);

// Functions without a body (DeviceRuntime.cpp).

/// Calls a function of CUDA's device runtime for the lanes of `mask`. False
/// after a report: an assertion has failed, or there is no such function.
bool callRuntime(Warp &warp, const Inst &inst, const CallSite &site,
                 const Function &callee, u32 mask);

// Undefined values (Undefined.cpp).

/// The undefined bits of an operand's lanes, allocated on first use.
u8 *shadowOf(Warp &warp, u32 operand);
/// Carries undefined bits through a register-to-register instruction, before
/// it runs. `lanes`: those of which a source is flagged.
void propagate(Warp &warp, const Inst &inst, u32 mask, u32 lanes);
/// Reads and writes the undefined bits of one lane.
u64 undefinedBits(Warp &warp, u32 operand, u32 bytes, u32 lane);
void setUndefinedBits(Warp &warp, u32 operand, u32 bytes, u32 lane, u64 bits);
/// Names the undefined value of a lane, given a name now if it has none; what is
/// added to it may be taken out again. setOrigin: after setUndefinedBits, with a
/// name that originOf gave.
u32 originOf(Warp &warp, u32 operand, u32 lane);
void setOrigin(Warp &warp, u32 operand, u32 lane, u32 origin);
/// Clears the flags of the lanes of a destination.
inline void defineLanes(Warp &warp, u32 operand, u32 bytes, u32 mask) {
  u32 slot = slotOf(operand);
  for (u32 i = 0; i == 0 || i < bytes / 4; ++i)
    warp.undefined[slot + i] &= ~mask;
}
/// The lanes of a result of and (0), or (1), xor (2) of predicates that undefined
/// ones decide; a and b: values, ua and ub: undefined lanes.
u32 undefinedLogic(int op, u32 a, u32 b, u32 ua, u32 ub);
/// The lanes, of `lanes`, whose comparison of integers undefined bits decide.
/// order: 0 a == b, 1 a < b, 2 a <= b, or their opposites.
u32 undefinedComparison(Warp &warp, const Inst &inst, u32 lanes, int order,
                        bool isSigned);
bool reportUndefined(Warp &warp, const Inst &inst, u32 lanes,
                     const char *what);

} // namespace hadal::sim

#endif // HADAL_SIM_MACHINE_MACHINE_H
