// SPDX-License-Identifier: Apache-2.0
// bar and barrier: reductions, numbers and counts of threads, arrivals, warps that are not whole.
#include "Program.h"

#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

TEST(Barrier, Reductions) {
  for (std::string name :
       {"bar.red", "barrier.red", "barrier.cta.red", "bar.cta.red", "barrier.cta.red.aligned"})
    for (uint32_t threads : {32u, 96u, 77u})
      for (uint32_t least : {0u, 1u, 40u, 1000u})
        for (bool negated : {false, true}) {
          Program program;
          program.block = threads;
          program.seed = least;
          std::string n = negated ? "!" : "", p = std::to_string(least);
          program.body =
              ".reg .pred %p, %a, %o;\n.reg .b32 %c, %x, %y;\n.reg .b64 %out;\nsetp.ge.u32 %p, %t, " +
              p + ";\n" + name + ".popc.u32 %c, 0, " + n + "%p;\n" + name + ".and.pred %a, 1, " +
              n + "%p;\n" + name + ".or.pred %o, 0, " + n +
              "%p;\nselp.u32 %x, 1, 0, %a;\nselp.u32 %y, 2, 0, %o;\nor.b32 %x, %x, %y;\nadd.s64 %out, %p0, %o8;\n"
              "st.global.v2.u32 [%out], {%c, %x};\n";
          program.buffers = {Bytes(size_t(threads) * 8)};
          ASSERT_TRUE(program.run()) << name << ": " << program.message;
          uint32_t set = least >= threads ? 0 : threads - least;
          if (negated)
            set = threads - set;
          std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]);
          for (size_t i = 0; i < threads; ++i) {
            EXPECT_EQ(got[2 * i], set) << name << " " << threads << " " << least << n;
            EXPECT_EQ(got[2 * i + 1], (set == threads ? 1u : 0u) | (set ? 2u : 0u))
                << name << " " << threads << " " << least << n;
          }
        }
}

// Only two of the four warps take part, by a count of threads.
TEST(Barrier, Counts) {
  for (std::string number : {"3", "%n"}) {
    Program program;
    program.block = 128;
    program.head = ".shared .align 4 .b32 cell[128];";
    program.body =
        ".reg .b32 %n, %c, %s, %x, %i;\n.reg .pred %p;\n.reg .b64 %out;\nmov.u32 %n, 3;\nmov.u32 %c, 64;\nadd.s64 %out, %p0, %o4;\n"
        "st.global.u32 [%out], 7;\nsetp.ge.u32 %p, %t, 64;\n@%p bra END;\nmov.u32 %s, cell;\nshl.b32 %i, %t, 2;\nadd.u32 %i, %i, %s;\n"
        "st.shared.u32 [%i], %t;\nbar.sync " +
        number + ", " + (number == "3" ? "64" : "%c") +
        ";\nxor.b32 %x, %t, 63;\nshl.b32 %x, %x, 2;\nadd.u32 %x, %x, %s;\nld.shared.u32 %x, [%x];\nst.global.u32 [%out], %x;\nEND:\n";
    program.buffers = {Bytes(512)};
    for (program.seed = 0; program.seed < 4; ++program.seed) {
      ASSERT_TRUE(program.run()) << program.message;
      std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]);
      for (uint32_t i = 0; i < 128; ++i)
        EXPECT_EQ(got[i], i < 64 ? i ^ 63 : 7);
    }
  }
}

