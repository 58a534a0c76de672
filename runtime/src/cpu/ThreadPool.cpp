// SPDX-License-Identifier: Apache-2.0
// A pool whose workers spin between launches, which follow each other within
// microseconds, and sleep between steps.
#include "cpu/ThreadPool.h"
#include "device/Cancel.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <sched.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hadal::runtime {
namespace {

// Chunks of a job for each thread, where workgroups are that many.
constexpr uint64_t kChunksPerThread = 32;

// Turns before a worker sleeps: 20 to 100 µs, longer than the gap between two
// launches of a step and shorter than a scheduler's time slice.
constexpr uint32_t kSpins = 2000;
// Turns before the launching thread offers its core to a worker that was
// descheduled within its workgroup.
constexpr uint32_t kSpinsBeforeYield = 4000;

// How long a list of launches keeps those of other sessions waiting: far longer than it takes to wake
// their thread.
constexpr std::chrono::milliseconds kTurn(1);

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

// Kernels compute with the default rounding and with subnormals, whatever the
// embedding program has set: else results would depend on the thread.
class DefaultFloatingPoint {
public:
#if defined(__x86_64__)
  DefaultFloatingPoint() : saved(_mm_getcsr()) { _mm_setcsr(0x1f80); }
  ~DefaultFloatingPoint() { _mm_setcsr(saved); }

private:
  unsigned saved;
#endif
};

// Keeps a thread that is not the pool's on a CPU.
class OnCpu {
public:
  // `cpus` may be empty: then it stays where it is.
  explicit OnCpu(const std::vector<uint32_t> &cpus)
      : moved(!cpus.empty() && sched_getaffinity(0, sizeof before, &before) == 0) {
    cpu_set_t one;
    CPU_ZERO(&one);
    if (moved) {
      CPU_SET(cpus.front(), &one);
      moved = sched_setaffinity(0, sizeof one, &one) == 0;
    }
  }
  ~OnCpu() {
    if (moved)
      sched_setaffinity(0, sizeof before, &before);
  }

private:
  cpu_set_t before;
  bool moved;
};

// Signals are the business of the embedding program's own threads.
class BlockedSignals {
public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &saved);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &saved, nullptr); }

private:
  sigset_t saved;
};

} // namespace

uint32_t availableCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return static_cast<uint32_t>(std::max(1, CPU_COUNT(&set)));
  return 1;
}

ThreadPool::ThreadPool(uint32_t threads) : scratch(std::max(1u, threads)) {
  BlockedSignals blocked;
  for (uint32_t i = 1; i < threads; ++i) {
    auto worker = std::make_unique<Worker>(Worker{this, i, {}});
    if (pthread_create(&worker->handle, nullptr, start, worker.get()) != 0)
      break;
    workers.push_back(std::move(worker));
  }
}

Status ThreadPool::pin(std::vector<uint32_t> chosen) {
  for (const auto &worker : workers) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(chosen[worker->index], &one);
    if (int code = pthread_setaffinity_np(worker->handle, sizeof one, &one))
      return fail(HADAL_STATUS_UNSUPPORTED,
                  "options.pin_threads: cannot pin a thread to CPU %u: %s", chosen[worker->index],
                  strerror(code));
  }
  cpus = std::move(chosen);
  return {};
}

void *ThreadPool::start(void *worker) {
  auto *self = static_cast<Worker *>(worker);
  self->pool->work(self->index);
  return nullptr;
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(sleep);
    stop.store(true);
  }
  wake.notify_all();
  for (auto &worker : workers)
    pthread_join(worker->handle, nullptr);
}

Status ThreadPool::reserveScratch(size_t bytes) {
  std::lock_guard<std::mutex> lock(launch);
  for (Pages &pages : scratch)
    if (pages.size() < bytes)
      HADAL_TRY(Pages::allocate(bytes, "scratch", pages));
  return {};
}

// Workgroups first to end of the job, in order; the code of the first that fails.
int32_t ThreadPool::runWorkgroups(uint32_t thread, uint64_t first, uint64_t end) {
  hadal_workgroup_state_t workgroup = {};
  workgroup.thread = thread;
  workgroup.scratch = scratch[thread].data();
  const uint32_t *count = job.state->workgroup_count;
  uint32_t *id = workgroup.workgroup_id;
  if (first != 0) {
    id[0] = static_cast<uint32_t>(first % count[0]);
    id[1] = static_cast<uint32_t>(first / count[0] % count[1]);
    id[2] = static_cast<uint32_t>(first / count[0] / count[1]);
  }
  for (uint64_t i = first; i < end; ++i) {
    if (int32_t code = job.kernel(job.state, &workgroup))
      return code;
    if (++id[0] != count[0])
      continue;
    id[0] = 0;
    if (++id[1] != count[1])
      continue;
    id[1] = 0;
    ++id[2];
  }
  return 0;
}

