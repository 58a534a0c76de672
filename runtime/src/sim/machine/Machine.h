// SPDX-License-Identifier: Apache-2.0
// What moves a launch: turns of blocks and warps, divergence, barriers, the device runtime.
#ifndef HADAL_SIM_MACHINE_MACHINE_H
#define HADAL_SIM_MACHINE_MACHINE_H

#include "sim/state/Launch.h"

namespace hadal::sim {

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
void park(Warp &warp, const Inst &inst, u32 mask, Path::State state, u32 required, u32 barrier);
/// Adds lanes that wait at `pc`.
void addPath(Warp &warp, u32 pc, u32 mask, Frame *frame, Path::State state, u32 required = 0,
             u32 barrier = 0);
/// Lowers the threshold for a path that became ready.
void noteReady(Warp &warp, u32 pc, const Frame *frame);
/// Waits until all lanes of `required` have arrived at the instruction. True
/// when they have; `mask` then holds the lanes that execute it.
bool converge(Warp &warp, const Inst &inst, u32 &mask, u32 required);
void exitLanes(Warp &warp, u32 mask);

// Polling (Spins.cpp).

/// The branch at the end of a loop that only polls is decided. A round after
/// which all lanes go back is counted apart: how many there are is the host's
/// chance.
void noteSpin(Warp &warp, const Inst &branch, u32 taken);

// Barriers (Barriers.cpp).

/// Lanes arrive at a barrier and, unless `arriveOnly`, wait for it. Returns
/// true when it is complete and the lanes go on.
bool arriveAtBarrier(Warp &warp, const Inst &inst, u32 mask, u32 id, u32 expected, bool arriveOnly,
                     u32 threads, u32 predicate);
/// Called when threads of the block have exited.
void barriersAfterExit(Warp &warp);

// Functions without a body (DeviceRuntime.cpp).

/// Calls a function of CUDA's device runtime for the lanes of `mask`. False
/// after a report: an assertion has failed, or there is no such function.
bool callRuntime(Warp &warp, const Inst &inst, const CallSite &site, const Function &callee,
                 u32 mask);

} // namespace hadal::sim

#endif // HADAL_SIM_MACHINE_MACHINE_H