// One warp produces and arrives, the other waits: named barriers both ways.
TEST(Barrier, Arrivals) {
  Program program;
  program.block = 64;
  program.head = ".shared .align 4 .b32 cell[32];";
  program.body =
      ".reg .b32 %s, %i, %x, %n;\n.reg .pred %p, %more;\n.reg .b64 %out;\nmov.u32 %s, cell;\nand.b32 %i, %t, 31;\nshl.b32 %i, %i, 2;\nadd.u32 %s, %s, %i;\n"
      "mov.u32 %n, 0;\nsetp.ge.u32 %p, %t, 32;\n@%p bra CONSUME;\n"
      "PRODUCE:\nshl.b32 %x, %n, 8;\nadd.u32 %x, %x, %t;\nst.shared.u32 [%s], %x;\nbarrier.arrive 1, 64;\nbarrier.sync 2, 64;\nadd.u32 %n, %n, 1;\n"
      "setp.lt.u32 %more, %n, 5;\n@%more bra PRODUCE;\nbra END;\n"
      "CONSUME:\nbar.sync 1, 64;\nld.shared.u32 %x, [%s];\nbar.arrive 2, 64;\n{ .reg .b32 %k; .reg .b64 %w; mad.lo.u32 %k, %n, 32, %t; sub.u32 %k, %k, 32;\n"
      "mul.wide.u32 %w, %k, 4; add.s64 %out, %p0, %w; }\nst.global.u32 [%out], %x;\nadd.u32 %n, %n, 1;\nsetp.lt.u32 %more, %n, 5;\n@%more bra CONSUME;\nEND:\n";
  program.buffers = {Bytes(5 * 128)};
  for (program.seed = 0; program.seed < 4; ++program.seed) {
    ASSERT_TRUE(program.run()) << program.message;
    std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]);
    for (uint32_t i = 0; i < 160; ++i)
      EXPECT_EQ(got[i], i / 32 << 8 | i % 32);
  }
}

// bar.warp.sync of halves that take different ways.
TEST(Barrier, WarpsInParts) {
  Program program;
  program.head = ".shared .align 4 .b32 cell[32];";
  program.body =
      ".reg .b32 %s, %i, %x, %m;\n.reg .pred %p;\n.reg .b64 %out;\nmov.u32 %s, cell;\nshl.b32 %i, %t, 2;\nadd.u32 %i, %i, %s;\n"
      "setp.lt.u32 %p, %t, 16;\nselp.b32 %m, 0xffff, 0xffff0000, %p;\n@%p bra LOW;\nst.shared.u32 [%i], 1;\nbra MEET;\nLOW:\nst.shared.u32 [%i], 2;\n"
      "MEET:\nbar.warp.sync %m;\nxor.b32 %x, %t, 5;\nshl.b32 %x, %x, 2;\nadd.u32 %x, %x, %s;\nld.shared.u32 %x, [%x];\nadd.s64 %out, %p0, %o4;\nst.global.u32 [%out], %x;\n";
  program.buffers = {Bytes(128)};
  ASSERT_TRUE(program.run()) << program.message;
  std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]);
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], i < 16 ? 2u : 1u);
}

TEST(Barrier, FencesAndNoOperations) {
  Program program;
  program.body =
      "membar.cta;\nmembar.gl;\nmembar.sys;\nfence.sc.cta;\nfence.acq_rel.gpu;\nfence.sc.sys;\nfence.acq_rel.cluster;\nnanosleep.u32 20;\n{ .reg .b32 %n; mov.u32 %n, 3; nanosleep.u32 %n; }\n"
      "{ .reg .b64 %a; add.s64 %a, %p0, %o4; st.global.u32 [%a], %t; }\n";
  program.buffers = {Bytes(128)};
  ASSERT_TRUE(program.run()) << program.message;
  EXPECT_EQ(valuesOf<uint32_t>(program.buffers[0])[31], 31u);
}

TEST(Barrier, TrapAndBreakpoint) {
  for (std::string word : {"trap", "brkpt"}) {
    Program program;
    program.buffers = {Bytes(4)};
    program.body = ".reg .pred %p;\nsetp.eq.u32 %p, %t, 9;\n@%p " + word + ";\n";
    EXPECT_FALSE(program.run());
    EXPECT_EQ(program.check, "trap") << program.message;
    EXPECT_EQ(program.line, 3u);
    EXPECT_NE(program.message.find("thread (9,0,0)"), std::string::npos) << program.message;
  }
}

TEST(Barrier, RefusesWhatIsNotAForm) {
  for (const char *form :
       {"bar.sync 16;", "bar.sync 0, 33;", "bar.arrive 1;", "bar.red.popc.u32 %r, 0;",
        "bar.red.xor.pred %q, 0, %q;", "bar.sync -1;"}) {
    Program program;
    program.block = 64;
    program.buffers = {Bytes(64)};
    program.body = std::string(".reg .b32 %r;\n.reg .pred %q;\nsetp.eq.u32 %q, 0, 0;\n") + form;
    EXPECT_FALSE(program.run()) << form;
  }
}

} // namespace
