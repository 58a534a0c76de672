// SPDX-License-Identifier: Apache-2.0
// Spreads the blocks of a launch over host threads.
#include "sim/machine/Machine.h"

#include <algorithm>
#include <condition_variable>
#include <thread>

namespace hadal::sim {

namespace {

constexpr u64 kCrowdRounds = 4;           // in which a block only polls
constexpr size_t kMaximumResident = 1024; // blocks of a host thread

u64 blockCount(const Launch &launch) {
  return u64(launch.grid[0]) * launch.grid[1] * launch.grid[2];
}

/// Takes the next block of the grid; false when there is none.
bool takeBlock(Worker &worker, std::vector<Block *> &free, std::vector<Block *> &live) {
  Launch &launch = *worker.launch;
  u64 linear = launch.nextBlock.fetch_add(1, std::memory_order_relaxed);
  if (linear >= blockCount(launch))
    return false;
  if (free.empty()) {
    worker.pool.push_back(std::make_unique<Block>());
    free.push_back(worker.pool.back().get());
  }
  live.push_back(free.back());
  free.pop_back();
  startBlock(worker, *live.back(), linear);
  return true;
}

/// One block after the other, each to its end. Where the resident ones wait for
/// what nobody changes, the next joins them: a device has room for many, and
/// some kernels wait for blocks after their own.
void runIndependent(Worker &worker) {
  Launch &launch = *worker.launch;
  std::vector<Block *> live, free;
  while (!live.empty() || takeBlock(worker, free, live)) {
    for (size_t i = 0; i < live.size();) {
      if (runRound(worker, *live[i])) {
        ++i;
        continue;
      }
      if (launch.stop.load(std::memory_order_relaxed))
        return;
      free.push_back(live[i]);
      live.erase(live.begin() + std::ptrdiff_t(i));
    }
    if (worker.idleRounds > kCrowdRounds * live.size() && live.size() < kMaximumResident &&
        takeBlock(worker, free, live))
      worker.idleRounds = 0;
  }
}

/// All blocks of the worker's share are resident and take turns.
void runResident(Worker &worker, u32 index) {
  Launch &launch = *worker.launch;
  u64 count = blockCount(launch);
  std::vector<u32> live;
  for (u64 linear = index; linear < count; linear += launch.threads) {
    worker.pool.push_back(std::make_unique<Block>());
    startBlock(worker, *worker.pool.back(), linear);
    live.push_back(u32(worker.pool.size() - 1));
  }
  while (!live.empty() && !launch.stop.load(std::memory_order_relaxed)) {
    if (launch.seed)
      for (size_t i = live.size(); i > 1; --i)
        std::swap(live[i - 1], live[worker.nextRandom() % i]);
    for (size_t i = 0; i < live.size();) {
      if (runRound(worker, *worker.pool[live[i]])) {
        ++i;
        continue;
      }
      if (launch.stop.load(std::memory_order_relaxed))
        return;
      live.erase(live.begin() + std::ptrdiff_t(i));
    }
  }
}

/// What a host thread does of a launch. It may have no memory for that, which ends the launch.
void work(Worker &worker, u32 index) noexcept {
  Launch &launch = *worker.launch;
  try {
    if (launch.cooperative)
      runResident(worker, index);
    else
      runIndependent(worker);
  } catch (...) {
    std::lock_guard<std::mutex> guard(launch.lock);
    launch.stop.store(true, std::memory_order_relaxed);
    if (launch.report.kind == Report::None)
      launch.report.kind = Report::OutOfMemory;
  }
  worker.stuckAt.store(Worker::kEnded, std::memory_order_relaxed);
}

/// Threads of a launch, which begin when it is known how many the host has.
class Team {
public:
  explicit Team(std::vector<Worker> &workers) : workers(workers) {
    try {
      threads.reserve(workers.size() - 1);
      for (u32 i = 1; i < workers.size(); ++i)
        threads.emplace_back([this, i] {
          {
            std::unique_lock<std::mutex> held(lock);
            isOpen.wait(held, [this] { return begun; });
          }
          work(this->workers[i], i);
        });
    } catch (...) {
      // Fewer do the same.
    }
  }
  u32 size() const { return u32(threads.size() + 1); }
  void run() {
    {
      std::lock_guard<std::mutex> guard(lock);
      begun = true;
    }
    isOpen.notify_all();
    work(workers[0], 0);
    for (std::thread &thread : threads)
      thread.join();
  }

private:
  std::vector<Worker> &workers;
  std::vector<std::thread> threads;
  std::mutex lock;
  std::condition_variable isOpen;
  bool begun = false;
};

} // namespace

void runLaunch(Launch &launch, Counters &counters) {
  size_t code = launch.program->code.size();
  u64 blocks = blockCount(launch);
  launch.threads = u32(std::max<u64>(1, std::min<u64>(launch.threads, blocks)));
  std::vector<Worker> workers(launch.threads);
  for (u32 i = 0; i < launch.threads; ++i) {
    Worker &worker = workers[i];
    worker.launch = &launch;
    worker.counters.resize(*launch.program);
    worker.lastBuffer.assign(code, nullptr);
    worker.random = launch.seed * 0x9e3779b97f4a7c15ull + i + 1;
  }
  launch.workers = &workers;
  Team team(workers);
  for (u32 i = team.size(); i < launch.threads; ++i)
    workers[i].stuckAt.store(Worker::kEnded, std::memory_order_relaxed);
  launch.threads = team.size();
  launch.concurrent = launch.threads > 1;
  team.run();
  counters = {};
  counters.resize(*launch.program);
  counters.distinct = launch.distinctSectors;
  for (Worker &worker : workers) {
    worker.counters.settle();
    counters.add(worker.counters);
  }
}

} // namespace hadal::sim
