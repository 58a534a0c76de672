// SPDX-License-Identifier: Apache-2.0
// Counters of a launch and of a line, against what a small kernel does by construction.
#include <hadal_sim.h>

#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <utility>

namespace {

// 64 threads a block; line numbers start at 1.
const char *kKernel = ".version 8.0\n.target sm_80\n.address_size 64\n"
                      ".visible .entry count(.param .u64 to, .param .u64 from)\n{\n"
                      ".reg .b64 %a, %b, %o;\n.reg .b32 %t, %s, %v, %w;\n.reg .pred %p;\n"
                      ".shared .align 4 .b8 buffer[8192];\n"
                      "ld.param.u64 %a, [to];\nld.param.u64 %b, [from];\nmov.u32 %t, %tid.x;\n"
                      "mul.wide.u32 %o, %t, 64;\nadd.s64 %b, %b, %o;\n"
                      "ld.global.u32 %v, [%b];\n" // line 15: a sector a lane
                      "mul.lo.u32 %s, %t, 128;\nmov.u32 %w, buffer;\nadd.u32 %s, %s, %w;\n"
                      "st.shared.u32 [%s], %v;\n" // line 19: all lanes want one bank
                      "bar.sync 0;\n"
                      "setp.lt.u32 %p, %t, 16;\n"
                      "@%p bra LOW;\n" // line 22: one warp of two parts
                      "add.u32 %v, %v, 1;\n"
                      "LOW:\n"
                      "mul.wide.u32 %o, %t, 4;\nadd.s64 %o, %a, %o;\n"
                      "st.global.u32 [%o], %v;\n"      // line 27: four sectors a warp
                      "red.global.add.u32 [%a], 1;\n" // line 28
                      "ret;\n}\n";
constexpr uint32_t kLoad = 15, kStoreShared = 19, kBranch = 22, kStore = 27, kAdd = 28;

TEST(Counters, OfALaunchAndOfItsLines) {
  hadal_sim_context_t *context = nullptr;
  ASSERT_EQ(hadal_sim_context_create(&context), HADAL_SIM_OK);
  EXPECT_EQ(hadal_sim_counters(context).warp_instructions, 0u);
  hadal_sim_module_t *module = nullptr;
  ASSERT_EQ(hadal_sim_module_load(context, kKernel, strlen(kKernel), "count.ptx", &module),
            HADAL_SIM_OK)
      << hadal_sim_context_message(context);
  uint64_t to = 0, from = 0;
  hadal_sim_alloc(context, 256, "to", &to);
  hadal_sim_alloc(context, 4096, "from", &from);
  hadal_sim_fill(context, from, 1, 4096);
  hadal_sim_launch_t launch;
  hadal_sim_launch_defaults(&launch);
  launch.grid[0] = 3, launch.block[0] = 64;
  const void *arguments[] = {&to, &from};
  ASSERT_EQ(hadal_sim_launch(context, module, "count", &launch, arguments, 2), HADAL_SIM_OK)
      << hadal_sim_context_message(context);

  hadal_sim_counters_t all = hadal_sim_counters(context);
  EXPECT_EQ(all.barriers, 3u);
  EXPECT_EQ(all.atomics, 3u * 64);
  EXPECT_EQ(all.divergent_branches, 3u);
  EXPECT_EQ(all.global_read_requests, 3u * 2);
  EXPECT_EQ(all.global_read_bytes, 3u * 64 * 4);
  EXPECT_EQ(all.global_read_sectors, 3u * 64);
  EXPECT_EQ(all.global_write_bytes, 3u * 64 * 4 * 2);    // the store and the atomic
  EXPECT_EQ(all.global_write_sectors, 3u * 2 * (4 + 1)); // that goes to one address
  EXPECT_EQ(all.shared_requests, 3u * 2);
  EXPECT_EQ(all.shared_wavefronts, 3u * 2 * 32);
  EXPECT_EQ(all.shared_bank_conflicts, 3u * 2 * 31);
  EXPECT_EQ(all.local_read_requests + all.local_write_requests + all.matrix_products +
                all.async_copy_bytes,
            0u);

  EXPECT_EQ(hadal_sim_line_counters(context, kLoad).global_read_sectors, 3u * 64);
  EXPECT_EQ(hadal_sim_line_counters(context, kStoreShared).shared_bank_conflicts, 3u * 2 * 31);
  EXPECT_EQ(hadal_sim_line_counters(context, kBranch).divergent_branches, 3u);
  EXPECT_EQ(hadal_sim_line_counters(context, kBranch + 1).lane_instructions, 3u * 48);
  EXPECT_EQ(hadal_sim_line_counters(context, kStore).global_write_sectors, 3u * 2 * 4);
  EXPECT_EQ(hadal_sim_line_counters(context, kAdd).atomics, 3u * 64);
  EXPECT_EQ(hadal_sim_line_counters(context, 1000).warp_instructions, 0u);
  uint64_t warps = 0;
  for (uint32_t line = 1; line < 40; ++line)
    warps += hadal_sim_line_counters(context, line).warp_instructions;
  EXPECT_EQ(warps, all.warp_instructions);
  hadal_sim_context_release(context);
}

/// A context with one module; runs its only kernel over one buffer.
struct Runner {
  explicit Runner(const std::string &text, uint64_t bytes) : bytes(bytes) {
    EXPECT_EQ(hadal_sim_context_create(&context), HADAL_SIM_OK);
    EXPECT_EQ(hadal_sim_module_load(context, text.data(), text.size(), "t.ptx", &module),
              HADAL_SIM_OK)
        << hadal_sim_context_message(context);
    hadal_sim_launch_defaults(&launch);
    EXPECT_EQ(hadal_sim_alloc_zeros(context, bytes, "buffer", &buffer), HADAL_SIM_OK);
  }
  ~Runner() { hadal_sim_context_release(context); }
  hadal_sim_counters_t run() {
    EXPECT_EQ(hadal_sim_fill(context, buffer, 0, bytes), HADAL_SIM_OK);
    const void *arguments[] = {&buffer};
    EXPECT_EQ(hadal_sim_launch(context, module, "k", &launch, arguments, 1), HADAL_SIM_OK)
        << hadal_sim_context_message(context);
    return hadal_sim_counters(context);
  }
  hadal_sim_context_t *context = nullptr;
  hadal_sim_module_t *module = nullptr;
  hadal_sim_launch_t launch;
  uint64_t buffer = 0, bytes;
};

// Blocks read overlapping windows of 132 bytes from 64 * block on, twice, and write 8 bytes a thread.
TEST(Counters, DistinctSectors) {
  Runner runner(
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 p)\n{\n.reg .b64 %a, %b, %o;\n"
      ".reg .b32 %t, %c, %x, %y;\nld.param.u64 %a, [p];\nmov.u32 %t, %tid.x;\nmov.u32 %c, %ctaid.x;\nshl.b32 %c, %c, 4;\n"
      "add.u32 %x, %t, %c;\nmul.wide.u32 %o, %x, 4;\nadd.s64 %b, %a, %o;\nld.global.u32 %x, [%b];\nld.global.u32 %y, [%b+4];\n"
      "mul.wide.u32 %o, %t, 8;\nadd.s64 %b, %a, %o;\nst.global.u32 [%b+65536], %x;\nred.global.add.u32 [%a+131072], 1;\nret;\n}\n",
      1 << 20);
  runner.launch.grid[0] = 50, runner.launch.block[0] = 32;
  hadal_sim_counters_t plain = runner.run();
  EXPECT_EQ(plain.global_distinct_read_sectors + plain.global_distinct_write_sectors, 0u);
  EXPECT_EQ(std::string(hadal_sim_counters_json(runner.context)).find("distinct"),
            std::string::npos);
  runner.launch.distinct_sectors = 1;
  for (uint32_t threads : {1u, 2u, 1u}) {
    runner.launch.threads = threads;
    hadal_sim_counters_t counted = runner.run();
    // 49 * 64 + 132 bytes are read; 256 written by all blocks alike, and a counter.
    EXPECT_EQ(counted.global_distinct_read_sectors, (49u * 64 + 132 + 31) / 32);
    EXPECT_EQ(counted.global_distinct_write_sectors, 8u + 1);
    EXPECT_EQ(counted.global_read_sectors, plain.global_read_sectors);
    EXPECT_EQ(counted.global_write_sectors, plain.global_write_sectors);
    std::string json = hadal_sim_counters_json(runner.context),
                listing = hadal_sim_annotated_listing(runner.context);
    EXPECT_NE(json.find("\"distinct\": {\"read_sectors\": 103, \"write_sectors\": 9}"),
              std::string::npos)
        << json;
    EXPECT_NE(listing.find("distinct sectors of global memory: 103 read, 9 written"),
              std::string::npos)
        << listing;
  }
}

/// Block 0 works, then all meet at a counter in memory, by the loop given; then each thread adds to it.
std::string meeting(const std::string &loop) {
  return ".version 8.0\n.target sm_90\n.address_size 64\n.visible .entry k(.param .u64 p)\n{\n.reg .b64 %a;\n.reg .b32 %r<8>;\n.reg .pred %p, %q;\n"
         "ld.param.u64 %a, [p];\nmov.u32 %r1, %ctaid.x;\nsetp.ne.u32 %p, %r1, 0;\n@%p bra ARRIVE;\nmov.u32 %r2, 20000;\nWORK:\n"
         "sub.u32 %r2, %r2, 1;\nsetp.ne.u32 %p, %r2, 0;\n@%p bra WORK;\nARRIVE:\nmov.u32 %r5, %tid.x;\nsetp.eq.u32 %q, %r5, 0;\n"
         "@%q atom.add.release.gpu.global.u32 %r3, [%a], 1;\n" +
         loop + "ret;\n}\n";
}

TEST(Counters, PollingIsCountedApart) {
  const std::string loops[] = {
      "POLL:\nld.acquire.gpu.global.u32 %r3, [%a];\nsetp.lt.u32 %p, %r3, 4;\n@%p bra POLL;\n",
      "POLL:\nnanosleep.u32 20;\nld.volatile.global.u32 %r3, [%a];\nxor.b32 %r4, %r3, 4;\nsetp.ne.u32 %p, %r4, 0;\n@%p bra POLL;\n",
      // entered in the middle
      "bra LOOK;\nPOLL:\nnanosleep.u32 20;\nLOOK:\nld.relaxed.gpu.global.u32 %r3, [%a];\nsetp.lt.u32 %p, %r3, 4;\n@%p bra POLL;\n",
      "POLL:\natom.global.cas.b32 %r3, [%a], 4, 4;\nsetp.ne.u32 %p, %r3, 4;\n@%p bra POLL;\n",
      // with a limit of rounds
      "mov.u32 %r6, 0;\nPOLL:\nadd.u32 %r6, %r6, 1;\nld.acquire.gpu.global.u32 %r3, [%a];\nsetp.lt.u32 %p, %r3, 4;\n"
      "setp.lt.and.u32 %p, %r6, 100000000, %p;\n@%p bra POLL;\n"};
  for (const std::string &loop : loops) {
    Runner runner(meeting(loop), 64);
    // Atomics of several lanes may see several values.
    uint32_t lanes = loop.find("atom") == std::string::npos ? 32 : 1;
    runner.launch.grid[0] = 4, runner.launch.block[0] = lanes == 1 ? 1 : 64;
    runner.launch.cooperative = 1;
    hadal_sim_counters_t first = {};
    for (uint64_t seed = 0; seed < 4; ++seed)
      for (uint32_t threads : {1u, 2u}) {
        runner.launch.seed = seed, runner.launch.threads = threads;
        hadal_sim_counters_t got = runner.run();
        // With more threads the others may come when all is done.
        EXPECT_TRUE(got.spin_warp_instructions || threads > 1) << loop;
        EXPECT_EQ(got.spin_sectors != 0, got.spin_warp_instructions != 0) << loop;
        EXPECT_EQ(got.spin_lane_instructions, lanes * got.spin_warp_instructions) << loop;
        got.spin_warp_instructions = got.spin_lane_instructions = got.spin_requests =
            got.spin_bytes = got.spin_sectors = got.spin_wavefronts = 0;
        if (!first.warp_instructions)
          first = got;
        EXPECT_EQ(memcmp(&got, &first, sizeof(got)), 0)
            << loop << " seed " << seed << ", " << threads << " threads: " << got.warp_instructions
            << " warp instructions, first " << first.warp_instructions;
      }
  }
}

// What may poll and is not recognised, and lanes that poll while others of their warp wait.
TEST(Counters, SayWhetherTheyDependOnTheHost) {
  auto run = [](const std::string &loop) {
    Runner runner(meeting(loop), 64);
    runner.launch.grid[0] = 4, runner.launch.block[0] = 64;
    runner.launch.cooperative = 1;
    runner.run();
    return std::string(hadal_sim_counters_json(runner.context));
  };
  const std::string sure = "\"unsure\": 0}", end = "setp.lt.u32 %p, %r3, 4;\n@%p bra POLL;\n";
  std::string whole = run("POLL:\nld.acquire.gpu.global.u32 %r3, [%a];\n" + end);
  EXPECT_NE(whole.find(sure), std::string::npos) << whole;
  for (const std::string &loop :
       {// an exit in the middle
        std::string(
            "POLL:\nld.acquire.gpu.global.u32 %r3, [%a];\nsetp.ge.u32 %p, %r3, 4;\n@%p bra DONE;\n"
            "bra POLL;\nDONE:\n"),
        "POLL:\nbar.warp.sync 0xffffffff;\nld.acquire.gpu.global.u32 %r3, [%a];\n" + end,
        "POLL:\nld.global.cv.u32 %r3, [%a];\n" + end,
        // one lane of each warp
        "setp.ne.u32 %q, %r5, 0;\n@%q bra DONE;\nPOLL:\nld.acquire.gpu.global.u32 %r3, [%a];\n" +
            end + "DONE:\n"}) {
    std::string json = run(loop);
    EXPECT_EQ(json.find(sure), std::string::npos) << loop << json;
  }
}

// Loops that do something, or whose rounds do not hang on what they saw.
TEST(Counters, LoopsThatDoMoreThanPoll) {
  const std::pair<std::string, uint64_t> loops[] = {
      // a sum of a volatile variable
      {"mov.u32 %r6, 0;\nPOLL:\nadd.u32 %r6, %r6, 1;\nld.volatile.global.u32 %r3, [%a];\nadd.u32 %r7, %r7, %r3;\n"
       "setp.lt.u32 %p, %r6, 50;\n@%p bra POLL;\n",
       50},
      // down a table
      {"add.s64 %a, %a, 4096;\nPOLL:\nadd.s64 %a, %a, 4;\nld.volatile.global.u32 %r3, [%a];\nsetp.eq.u32 %p, %r3, 0;\n@%p bra POLL;\n",
       100},
      // an update that is tried until it is made
      {"ld.volatile.global.u32 %r3, [%a+1024];\nPOLL:\nmov.u32 %r4, %r3;\nadd.u32 %r5, %r4, 1;\n"
       "atom.global.cas.b32 %r3, [%a+1024], %r4, %r5;\nsetp.ne.u32 %p, %r3, %r4;\n@%p bra POLL;\n",
       32}};
  for (const auto &[loop, rounds] : loops) {
    Runner runner(meeting("mov.u32 %r7, 0;\n" + loop), 8192);
    runner.launch.block[0] = 32;
    uint32_t one = 1;
    const void *arguments[] = {&runner.buffer};
    ASSERT_EQ(hadal_sim_copy_in(runner.context, runner.buffer + 4096 + 400, &one, 4), HADAL_SIM_OK);
    ASSERT_EQ(hadal_sim_launch(runner.context, runner.module, "k", &runner.launch, arguments, 1),
              HADAL_SIM_OK)
        << hadal_sim_context_message(runner.context);
    hadal_sim_counters_t got = hadal_sim_counters(runner.context);
    EXPECT_EQ(got.spin_warp_instructions, 0u) << loop;
    EXPECT_GE(got.warp_instructions, 3 * 20000 + rounds * 3) << loop;
  }
}

} // namespace
