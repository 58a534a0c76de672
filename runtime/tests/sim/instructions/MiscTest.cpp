// SPDX-License-Identifier: Apache-2.0
// Address spaces, special registers, tables of branches, and instructions that only hint.
#include "Program.h"

#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

TEST(Misc, SpacesOfAddresses) {
  const char *spaces[] = {"global", "shared", "local", "const"};
  Program program;
  program.head =
      ".shared .align 4 .b32 sh;\n.const .align 4 .b32 co = 3;\n.global .align 4 .b32 gl;";
  program.body =
      ".local .align 4 .b32 lo;\n.reg .b64 %a<4>;\n.reg .b32 %d, %x;\n.reg .pred %p;\n.reg .b64 %out;\nadd.s64 %out, %p0, %o16;\n"
      "cvta.global.u64 %a0, gl;\ncvta.shared.u64 %a1, sh;\ncvta.local.u64 %a2, lo;\ncvta.const.u64 %a3, co;\n";
  for (int i = 0; i < 4; ++i) {
    program.body += "mov.u32 %d, 0;\n";
    for (int s = 0; s < 4; ++s)
      program.body += std::string("isspacep.") + spaces[s] + " %p, %a" + std::to_string(i) +
                      ";\nselp.u32 %x, " + std::to_string(1 << s) +
                      ", 0, %p;\nor.b32 %d, %d, %x;\n";
    program.body += "st.global.u32 [%out+" + std::to_string(4 * i) + "], %d;\n";
  }
  program.buffers = {Bytes(512)};
  ASSERT_TRUE(program.run()) << program.message;
  std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]);
  EXPECT_EQ(got[0] & 7, 1u); // constant memory lies among the global addresses
  EXPECT_EQ(got[1], 2u);
  EXPECT_EQ(got[2], 4u);
  EXPECT_EQ(got[3] & 8, 8u);
}

TEST(Misc, AddressesThereAndBack) {
  for (std::string space : {"shared", "local", "const", "global"}) {
    Program program;
    program.head =
        "." + (space == "local" ? std::string("global") : space) + " .align 16 .b8 there[64];";
    program.body =
        (space == "local" ? ".local .align 16 .b8 here[64];\n" : "") +
        std::string(".reg .b64 %g, %s, %n, %out;\nmov.u64 %n, ") +
        (space == "local" ? "here" : "there") + ";\nadd.s64 %n, %n, 12;\ncvta." + space +
        ".u64 %g, %n;\ncvta.to." + space +
        ".u64 %s, %g;\nsub.s64 %s, %s, %n;\nadd.s64 %out, %p0, %o8;\nst.global.u64 [%out], %s;\n";
    program.buffers = {Bytes(256)};
    ASSERT_TRUE(program.run()) << space << ": " << program.message;
    for (uint64_t v : valuesOf<uint64_t>(program.buffers[0]))
      EXPECT_EQ(v, 0u) << space;
  }
}

TEST(Misc, SpecialRegisters) {
  struct {
    std::string name;
    uint32_t (*expected)(uint32_t block, uint32_t thread);
  } registers[] = {{"%tid.x", [](uint32_t, uint32_t t) { return t; }},
                   {"%tid.y", [](uint32_t, uint32_t) { return 0u; }},
                   {"%tid.z", [](uint32_t, uint32_t) { return 0u; }},
                   {"%ntid.x", [](uint32_t, uint32_t) { return 96u; }},
                   {"%ntid.y", [](uint32_t, uint32_t) { return 1u; }},
                   {"%ctaid.x", [](uint32_t b, uint32_t) { return b; }},
                   {"%nctaid.x", [](uint32_t, uint32_t) { return 3u; }},
                   {"%nctaid.z", [](uint32_t, uint32_t) { return 1u; }},
                   {"%laneid", [](uint32_t, uint32_t t) { return t % 32; }},
                   {"%warpid", [](uint32_t, uint32_t t) { return t / 32; }},
                   {"%lanemask_eq", [](uint32_t, uint32_t t) { return 1u << t % 32; }},
                   {"%lanemask_lt", [](uint32_t, uint32_t t) { return (1u << t % 32) - 1; }},
                   {"%lanemask_le", [](uint32_t, uint32_t t) { return (1u << t % 32) * 2 - 1; }},
                   {"%lanemask_gt", [](uint32_t, uint32_t t) { return ~((1u << t % 32) * 2 - 1); }},
                   {"%lanemask_ge", [](uint32_t, uint32_t t) { return ~((1u << t % 32) - 1); }},
                   {"WARP_SZ", [](uint32_t, uint32_t) { return 32u; }},
                   {"%dynamic_smem_size", [](uint32_t, uint32_t) { return 80u; }}};
  for (const auto &r : registers) {
    Program program;
    program.grid = 3, program.block = 96, program.dynamicShared = 80;
    program.body =
        ".reg .b32 %v, %i, %c;\n.reg .b64 %out, %o;\nmov.u32 %c, %ctaid.x;\nmad.lo.u32 %i, %c, 96, %t;\nmul.wide.u32 %o, %i, 4;\nadd.s64 %out, %p0, %o;\nmov.u32 %v, " +
        r.name + ";\nst.global.u32 [%out], %v;\n";
    program.buffers = {Bytes(3 * 96 * 4)};
    ASSERT_TRUE(program.run()) << r.name << ": " << program.message;
    std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]);
    for (uint32_t i = 0; i < got.size(); ++i)
      EXPECT_EQ(got[i], r.expected(i / 96, i % 96)) << r.name << " thread " << i;
  }
}

