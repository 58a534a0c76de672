// SPDX-License-Identifier: Apache-2.0
// Counters of a launch and of a line, against what a small kernel does by construction.
#include <hadal_sim.h>

#include <cstring>
#include <gtest/gtest.h>

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

} // namespace
