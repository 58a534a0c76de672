// SPDX-License-Identifier: Apache-2.0
// Where threads are pinned: on machines that exist as folders alone, and on this one.
#include "cpu/Topology.h"
#include "ArtifactBuilder.h"
#include "Run.h"
#include "cpu/ThreadPool.h"

#include <filesystem>
#include <fstream>
#include <set>

namespace hadal::test {
namespace {

using runtime::parseCpuList;
using runtime::pinOrder;
using Cpus = std::vector<uint32_t>;

class TopologyTest : public testing::Test {
protected:
  void write(const std::string &path, const std::string &line) {
    std::filesystem::path file = folder.path(path);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << line << "\n";
  }
  void addNode(uint32_t node, const std::string &cpus) {
    write("node/node" + std::to_string(node) + "/cpulist", cpus);
  }
  void addCore(const Cpus &cpus, const std::string &siblings) {
    for (uint32_t cpu : cpus)
      write("cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list", siblings);
  }
  Cpus order(const Cpus &allowed) const {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (uint32_t cpu : allowed)
      CPU_SET(cpu, &set);
    return pinOrder(set, folder.path("").c_str());
  }

  TemporaryFolder folder;
};

TEST_F(TopologyTest, Lists) {
  EXPECT_EQ(parseCpuList("0-3,8,10-11"), Cpus({0, 1, 2, 3, 8, 10, 11}));
  EXPECT_EQ(parseCpuList("5"), Cpus({5}));
  EXPECT_EQ(parseCpuList(""), Cpus());
  EXPECT_EQ(parseCpuList("x,2,,3-x"), Cpus({2}));
  EXPECT_EQ(parseCpuList("99999999999,7"), Cpus({7}));
}

// Two nodes of two cores of two threads, numbered as servers do: second threads last.
TEST_F(TopologyTest, CoresBeforeSecondThreadsAndNodesTogether) {
  write("node/online", "0-1");
  addNode(0, "0,2,4,6");
  addNode(1, "1,3,5,7");
  for (uint32_t core = 0; core < 4; ++core)
    addCore({core, core + 4}, std::to_string(core) + "," + std::to_string(core + 4));
  EXPECT_EQ(order({0, 1, 2, 3, 4, 5, 6, 7}), Cpus({0, 2, 1, 3, 4, 6, 5, 7}));
  // A container's share: the second thread of a core whose first is not there is its first.
  EXPECT_EQ(order({1, 4, 5, 6}), Cpus({4, 6, 1, 5}));
}

TEST_F(TopologyTest, WithoutFoldersOneCoreAndNodeACpu) {
  EXPECT_EQ(order({3, 1, 2}), Cpus({1, 2, 3}));
}

// Kernels of a pool that is pinned each see one CPU, no two threads the same; the caller's own set is
// as it was.
TEST_F(TopologyTest, PinnedThreadsStay) {
  cpu_set_t before;
  CPU_ZERO(&before);
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  hadal_context_options_t options = {};
  options.struct_size = sizeof options;
  options.pin_threads = 1;
  options.threads = runtime::availableCores() + 1;
  hadal_context_t *context = nullptr;
  EXPECT_EQ(take(hadal_context_create(&options, &context)),
            "options.pin_threads: expected at most " + std::to_string(runtime::availableCores()) +
                " threads, the cores that this process may run on, got " +
                std::to_string(options.threads));
  options.threads = 0;
  ASSERT_EQ(take(hadal_context_create(&options, &context)), "ok");
  EXPECT_EQ(hadal_context_threads(context), runtime::availableCores());
  hadal_context_release(context);

  runtime::ThreadPool pool(runtime::availableCores());
  Cpus cpus = pinOrder(before, "/sys/devices/system");
  cpus.resize(pool.threads());
  ASSERT_TRUE(pool.pin(cpus).ok());
  std::vector<std::atomic<int32_t>> seen(pool.threads()); // a thread's CPU + 1; -1: more than one
  void *bindings[] = {seen.data()};
  hadal_dispatch_state_t state = {};
  state.workgroup_count[0] = 4096;
  state.workgroup_count[1] = state.workgroup_count[2] = 1;
  state.bindings = bindings;
  auto kernel = [](const hadal_dispatch_state_t *state, const hadal_workgroup_state_t *workgroup) {
    cpu_set_t own;
    CPU_ZERO(&own);
    sched_getaffinity(0, sizeof own, &own);
    auto *seen = static_cast<std::atomic<int32_t> *>(state->bindings[0]);
    seen[workgroup->thread] = CPU_COUNT(&own) == 1 ? sched_getcpu() + 1 : -1;
    return int32_t(0);
  };
  ASSERT_EQ(pool.run({kernel, &state, 4096}), 0);
  for (uint32_t i = 0; i < pool.threads(); ++i)
    if (seen[i] != 0) // a worker may have come too late for any workgroup
      EXPECT_EQ(seen[i], static_cast<int32_t>(cpus[i]) + 1);
  EXPECT_EQ(seen[0], static_cast<int32_t>(cpus[0]) + 1);
  cpu_set_t after;
  CPU_ZERO(&after);
  ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

} // namespace
} // namespace hadal::test
