// SPDX-License-Identifier: Apache-2.0
// The thread pool: every workgroup once, errors, many launches, several callers.
#include "cpu/ThreadPool.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hadal::runtime {
namespace {

// Counts the visits of each workgroup in bindings[0], [z][y][x].
int32_t countVisits(const hadal_dispatch_state_t *state, const hadal_workgroup_state_t *workgroup) {
  auto *counts = static_cast<std::atomic<int> *>(state->bindings[0]);
  uint64_t index = workgroup->workgroup_id[0] +
                   uint64_t(state->workgroup_count[0]) *
                       (workgroup->workgroup_id[1] +
                        uint64_t(state->workgroup_count[1]) * workgroup->workgroup_id[2]);
  counts[index].fetch_add(1);
  return 0;
}

uint64_t total(const uint32_t grid[3]) { return uint64_t(grid[0]) * grid[1] * grid[2]; }

void expectEachOnce(ThreadPool &pool, uint32_t x, uint32_t y, uint32_t z) {
  hadal_dispatch_state_t state = {};
  state.workgroup_count[0] = x;
  state.workgroup_count[1] = y;
  state.workgroup_count[2] = z;
  std::vector<std::atomic<int>> counts(total(state.workgroup_count));
  void *bindings[] = {counts.data()};
  state.bindings = bindings;
  ASSERT_EQ(pool.run({countVisits, &state, counts.size()}), 0);
  for (size_t i = 0; i < counts.size(); ++i)
    ASSERT_EQ(counts[i].load(), 1) << i;
}

TEST(ThreadPoolTest, EveryWorkgroupOnce) {
  for (uint32_t threads : {1u, 2u, 5u}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    expectEachOnce(pool, 1, 1, 1);
    expectEachOnce(pool, 2, 1, 1);
    expectEachOnce(pool, 7, 5, 3);
    expectEachOnce(pool, 10000, 1, 1);
    expectEachOnce(pool, 1, 1, 999);
  }
}

TEST(ThreadPoolTest, ManySmallLaunches) {
  ThreadPool pool(3);
  for (int i = 0; i < 20000; ++i)
    expectEachOnce(pool, 1 + i % 5, 1, 1);
}

TEST(ThreadPoolTest, LaunchesAfterTheWorkersSleep) {
  ThreadPool pool(3);
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    expectEachOnce(pool, 64, 1, 1);
  }
}

TEST(ThreadPoolTest, SeveralCallers) {
  ThreadPool pool(2);
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&] {
      for (int i = 0; i < 500; ++i)
        expectEachOnce(pool, 16, 2, 1);
    });
  for (std::thread &caller : callers)
    caller.join();
}

TEST(ThreadPoolTest, AnErrorEndsTheLaunchAndNotThePool) {
  ThreadPool pool(3);
  hadal_dispatch_state_t state = {};
  state.workgroup_count[0] = 100000;
  state.workgroup_count[1] = state.workgroup_count[2] = 1;
  std::atomic<int> executed{0};
  void *bindings[] = {&executed};
  state.bindings = bindings;
  auto kernel = [](const hadal_dispatch_state_t *state, const hadal_workgroup_state_t *workgroup) {
    static_cast<std::atomic<int> *>(state->bindings[0])->fetch_add(1);
    return workgroup->workgroup_id[0] >= 10 ? int32_t(42) : int32_t(0);
  };
  EXPECT_EQ(pool.run({kernel, &state, 100000}), 42);
  EXPECT_LT(executed.load(), 100000);
  expectEachOnce(pool, 100, 1, 1);
}

