// SPDX-License-Identifier: Apache-2.0
// mbarrier and cp.async.mbarrier.arrive: counts, phases, states and parities, by one warp and by several.
#include "Program.h"

#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

const char *kHead = ".shared .align 8 .b64 object[4];\n.shared .align 16 .b8 tile[4096];";

/// Runs the body with one result of 32 bits a thread (p0, %out) and gives them.
std::vector<uint32_t> results(const std::string &body, uint32_t threads, std::string &message,
                              uint64_t seed = 0, std::vector<uint32_t> in = {}) {
  Program program;
  program.head = kHead;
  program.body =
      ".reg .b32 %r<16>;\n.reg .b64 %s<8>, %out, %g;\n.reg .pred %q<8>;\nadd.s64 %out, %p0, %o4;\nsetp.eq.u32 %q0, %t, 0;\n" +
      body;
  program.block = threads;
  program.seed = seed;
  program.buffers = {Bytes(threads * 4), bytesOf(in.empty() ? std::vector<uint32_t>(1) : in)};
  program.run();
  message = program.message;
  return valuesOf<uint32_t>(program.buffers[0]);
}

std::string waitFor(const std::string &phase, const std::string &form = "test_wait",
                    const std::string &label = "W") {
  return label + ":\nmbarrier." + form + ".shared.b64 %q1, [object], " + phase + ";\n@!%q1 bra " +
         label + ";\n";
}

TEST(Mbarrier, PhasesByParityAndByState) {
  // One thread alone: 3 arrivals a phase.
  std::string message, body = "mbarrier.init.shared.b64 [object], 3;\nmov.u32 %r0, 0;\n";
  auto probe = [&](const std::string &test, int bit) {
    body += "mbarrier." + test + ";\n@%q1 or.b32 %r0, %r0, " + std::to_string(1 << bit) + ";\n";
  };
  probe("test_wait.parity.shared.b64 %q1, [object], 0", 0); // not yet
  probe("test_wait.parity.shared.b64 %q1, [object], 1", 1); // the phase before the first
  body +=
      "mbarrier.arrive.shared.b64 %s0, [object];\nmbarrier.arrive.noComplete.shared::cta.b64 %s1, [object], 1;\n";
  probe("test_wait.shared.b64 %q1, [object], %s0", 2);
  body += "mbarrier.arrive.release.cta.shared.b64 _, [object];\n";
  probe("test_wait.acquire.cta.shared.b64 %q1, [object], %s0", 3); // complete
  probe("test_wait.shared.b64 %q1, [object], %s1", 4); // complete
  probe("test_wait.parity.shared.b64 %q1, [object], 0", 5); // complete
  probe("test_wait.parity.shared.b64 %q1, [object], 1", 6); // not yet
  body += "mbarrier.arrive.shared.b64 %s2, [object], 3;\n"; // all of the next
  probe("try_wait.parity.shared.b64 %q1, [object], 1", 7);
  probe("try_wait.shared.b64 %q1, [object], %s2, 1000", 8);
  body +=
      "mbarrier.pending_count.b64 %r1, %s0;\nshl.b32 %r1, %r1, 12;\nor.b32 %r0, %r0, %r1;\n"
      "mbarrier.pending_count.b64 %r1, %s1;\nshl.b32 %r1, %r1, 16;\nor.b32 %r0, %r0, %r1;\n"
      "mbarrier.inval.shared.b64 [object];\nmbarrier.init.shared.b64 [object], 1;\nst.global.u32 [%out], %r0;";
  auto got = results(body, 1, message);
  ASSERT_EQ(message, "");
  EXPECT_EQ(got[0], 2u << 16 | 3u << 12 | 0b110111010u);
}

TEST(Mbarrier, DropsExpectLess) {
  std::string message;
  auto got = results(
      "mbarrier.init.shared.b64 [object], 3;\nmbarrier.arrive_drop.shared.b64 %s0, [object];\n"
      "mbarrier.arrive_drop.noComplete.shared.b64 %s1, [object], 1;\nmbarrier.arrive.shared.b64 %s2, [object];\n"
      "mbarrier.arrive.shared.b64 %s3, [object];\nmbarrier.pending_count.b64 %r0, %s3;\n"
      "mbarrier.test_wait.shared.b64 %q1, [object], %s3;\n@%q1 add.u32 %r0, %r0, 100;\nst.global.u32 [%out], %r0;",
      1, message);
  ASSERT_EQ(message, "");
  EXPECT_EQ(got[0], 101u); // the second phase took one arrival
}

