// SPDX-License-Identifier: Apache-2.0
// Threads that execute the workgroups of one launch after the other.
#ifndef HADAL_CPU_THREADPOOL_H
#define HADAL_CPU_THREADPOOL_H

#include "core/Memory.h"
#include "core/Status.h"
#include "hadal_kernel_abi.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <vector>

namespace hadal::runtime {

/// The workgroups of one launch: `total` of them, all of state->workgroup_count.
struct GridJob {
  hadal_kernel_fn_t kernel = nullptr;
  const hadal_dispatch_state_t *state = nullptr;
  uint64_t total = 0;
};

/// Executes grids of workgroups. Workgroups are claimed in order, x fastest, by
/// whichever thread is free; the order of completion is unspecified, so kernels
/// must not depend on it. Launches of several threads take turns.
class ThreadPool {
public:
  /// `threads` counts the calling thread; at least 1. Where the system grants
  /// fewer threads, the pool has fewer.
  explicit ThreadPool(uint32_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  /// Keeps thread i on cpus[i], of which there are as many as threads; the calling thread, which is
  /// the first, while it is in run() or runAll().
  Status pin(std::vector<uint32_t> cpus);
  bool isPinned() const { return !cpus.empty(); }

  uint32_t threads() const { return static_cast<uint32_t>(workers.size()) + 1; }

  /// Makes sure that each thread has this much scratch.
  Status reserveScratch(size_t bytes);

  /// Runs all workgroups and returns when they have ended. Returns 0, or the code
  /// of a workgroup that failed; those that had not started by then are left out.
  int32_t run(const GridJob &grid);

  /// Runs grids one after the other; each begins when the one before has ended. Looks at *cancel
  /// before each. *done = how many succeeded; less than all when one failed, whose code is returned,
  /// or when *cancel was not zero, and 0 is returned.
  int32_t runAll(const std::vector<GridJob> &grids, const volatile int32_t *cancel, uint32_t *done);

private:
  // What the workers work on, in chunks of workgroups. Written while nobody has claimed one.
  struct Job : GridJob {
    uint64_t chunk = 1; // workgroups
    uint32_t chunks = 0;
  };

  struct Worker {
    ThreadPool *pool;
    uint32_t index;
    pthread_t handle;
  };

  static void *start(void *worker);
  void work(uint32_t thread);
  uint32_t claim();
  void runChunk(uint32_t thread, uint32_t chunk);
  int32_t runWorkgroups(uint32_t thread, uint64_t first, uint64_t end);
  int32_t runLocked(const GridJob &grid);
  void publish();
  void awaitOthers(uint32_t own);

  Job job;
  std::unique_lock<std::mutex> takeTurn();

  std::mutex launch; // held by the thread whose job this is
  std::atomic<uint32_t> waiting{0}, turns{0}; // for it; taken of it
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<Pages> scratch; // one a thread
  std::vector<uint32_t> cpus; // one a thread, or none

  // Chunks of the job that nobody has claimed. Who takes one away may read the job until it has
  // counted it as done; the launching thread waits for chunks that were claimed, never for a worker
  // that still sleeps.
  alignas(64) std::atomic<uint32_t> unclaimed{0};
  alignas(64) std::atomic<uint32_t> done{0}; // by workers
  std::atomic<int32_t> error{0};

  std::mutex sleep; // guards the condition
  std::condition_variable wake;
  std::atomic<uint32_t> sleeping{0};
  std::atomic<bool> stop{false};
};

/// The number of cores that this process may run on; at least 1.
uint32_t availableCores();

} // namespace hadal::runtime

#endif // HADAL_CPU_THREADPOOL_H