// The number of a chunk plus one; 0 when none is left.
uint32_t ThreadPool::claim() {
  uint32_t left = unclaimed.load(std::memory_order_relaxed);
  while (left != 0 && !unclaimed.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel,
                                                       std::memory_order_relaxed))
    ;
  return left == 0 ? 0 : job.chunks - left + 1;
}

void ThreadPool::runChunk(uint32_t thread, uint32_t chunk) {
  if (error.load(std::memory_order_relaxed) != 0)
    return;
  uint64_t first = chunk * job.chunk;
  if (int32_t code = runWorkgroups(thread, first, std::min(job.total, first + job.chunk))) {
    int32_t none = 0;
    error.compare_exchange_strong(none, code);
  }
}

void ThreadPool::work(uint32_t thread) {
  DefaultFloatingPoint environment;
  for (uint32_t spins = 0; !stop.load(std::memory_order_relaxed);) {
    if (uint32_t chunk = claim()) {
      runChunk(thread, chunk - 1);
      done.fetch_add(1, std::memory_order_release);
      spins = 0;
    } else if (++spins < kSpins) {
      relax();
    } else {
      std::unique_lock<std::mutex> lock(sleep);
      sleeping.fetch_add(1);
      wake.wait(lock, [&] { return stop.load() || unclaimed.load() != 0; });
      sleeping.fetch_sub(1);
      spins = 0;
    }
  }
}

void ThreadPool::publish() {
  done.store(0, std::memory_order_relaxed);
  // Sequentially consistent with the sleeper's count: either the sleeper sees
  // the chunks, or this thread sees the sleeper.
  unclaimed.store(job.chunks);
  if (sleeping.load() != 0) {
    {
      std::lock_guard<std::mutex> lock(sleep);
    }
    wake.notify_all();
  }
}

void ThreadPool::awaitOthers(uint32_t own) {
  for (uint32_t spins = 0; done.load(std::memory_order_acquire) != job.chunks - own; ++spins)
    if (spins < kSpinsBeforeYield)
      relax();
    else
      sched_yield();
}

// With the lock, in the default environment.
int32_t ThreadPool::runLocked(const GridJob &grid) {
  job = {grid, 1, 0};
  if (grid.total < 2 || workers.empty())
    return runWorkgroups(0, 0, grid.total);
  if (uint64_t most = uint64_t(threads()) * kChunksPerThread; grid.total > most)
    job.chunk = (grid.total + most - 1) / most;
  job.chunks = static_cast<uint32_t>((grid.total + job.chunk - 1) / job.chunk);
  error.store(0, std::memory_order_relaxed);
  publish();
  uint32_t own = 0;
  for (; uint32_t chunk = claim(); ++own)
    runChunk(0, chunk - 1);
  awaitOthers(own);
  return error.load(std::memory_order_relaxed);
}

std::unique_lock<std::mutex> ThreadPool::takeTurn() {
  waiting.fetch_add(1);
  std::unique_lock<std::mutex> lock(launch);
  waiting.fetch_sub(1);
  turns.fetch_add(1);
  return lock;
}

int32_t ThreadPool::run(const GridJob &grid) {
  OnCpu place(cpus);
  std::unique_lock<std::mutex> lock = takeTurn();
  DefaultFloatingPoint environment;
  return runLocked(grid);
}

int32_t ThreadPool::runAll(const std::vector<GridJob> &grids, const volatile int32_t *cancel,
                           uint32_t *done) {
  using Clock = std::chrono::steady_clock;
  DefaultFloatingPoint environment;
  OnCpu place(cpus);
  std::unique_lock<std::mutex> lock = takeTurn();
  Clock::time_point began = Clock::now();
  for (*done = 0; *done < grids.size() && !device::isCancelled(cancel); ++*done) {
    if (waiting.load(std::memory_order_relaxed) != 0 && Clock::now() - began >= kTurn) {
      // A mutex goes to whoever is first, and that is this thread, unless it waits for another.
      uint32_t own = turns.load();
      lock.unlock();
      while (waiting.load() != 0 && turns.load() == own)
        sched_yield();
      lock = takeTurn();
      began = Clock::now();
    }
    if (int32_t code = runLocked(grids[*done]))
      return code;
  }
  return 0;
}

} // namespace hadal::runtime
