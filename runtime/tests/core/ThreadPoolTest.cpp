// SPDX-License-Identifier: Apache-2.0
// The thread pool: every workgroup once, errors, many launches, several callers.
#include "cpu/ThreadPool.h"

#include <gtest/gtest.h>

#include <set>
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

TEST(ThreadPoolTest, CoresAreCounted) { EXPECT_GE(availableCores(), 1u); }

} // namespace
} // namespace hadal::runtime