TEST(Mbarrier, GenericAddressesAndLanesOfTheirOwn) {
  std::string message;
  auto got = results(
      "mov.u64 %g, object;\ncvta.shared.u64 %g, %g;\nand.b32 %r0, %t, 3;\nmul.wide.u32 %s0, %r0, 8;\nadd.s64 %g, %g, %s0;\n"
      "setp.lt.u32 %q0, %t, 4;\n@%q0 mbarrier.init.b64 [%g], 8;\nbar.sync 0;\nmbarrier.arrive.b64 %s1, [%g];\n"
      "W:\nmbarrier.test_wait.b64 %q1, [%g], %s1;\n@!%q1 bra W;\nmbarrier.pending_count.b64 %r1, %s1;\nst.global.u32 [%out], %r1;",
      32, message);
  ASSERT_EQ(message, "");
  // Lanes arrive in order: each finds those pending that come behind it.
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], 8 - i / 4) << i;
}

// A ring of stages between a warp that writes and one that reads, 40 rounds through 2 phases' parities.
TEST(Mbarrier, ProducerAndConsumer) {
  std::string body =
      "@%q0 mbarrier.init.shared.b64 [object], 32;\n@%q0 mbarrier.init.shared.b64 [object+8], 32;\nbar.sync 0;\n"
      "and.b32 %r1, %t, 31;\nshl.b32 %r2, %r1, 2;\nmov.u32 %r3, tile;\nadd.u32 %r2, %r2, %r3;\nmov.u32 %r4, 0;\nmov.u32 %r5, 0;\n"
      "setp.lt.u32 %q2, %t, 32;\nLOOP:\nand.b32 %r6, %r4, 1;\nxor.b32 %r7, %r6, 1;\n@!%q2 bra READ;\n"
      // empty: the phase before, which is complete at first
      "E:\nmbarrier.test_wait.parity.shared.b64 %q1, [object+8], %r7;\n@!%q1 bra E;\n"
      "mad.lo.u32 %r8, %r4, 1000, %r1;\nst.shared.u32 [%r2], %r8;\nmbarrier.arrive.shared.b64 %s0, [object];\nbra NEXT;\n"
      "READ:\nF:\nmbarrier.test_wait.parity.shared.b64 %q1, [object], %r6;\n@!%q1 bra F;\n"
      "xor.b32 %r9, %r2, 12;\nld.shared.u32 %r8, [%r9];\nadd.u32 %r5, %r5, %r8;\nmbarrier.arrive.shared.b64 %s0, [object+8];\n"
      "NEXT:\nadd.u32 %r4, %r4, 1;\nsetp.lt.u32 %q3, %r4, 40;\n@%q3 bra LOOP;\nst.global.u32 [%out], %r5;";
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::string message;
    auto got = results(body, 64, message, seed);
    ASSERT_EQ(message, "") << seed;
    for (uint32_t i = 0; i < 32; ++i)
      EXPECT_EQ(got[32 + i], 1000u * (39 * 40 / 2) + 40 * (i ^ 3)) << i;
  }
}

TEST(Mbarrier, CopiesArrive) {
  std::vector<uint32_t> in(256);
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = uint32_t(i * 7919);
  // .noinc is counted by init; without it, what init counts are the plain arrivals.
  for (bool noinc : {true, false})
    for (uint64_t seed = 0; seed < 20; ++seed) {
      std::string message,
          body =
              "@%q0 mbarrier.init.shared.b64 [object], 64;\nbar.sync 0;\nmul.wide.u32 %s0, %t, 16;\nadd.s64 %g, %p1, %s0;\n"
              "shl.b32 %r0, %t, 4;\nmov.u32 %r1, tile;\nadd.u32 %r0, %r0, %r1;\ncp.async.cg.shared.global [%r0], [%g], 16;\n";
      body +=
          noinc
              ? "cp.async.mbarrier.arrive.noinc.shared::cta.b64 [object];\n"
              : "cp.async.mbarrier.arrive.shared.b64 [object];\nmbarrier.arrive.shared.b64 %s1, [object];\n";
      body +=
          waitFor("0", "test_wait.parity") +
          "xor.b32 %r2, %t, 33;\nshl.b32 %r2, %r2, 4;\nadd.u32 %r2, %r2, %r1;\nld.shared.u32 %r3, [%r2+8];\nst.global.u32 [%out], %r3;";
      auto got = results(body, 64, message, seed, in);
      ASSERT_EQ(message, "") << noinc << ", seed " << seed;
      for (uint32_t i = 0; i < 64; ++i)
        EXPECT_EQ(got[i], in[4 * (i ^ 33) + 2]) << i;
    }
}

