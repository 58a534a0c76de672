// SPDX-License-Identifier: Apache-2.0
// cp.async: sizes, short sources, ignored sources, groups and waits, and what arrives when.
#include "Lanes.h"
#include "Program.h"

#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

const char *kHead = ".shared .align 16 .b8 tile[2048];";

Bytes counted(size_t count) {
  Bytes bytes(count);
  for (size_t i = 0; i < count; ++i)
    bytes[i] = uint8_t(i * 29 + 3);
  return bytes;
}

/// Copies `size` bytes a lane to shared memory by `copy` ("[%s], [%in], ..."), waits, and copies on to p0.
Program copyProgram(int size, const std::string &copy,
                    const std::string &wait = "cp.async.wait_all;\n") {
  std::string n = std::to_string(size);
  Program program;
  program.head = kHead;
  program.body =
      ".reg .b32 %s, %x, %size, %w<4>;\n.reg .b64 %in, %out, %g, %policy;\n.reg .pred %odd;\nmul.lo.u32 %x, %t, " +
      n +
      ";\nmov.u32 %s, tile;\nadd.u32 %s, %s, %x;\ncvt.u64.u32 %g, %x;\nadd.s64 %in, %p1, %g;\nadd.s64 %out, %p0, %g;\n"
      "{ .reg .b32 %o; and.b32 %o, %t, 1; setp.ne.u32 %odd, %o, 0; }\nrem.u32 %size, %t, " +
      std::to_string(size + 1) + ";\nmov.u64 %policy, 0;\n" + copy + wait;
  if (size == 16)
    program.body +=
        "ld.shared.v4.b32 {%w0, %w1, %w2, %w3}, [%s];\nst.global.v4.b32 [%out], {%w0, %w1, %w2, %w3};\n";
  else if (size == 8)
    program.body += "ld.shared.v2.b32 {%w0, %w1}, [%s];\nst.global.v2.b32 [%out], {%w0, %w1};\n";
  else
    program.body += "ld.shared.b32 %w0, [%s];\nst.global.b32 [%out], %w0;\n";
  program.buffers = {Bytes(size_t(32 * size)), counted(size_t(32 * size))};
  return program;
}

TEST(CopyAsync, EverySize) {
  for (int size : {4, 8, 16})
    for (std::string cache : {".ca", ".cg"})
      for (std::string hint : {"", ".L2::64B", ".L2::128B", ".L2::256B", ".L2::cache_hint"})
        for (std::string shared : {".shared", ".shared::cta"}) {
          if (cache == ".cg" && size != 16)
            continue;
          std::string n = std::to_string(size);
          Program program =
              copyProgram(size, "cp.async" + cache + shared + ".global" + hint + " [%s], [%in], " +
                                    n + (hint == ".L2::cache_hint" ? ", %policy" : "") + ";\n");
          ASSERT_TRUE(program.run()) << size << cache << hint << ": " << program.message;
          EXPECT_EQ(program.buffers[0], program.buffers[1]) << size << cache << hint;
        }
}

// Bytes beyond the source's size are zeros, and are not read.
TEST(CopyAsync, ShortSources) {
  for (int size : {4, 8, 16}) {
    std::string n = std::to_string(size);
    Program program = copyProgram(size, std::string("cp.async.") + (size == 16 ? "cg" : "ca") +
                                            ".shared.global [%s], [%in], " + n + ", %size;\n");
    // The last lane's source ends where its size says.
    size_t last = size_t(31 * size + 31 % (size + 1));
    program.buffers[1].resize(last);
    ASSERT_TRUE(program.run()) << size << ": " << program.message;
    for (size_t i = 0; i < program.buffers[0].size(); ++i) {
      size_t lane = i / size_t(size), at = i % size_t(size);
      EXPECT_EQ(program.buffers[0][i], at < lane % size_t(size + 1) ? program.buffers[1][i] : 0)
          << size << " byte " << i;
    }
  }
  Program program =
      copyProgram(16, "mov.u32 %size, 17;\ncp.async.cg.shared.global [%s], [%in], 16, %size;\n");
  EXPECT_FALSE(program.run());
  EXPECT_EQ(program.check, "bounds");
}

