// SPDX-License-Identifier: Apache-2.0
// State of a warp: registers and local memory by frame, divergent paths.
#ifndef HADAL_SIM_STATE_WARP_H
#define HADAL_SIM_STATE_WARP_H

#include "sim/state/Counters.h"

namespace hadal::sim {

struct Block;
struct Launch;
struct Worker;

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
  bool changed = false;  // an atomic of a loop that only polls did
  MemoryCount spun[kMaximumSpins]; // of the accesses of this round of it

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
    u64 order; // of issue
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
  u64 asyncIssued = 0;

  /// Arrivals at mbarriers that happen when the copies issued before have.
  struct DeferredArrival {
    u64 before; // order of issue
    u32 mask;   // lanes that have not arrived
    u32 address[kLanes];
  };
  std::vector<DeferredArrival> deferredArrivals;

  template <typename T> T *at(u32 operand) const {
    return reinterpret_cast<T *>(base[operand >> kAreaShift] + (operand & kAreaMask));
  }
  u32 *flags(u32 operand) const { return undefined + slotOf(operand); }
};

/// An activation of the function for the lanes of `mask`.
Frame *enterFunction(Warp &warp, const Function &function, u32 mask);
void leaveFrame(Warp &warp, Frame *frame);
/// Makes room for `bytes` of local memory a lane; false past the limit.
bool growLocal(Warp &warp, u64 bytes);
void useFrame(Warp &warp, Frame *frame);
constexpr u64 kMaximumLocal = 512 * 1024;

} // namespace hadal::sim

#endif // HADAL_SIM_STATE_WARP_H