// Without copies, or when they have been waited for otherwise, the arrival is there at once.
TEST(Mbarrier, CopiesThatHaveArrived) {
  std::string message,
      init = "mbarrier.init.shared.b64 [object], 1;\nmov.u32 %r1, tile;\n",
      copy = "cp.async.ca.shared.global [%r1], [%p1], 4;\n",
      arrive = "cp.async.mbarrier.arrive.noinc.shared.b64 [object];\n",
      test =
          "mbarrier.test_wait.parity.shared.b64 %q1, [object], 0;\nselp.u32 %r0, 1, 0, %q1;\nst.global.u32 [%out], %r0;";
  for (const auto &[body, expected] : {std::pair{init + arrive + test, 1u},
                                       {init + copy + "cp.async.wait_all;\n" + arrive + test, 1u},
                                       {init + copy + arrive + "cp.async.wait_all;\n" + test, 1u},
                                       {init + copy + arrive + test, 0u},
                                       {init + arrive + copy + test, 1u}}) {
    auto got = results(body, 1, message);
    EXPECT_EQ(message, "") << body;
    EXPECT_EQ(got[0], expected) << body;
  }
}

TEST(Mbarrier, Misuse) {
  auto expect = [](const std::string &body, std::vector<std::string> words) {
    std::string message;
    results(body, 1, message);
    for (const std::string &word : words)
      EXPECT_NE(message.find(word), std::string::npos)
          << "expected '" << word << "' in: " << message;
  };
  std::string init = "mbarrier.init.shared.b64 [object], 2;\n", store = "st.global.u32 [%out], 1;";
  expect("mbarrier.init.shared.b64 [object], 0;\n" + store,
         {"barrier", "a count from 1 to 1048575, got 0"});
  expect("mbarrier.init.shared.b64 [object], 1048576;\n" + store, {"got 1048576"});
  expect("mbarrier.init.shared.b64 [object+4], 1;\n" + store,
         {"bounds", "misaligned mbarrier of 8 bytes"});
  expect("mbarrier.init.shared.b64 [object+8192], 1;\n" + store, {"bounds", "outside the block's"});
  expect(init + init + store, {"barrier", "mbarrier.inval before it is made again"});
  expect(init + "mbarrier.arrive.shared.b64 %s0, [object], 3;\n" + store,
         {"barrier", "1 to 2 arrivals", "got 3"});
  expect(init + "mbarrier.test_wait.parity.shared.b64 %q1, [object], 2;\n" + store,
         {"barrier", "parity of 0 or 1, got 2"});
  expect(
      init +
          "mov.u64 %s0, 0x7777777777;\nshl.b64 %s0, %s0, 16;\nmbarrier.test_wait.shared.b64 %q1, [object], %s0;\n" +
          store,
      {"barrier", "a state of this phase or the last"});
  expect("mbarrier.arrive.global.b64 %s0, [%p0];\n" + store, {"global"});
  expect("mbarrier.arrive.noComplete.shared.b64 %s0, [object];\n" + store,
         {"expected 3 operands, got 2"});
  expect("mbarrier.arrive.b64 %s0, [%p0];\n" + store, {"bounds", "shared"});
  expect("mbarrier.frob.b64 %s0, [%p0];\n" + store, {"expected an operation"});
  expect("cp.async.mbarrier.arrive.noinc.shared.b64 [object];\n" + store,
         {"barrier", "mbarrier.init before"});
}

// What a thread wrote to global memory before it arrived is seen by those that waited.
TEST(Mbarrier, OrdersGlobalMemory) {
  for (bool waits : {true, false}) {
    Program program;
    program.head = kHead;
    program.body =
        ".reg .b32 %r<8>;\n.reg .b64 %s0, %in, %g;\n.reg .pred %q<4>;\nsetp.eq.u32 %q0, %t, 0;\n@%q0 mbarrier.init.shared.b64 [object], 64;\n"
        "bar.sync 0;\nadd.s64 %in, %p1, %o4;\nst.global.u32 [%in], %t;\nmbarrier.arrive.shared.b64 %s0, [object];\n" +
        (waits ? waitFor("0", "test_wait.parity") : std::string()) +
        "xor.b32 %r0, %t, 32;\nmul.wide.u32 %g, %r0, 4;\nadd.s64 %g, %p1, %g;\nld.global.u32 %r1, [%g];\nadd.s64 %g, %p0, %o4;\n"
        "st.global.u32 [%g], %r1;";
    program.block = 64;
    program.globalRaces = true;
    program.buffers = {Bytes(256), Bytes(256)};
    EXPECT_EQ(program.run(), waits) << program.message;
    EXPECT_EQ(program.check, waits ? "" : "global-race");
  }
}

} // namespace