// An ignored source may point anywhere.
TEST(CopyAsync, IgnoredSources) {
  for (bool negated : {false, true}) {
    Program program = copyProgram(
        16, std::string(negated ? "@!%odd" : "@%odd") + " mov.u64 %in, 64;\n" +
                "cp.async.cg.shared.global [%s], [%in], 16, " + (negated ? "!" : "") + "%odd;\n");
    ASSERT_TRUE(program.run()) << program.message;
    for (size_t i = 0; i < 512; ++i)
      EXPECT_EQ(program.buffers[0][i], (i / 16 % 2 == 1) != negated ? 0 : program.buffers[1][i])
          << i;
  }
}

TEST(CopyAsync, FromAVariable) {
  Program program = copyProgram(
      16,
      "cp.async.ca.shared.global [%s], [table+4], 4;\ncp.async.ca.shared.global [%s+4], [table], 4;\n"
      "cp.async.ca.shared.global [%s+8], [%in+8], 8;\n");
  program.head += "\n.global .align 16 .b32 table[2] = {0x11111111, 0x22222222};";
  ASSERT_TRUE(program.run()) << program.message;
  std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]),
                        in = valuesOf<uint32_t>(program.buffers[1]);
  for (size_t i = 0; i < 128; ++i)
    EXPECT_EQ(got[i], i % 4 == 0 ? 0x22222222u : i % 4 == 1 ? 0x11111111u : in[i]);
}

// wait_group N leaves the N youngest groups in flight; their destinations may not be touched.
TEST(CopyAsync, GroupsAndWaits) {
  for (int pending = 0; pending <= 4; ++pending)
    for (int read = 0; read < 4; ++read) {
      std::string copies;
      for (int g = 0; g < 4; ++g)
        copies += "cp.async.ca.shared.global [%s+" + std::to_string(4 * g) + "], [%in+" +
                  std::to_string(4 * g) + "], 4;\ncp.async.commit_group;\n";
      Program program =
          copyProgram(16, copies, "cp.async.wait_group " + std::to_string(pending) + ";\n");
      size_t at = program.body.find("ld.shared");
      program.body.resize(at);
      program.body += "ld.shared.b32 %w0, [%s+" + std::to_string(4 * read) +
                      "];\nst.global.b32 [%out], %w0;\ncp.async.wait_all;\n";
      bool arrived = read < 4 - pending;
      EXPECT_EQ(program.run(), arrived)
          << "wait_group " << pending << " group " << read << ": " << program.message;
      if (!arrived)
        EXPECT_EQ(program.check, "async") << program.message;
      else
        for (size_t lane = 0; lane < 32; ++lane)
          EXPECT_EQ(0, memcmp(&program.buffers[0][lane * 16],
                              &program.buffers[1][lane * 16 + size_t(read) * 4], 4));
    }
}

// What was not committed is not covered by wait_group, but by wait_all.
TEST(CopyAsync, UncommittedCopies) {
  Program program =
      copyProgram(16, "cp.async.cg.shared.global [%s], [%in], 16;\n", "cp.async.wait_group 0;\n");
  EXPECT_FALSE(program.run());
  EXPECT_EQ(program.check, "async");
}

// The source is read when the copy is issued or later; its undefined bytes come along.
TEST(CopyAsync, UndefinedBytes) {
  Program program =
      copyProgram(16, "st.global.b32 [%in+4], 7;\ncp.async.cg.shared.global [%s], [%in], 16;\n");
  program.poisoned = {false, true};
  ASSERT_TRUE(program.run()) << program.message;
  for (size_t i = 0; i < 512; ++i)
    EXPECT_EQ(program.undefined[0][i], !(i % 16 >= 4 && i % 16 < 8)) << i;
}

TEST(CopyAsync, RefusesWhatIsNotAForm) {
  for (const char *form :
       {"cp.async.cg.shared.global [%s], [%in], 8;", "cp.async.ca.shared.global [%s], [%in], 3;",
        "cp.async.shared.global [%s], [%in], 4;", "cp.async.ca.global [%in], [%in], 4;",
        "cp.async.ca.shared.global [%s], [%in];", "cp.async.wait_group -1;",
        "cp.async.wait_group %s;", "cp.async.frob;"}) {
    Program program = copyProgram(4, std::string(form) + "\n");
    EXPECT_FALSE(program.run()) << form;
    EXPECT_EQ(program.check, "") << form << ": " << program.message;
  }
}

} // namespace