TEST(ThreadPoolTest, ScratchIsPrivateAndAligned) {
  ThreadPool pool(4);
  ASSERT_TRUE(pool.reserveScratch(100).ok());
  ASSERT_TRUE(pool.reserveScratch(100000).ok());
  hadal_dispatch_state_t state = {};
  state.workgroup_count[0] = 64;
  state.workgroup_count[1] = state.workgroup_count[2] = 1;
  auto kernel = [](const hadal_dispatch_state_t *, const hadal_workgroup_state_t *workgroup) {
    auto *words = static_cast<volatile uint64_t *>(workgroup->scratch);
    if (reinterpret_cast<uintptr_t>(words) % 64 != 0)
      return int32_t(1);
    for (int i = 0; i < 12500; ++i)
      words[i] = workgroup->workgroup_id[0];
    for (int i = 0; i < 12500; ++i)
      if (words[i] != workgroup->workgroup_id[0])
        return int32_t(2);
    return int32_t(0);
  };
  EXPECT_EQ(pool.run({kernel, &state, 64}), 0);
}

#if defined(__x86_64__)
TEST(ThreadPoolTest, KernelsComputeInTheDefaultFloatingPointEnvironment) {
  ThreadPool pool(1);
  hadal_dispatch_state_t state = {};
  state.workgroup_count[0] = state.workgroup_count[1] = state.workgroup_count[2] = 1;
  auto kernel = [](const hadal_dispatch_state_t *, const hadal_workgroup_state_t *) {
    return int32_t(_mm_getcsr() & 0xffc0) == 0x1f80 ? int32_t(0) : int32_t(1);
  };
  unsigned saved = _mm_getcsr();
  _mm_setcsr(saved | 0x8040); // flush subnormals, as numeric libraries like to
  EXPECT_EQ(pool.run({kernel, &state, 1}), 0);
  EXPECT_EQ(_mm_getcsr() & 0x8040, 0x8040u);
  _mm_setcsr(saved);
}
#endif

/// Grids of a list, each of which writes down when it was executed.
struct Grids {
  struct Context {
    std::atomic<uint32_t> executed{0}; // workgroups, of all grids
    uint32_t failsAt = UINT32_MAX, cancelsAt = UINT32_MAX; // of executed ones
    std::atomic<int32_t> cancel{0};
  };

  Grids(uint32_t count, uint32_t width) : states(count), bindings(count), seen(count) {
    for (uint32_t i = 0; i < count; ++i) {
      bindings[i] = {&context, &seen[i]};
      states[i].bindings = bindings[i].data();
      states[i].binding_count = 2;
      states[i].workgroup_count[0] = width;
      states[i].workgroup_count[1] = states[i].workgroup_count[2] = 1;
      jobs.push_back({execute, &states[i], width});
    }
  }

  static int32_t execute(const hadal_dispatch_state_t *state, const hadal_workgroup_state_t *) {
    auto &context = *static_cast<Context *>(state->bindings[0]);
    auto &seen = *static_cast<std::atomic<uint32_t> *>(state->bindings[1]);
    uint32_t number = context.executed.fetch_add(1);
    uint32_t largest = seen.load();
    while (largest < number + 1 && !seen.compare_exchange_weak(largest, number + 1))
      ;
    if (number == context.cancelsAt)
      context.cancel = 1;
    return number == context.failsAt ? 9 : 0;
  }

  int32_t runAll(ThreadPool &pool, uint32_t *done) {
    static_assert(sizeof context.cancel == sizeof(int32_t));
    return pool.runAll(jobs, reinterpret_cast<const volatile int32_t *>(&context.cancel), done);
  }

  Context context;
  std::vector<hadal_dispatch_state_t> states;
  std::vector<std::array<void *, 2>> bindings;
  std::vector<std::atomic<uint32_t>>
      seen; // by grid: one more than the last of its workgroups' numbers
  std::vector<GridJob> jobs;
};

TEST(ThreadPoolTest, AListRunsInOrder) {
  for (uint32_t threads : {1u, 2u, 4u})
    for (uint32_t width : {1u, 3u, 500u}) {
      ThreadPool pool(threads);
      Grids grids(50, width);
      uint32_t done = 7;
      EXPECT_EQ(grids.runAll(pool, &done), 0);
      EXPECT_EQ(done, 50u);
      for (uint32_t i = 0; i < 50; ++i)
        EXPECT_EQ(grids.seen[i], (i + 1) * width); // each began when the one before had ended
    }
}