TEST(Misc, ClocksAdvance) {
  for (std::string clock : {"clock", "clock_hi", "clock64", "globaltimer"}) {
    bool wide = clock == "clock64" || clock == "globaltimer";
    std::string n = wide ? "64" : "32";
    Program program;
    program.body =
        ".reg .b" + n + " %a, %b;\n.reg .pred %p;\n.reg .b32 %d;\n.reg .b64 %out;\nmov.u" + n +
        " %a, %" + clock + ";\nadd.s64 %out, %p0, %o4;\nmov.u" + n + " %b, %" + clock +
        ";\nsetp.ge.u" + n + " %p, %b, %a;\nselp.u32 %d, 1, 0, %p;\nst.global.u32 [%out], %d;\n";
    program.buffers = {Bytes(128)};
    ASSERT_TRUE(program.run()) << clock << ": " << program.message;
    for (uint32_t v : valuesOf<uint32_t>(program.buffers[0]))
      EXPECT_EQ(v, 1u) << clock;
  }
}

TEST(Misc, TablesOfBranches) {
  Program program;
  program.body =
      ".reg .b32 %i, %d;\n.reg .b64 %out;\nrem.u32 %i, %t, 3;\nadd.s64 %out, %p0, %o4;\nways: .branchtargets ONE, TWO, THREE;\nbrx.idx %i, ways;\n"
      "ONE:\nmov.u32 %d, 11;\nbra.uni END;\nTWO:\nmov.u32 %d, 22;\nbra END;\nTHREE:\nmov.u32 %d, 33;\nEND:\nst.global.u32 [%out], %d;\n";
  program.buffers = {Bytes(128)};
  ASSERT_TRUE(program.run()) << program.message;
  std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]);
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], 11 * (i % 3 + 1));
  // Beyond the table.
  program.body.replace(program.body.find("%t, 3"), 5, "%t, 5");
  EXPECT_FALSE(program.run());
  EXPECT_EQ(program.line, 6u) << program.message;
}

TEST(Misc, HintsAndLeftovers) {
  Program program;
  program.body =
      ".reg .b32 %v;\n.reg .b64 %a, %b;\nadd.s64 %a, %p0, %o4;\nadd.s64 %b, %p1, %o4;\nldu.global.u32 %v, [%b];\nst.global.u32 [%a], %v;\npmevent 3;\n"
      "griddepcontrol.launch_dependents;\ngriddepcontrol.wait;\n";
  program.buffers = {Bytes(128), Bytes(128, 9)};
  ASSERT_TRUE(program.run()) << program.message;
  EXPECT_EQ(program.buffers[0], Bytes(128, 9));
}

// Rare spellings of state spaces and orders.
TEST(Misc, RareSpellings) {
  Program program;
  program.head =
      ".shared .align 4 .b32 cell[32];\n.func (.param .b32 r) twice(.param .b32 x) { .reg .b32 %v; ld.param::func.b32 %v, [x]; add.u32 %v, %v, %v; st.param::func.b32 [r], %v; ret; }";
  program.body =
      ".reg .b32 %s, %v, %w;\n.reg .b64 %a, %b;\nld.param::entry.u64 %a, [a0];\nadd.s64 %a, %a, %o4;\nadd.s64 %b, %p1, %o4;\nmov.u32 %s, cell;\n"
      "{ .reg .b32 %x; shl.b32 %x, %t, 2; add.u32 %s, %s, %x; }\nld.mmio.relaxed.sys.global.u32 %v, [%b];\nst.shared::cluster.u32 [%s], %v;\n"
      "atom.shared::cluster.add.u32 %w, [%s], 1;\nld.shared::cluster.u32 %v, [%s];\n{ .param .b32 in; .param .b32 out; st.param.b32 [in], %v; call (out), twice, (in); ld.param.b32 %v, [out]; }\n"
      "st.mmio.relaxed.sys.global.u32 [%a], %v;\n";
  std::vector<uint32_t> in(32);
  for (uint32_t i = 0; i < 32; ++i)
    in[i] = 5 * i;
  program.buffers = {Bytes(128), bytesOf(in)};
  ASSERT_TRUE(program.run()) << program.message;
  std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]);
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], 2 * (5 * i + 1));
}

} // namespace