TEST(ThreadPoolTest, AListOfNone) {
  ThreadPool pool(2);
  Grids grids(0, 1);
  uint32_t done = 7;
  EXPECT_EQ(grids.runAll(pool, &done), 0);
  EXPECT_EQ(done, 0u);
}

TEST(ThreadPoolTest, AListEndsWithAnError) {
  for (uint32_t threads : {1u, 3u}) {
    ThreadPool pool(threads);
    for (uint32_t failed : {0u, 7u, 8u, 19u}) {
      Grids grids(20, 10);
      grids.context.failsAt = failed * 10 + 4;
      uint32_t done = 0;
      EXPECT_EQ(grids.runAll(pool, &done), 9);
      EXPECT_EQ(done, failed);
      for (uint32_t i = failed + 1; i < 20; ++i)
        EXPECT_EQ(grids.seen[i], 0u);
      expectEachOnce(pool, 100, 1, 1);
    }
  }
}

TEST(ThreadPoolTest, AListEndsWhenItIsCancelled) {
  for (uint32_t threads : {1u, 3u}) {
    ThreadPool pool(threads);
    for (uint32_t last : {0u, 7u, 8u, 18u}) {
      Grids grids(20, 10);
      grids.context.cancelsAt = last * 10 + 4;
      uint32_t done = 0;
      EXPECT_EQ(grids.runAll(pool, &done), 0);
      EXPECT_EQ(done, last + 1); // which ended in whole
      EXPECT_EQ(grids.context.executed, (last + 1) * 10);
    }
    Grids never(20, 10);
    never.context.cancel = 1;
    uint32_t done = 7;
    EXPECT_EQ(never.runAll(pool, &done), 0);
    EXPECT_EQ(done, 0u);
    EXPECT_EQ(never.context.executed, 0u);
  }
}

TEST(ThreadPoolTest, ListsOfSeveralCallers) {
  ThreadPool pool(2);
  std::vector<std::thread> callers;
  for (int t = 0; t < 3; ++t)
    callers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        Grids grids(40, 6);
        uint32_t done = 0;
        ASSERT_EQ(grids.runAll(pool, &done), 0);
        for (uint32_t j = 0; j < 40; ++j)
          ASSERT_EQ(grids.seen[j], (j + 1) * 6);
        expectEachOnce(pool, 16, 2, 1);
      }
    });
  for (std::thread &caller : callers)
    caller.join();
}

// Two long lists at the same time: neither waits for the end of the other.
TEST(ThreadPoolTest, ListsTakeTurns) {
  ThreadPool pool(1);
  constexpr uint32_t count = 1600;
  static std::atomic<int> last; // whose grid was executed
  static std::atomic<uint32_t> changes;
  last = 0, changes = 0;
  hadal_dispatch_state_t states[2] = {};
  std::vector<GridJob> jobs[2];
  int owners[2] = {1, 2};
  void *bindings[2][1] = {{&owners[0]}, {&owners[1]}};
  auto kernel = [](const hadal_dispatch_state_t *state, const hadal_workgroup_state_t *) {
    auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
    while (std::chrono::steady_clock::now() < end)
      ;
    int owner = *static_cast<int *>(state->bindings[0]);
    if (last.exchange(owner) != owner)
      ++changes;
    return int32_t(0);
  };
  std::atomic<int> started{0};
  auto run = [&](int which) {
    states[which].bindings = bindings[which];
    for (uint32_t &extent : states[which].workgroup_count)
      extent = 1;
    jobs[which].assign(count, {kernel, &states[which], 1});
    ++started;
    while (started != 2)
      std::this_thread::yield();
    int32_t cancel = 0;
    uint32_t done = 0;
    EXPECT_EQ(pool.runAll(jobs[which], &cancel, &done), 0);
    EXPECT_EQ(done, count);
  };
  std::thread other(run, 1);
  run(0);
  other.join();
  EXPECT_GE(changes, 10u); // of 160 turns of a millisecond, where nothing else runs
}

TEST(ThreadPoolTest, CoresAreCounted) { EXPECT_GE(availableCores(), 1u); }

} // namespace
} // namespace hadal::runtime
