// SPDX-License-Identifier: Apache-2.0
// ld and st of every type, vector, space and modifier; ldmatrix, stmatrix and movmatrix.
#include "Lanes.h"
#include "Program.h"

#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

Bytes counted(size_t count) {
  Bytes bytes(count);
  for (size_t i = 0; i < count; ++i)
    bytes[i] = uint8_t(i * 37 + i / 256 * 11 + 129);
  return bytes;
}

struct Type {
  const char *name;
  int bytes;
  bool isSigned;
};
const Type kTypes[] = {{"b8", 1, false},  {"u8", 1, false},  {"s8", 1, true},    {"b16", 2, false},
                       {"u16", 2, false}, {"s16", 2, true},  {"b32", 4, false},  {"u32", 4, false},
                       {"s32", 4, true},  {"f32", 4, false}, {"b64", 8, false},  {"u64", 8, false},
                       {"s64", 8, true},  {"f64", 8, false}, {"b128", 16, false}};

/// A vector operand, or the register alone.
std::string list(const std::string &prefix, int count) {
  return count == 1 ? prefix + "0" : vectorOf(prefix, count);
}

/// Each lane moves its bytes from p1 to p0 by one load and one store of a vector.
void copies(const Type &type, int count, const std::string &ld, const std::string &st) {
  int bytes = type.bytes * count;
  std::string vector = count > 1 ? ".v" + std::to_string(count) : "",
              bits = std::to_string(type.bytes < 2 ? 16 : type.bytes * 8);
  Program program;
  program.body = ".reg .b" + bits + " %v<" + std::to_string(count) +
                 ">;\n.reg .b64 %x, %y;\nmul.wide.u32 %x, %t, " + std::to_string(bytes) +
                 ";\nadd.s64 %y, %p1, %x;\nadd.s64 %x, %p0, %x;\n" + "ld" + ld + vector + "." +
                 type.name + " " + list("%v", count) + ", [%y];\n" + "st" + st + vector + "." +
                 type.name + " [%x], " + list("%v", count) + ";\n";
  program.buffers = {Bytes(size_t(32 * bytes)), counted(size_t(32 * bytes))};
  Bytes want = program.buffers[1];
  ASSERT_TRUE(program.run()) << ld << " " << st << vector << "." << type.name << ": "
                             << program.message;
  ASSERT_EQ(program.buffers[0], want) << ld << " " << st << vector << "." << type.name;
}

TEST(Memory, VectorsOfEveryType) {
  for (const Type &type : kTypes)
    for (int count : {1, 2, 4, 8})
      if (type.bytes * count <= 16 ||
          (count > 1 && type.bytes * count == 32 && type.bytes >= 4 && type.bytes <= 8))
        if (count < 8 || type.bytes == 4)
          for (const char *space : {".global", ""})
            copies(type, count, space, space);
}

TEST(Memory, CacheAndOrderModifiers) {
  const Type word = {"u32", 4, false};
  for (const char *ld : {".global.ca",
                         ".global.cg",
                         ".global.cs",
                         ".global.lu",
                         ".global.cv",
                         ".global.nc",
                         ".global.ca.nc",
                         ".global.nc.L1::no_allocate",
                         ".global.L1::evict_last",
                         ".global.L1::evict_first",
                         ".global.L1::evict_normal",
                         ".global.L1::evict_unchanged",
                         ".global.L2::64B",
                         ".global.L2::128B",
                         ".global.L2::256B",
                         ".global.nc.L1::no_allocate.L2::128B",
                         ".weak.global",
                         ".volatile.global",
                         ".relaxed.cta.global",
                         ".relaxed.gpu.global",
                         ".relaxed.sys.global",
                         ".acquire.cta.global",
                         ".acquire.gpu.global",
                         ".acquire.sys.global",
                         ".volatile",
                         ".relaxed.gpu",
                         ".acquire.sys"})
    copies(word, 1, ld, ".global");
  for (const char *st :
       {".global.wb", ".global.cg", ".global.cs", ".global.wt", ".weak.global", ".volatile.global",
        ".relaxed.cta.global", ".relaxed.gpu.global", ".release.cta.global", ".release.gpu.global",
        ".release.sys.global", ".global.L1::evict_last", ".volatile", ".release.gpu"})
    copies(word, 1, ".global", st);
  // Modifiers stand before the vector's size.
  copies(word, 4, ".global.nc.L1::no_allocate.L2::256B", ".global.wt");
  copies({"f64", 8, false}, 2, ".global.ca", ".global.cs");
}

TEST(Memory, CacheHints) {
  Program program;
  program.body =
      ".reg .b64 %policy, %x, %y;\n.reg .b32 %v;\nadd.s64 %x, %p0, %o4;\nadd.s64 %y, %p1, %o4;\n"
      "createpolicy.fractional.L2::evict_last.b64 %policy, 1.0;\nld.global.L2::cache_hint.b32 %v, [%y], %policy;\n"
      "createpolicy.fractional.L2::evict_first.L2::evict_unchanged.b64 %policy, 0.5;\nst.global.L2::cache_hint.b32 [%x], %v, %policy;\n"
      "createpolicy.range.global.L2::evict_last.b64 %policy, [%p0], 128, 128;\n"
      "prefetch.global.L1 [%x];\nprefetch.global.L2 [%x];\nprefetch.global.L2::evict_last [%x];\nprefetchu.L1 [%x];\n"
      "applypriority.global.L2::evict_normal [%p0], 128;\n";
  program.buffers = {Bytes(128), counted(128)};
  Bytes want = program.buffers[1];
  ASSERT_TRUE(program.run()) << program.message;
  EXPECT_EQ(program.buffers[0], want);
}

// Narrow loads extend to the register, narrow stores cut.
TEST(Memory, ExtendsAndCuts) {
  for (const Type &type : kTypes)
    for (int reg : {16, 32, 64}) {
      if (type.bytes * 8 > reg || type.name[0] == 'f' || type.bytes == 16)
        continue;
      std::string r = std::to_string(reg);
      Program program;
      program.body = ".reg .b" + r + " %v;\n.reg .b64 %x, %y, %w;\nmul.wide.u32 %x, %t, " +
                     std::to_string(type.bytes) +
                     ";\nadd.s64 %y, %p1, %x;\nadd.s64 %x, %p2, %x;\nld.global." + type.name +
                     " %v, [%y];\nst.global." + type.name +
                     " [%x], %v;\nadd.s64 %w, %p0, %o8;\nst.global.u" + r + " [%w], %v;\n";
      program.buffers = {Bytes(256), counted(size_t(32 * type.bytes)),
                         Bytes(size_t(32 * type.bytes))};
      ASSERT_TRUE(program.run()) << type.name << ": " << program.message;
      EXPECT_EQ(program.buffers[2], program.buffers[1]) << type.name;
      for (size_t lane = 0; lane < 32; ++lane) {
        uint64_t raw = 0, got = 0;
        memcpy(&raw, &program.buffers[1][lane * size_t(type.bytes)], size_t(type.bytes));
        memcpy(&got, &program.buffers[0][lane * 8], size_t(reg / 8));
        if (type.isSigned)
          raw = uint64_t(int64_t(raw << (64 - type.bytes * 8)) >> (64 - type.bytes * 8));
        EXPECT_EQ(got, reg == 64 ? raw : raw & ((uint64_t(1) << reg) - 1))
            << type.name << " in b" << r;
      }
    }
}

// Shared, local, constant memory and parameters, directly and by generic address.
TEST(Memory, EverySpace) {
  for (int count : {1, 2, 4})
    for (bool generic : {false, true})
      for (std::string space : {"shared", "local"}) {
        std::string vector = count > 1 ? ".v" + std::to_string(count) : "",
                    size = std::to_string(4 * count);
        Program program;
        program.head = ".shared .align 16 .b8 sh[1024];";
        program.body =
            ".local .align 16 .b8 lo[1024];\n.reg .b32 %v<4>, %w<4>;\n.reg .b64 %x, %at, %in, %out;\nmul.wide.u32 %x, %t, " +
            size + ";\nadd.s64 %in, %p1, %x;\nadd.s64 %out, %p0, %x;\nmov.u64 %at, " +
            (space == "shared" ? "sh" : "lo") + ";\nadd.s64 %at, %at, %x;\n" +
            (generic ? "cvta." + space + ".u64 %at, %at;\n" : std::string()) + "ld.global" +
            vector + ".b32 " + list("%v", count) + ", [%in];\nst" + (generic ? "" : "." + space) +
            vector + ".b32 [%at], " + list("%v", count) + ";\nld" + (generic ? "" : "." + space) +
            vector + ".b32 " + list("%w", count) + ", [%at];\nst.global" + vector +
            ".b32 [%out], " + list("%w", count) + ";\n";
        program.buffers = {Bytes(size_t(128 * count)), counted(size_t(128 * count))};
        Bytes want = program.buffers[1];
        ASSERT_TRUE(program.run()) << space << ": " << program.message;
        EXPECT_EQ(program.buffers[0], want) << space << generic;
      }
  for (bool generic : {false, true}) {
    Program program;
    program.head =
        ".const .align 16 .b32 table[32] = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};";
    program.body =
        std::string(
            ".reg .b64 %at, %out;\n.reg .b32 %v;\nmov.u64 %at, table;\nadd.s64 %at, %at, %o4;\n") +
        (generic ? "cvta.const.u64 %at, %at;\nld.u32" : "ld.const.u32") +
        " %v, [%at];\nadd.s64 %out, %p0, %o4;\nst.global.u32 [%out], %v;\n";
    program.buffers = {Bytes(128)};
    ASSERT_TRUE(program.run()) << program.message;
    std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]);
    for (uint32_t i = 0; i < 32; ++i)
      EXPECT_EQ(got[i], i < 22 ? 10 + i : 0);
  }
}

/// Rows of sixteen bytes in shared memory, in an order of the lanes' own.
std::string fillShared(const char *from) {
  return std::string(".reg .b64 %in;\n.reg .b32 %w<4>, %row, %s;\nadd.s64 %in, ") + from +
         ", %o16;\nmov.u32 %s, tile;\nmul.lo.u32 %row, %t, 5;\nand.b32 %row, %row, 31;\nshl.b32 %row, %row, 4;\nadd.u32 %s, %s, %row;\n";
}

TEST(MatrixMove, LoadsAndStores) {
  for (int count : {1, 2, 4})
    for (std::string trans : {"", ".trans"})
      for (std::string space : {".shared", ".shared::cta", ""})
        for (bool stores : {false, true}) {
          std::string registers = count == 1 ? "{%m0}" : list("%m", count),
                      form =
                          ".sync.aligned.m8n8.x" + std::to_string(count) + trans + space + ".b16 ";
          Program program;
          program.head = ".shared .align 16 .b8 tile[512];";
          program.body = fillShared("%p1") +
                         ".reg .b32 %m<4>;\n.reg .b64 %out, %g;\ncvt.u64.u32 %g, %s;\n" +
                         (space.empty() ? "cvta.shared.u64 %g, %g;\n" : "");
          if (!stores) {
            program.body +=
                "ld.global.v4.b32 {%w0, %w1, %w2, %w3}, [%in];\nst.shared.v4.b32 [%s], {%w0, %w1, %w2, %w3};\nbar.warp.sync -1;\n"
                "ldmatrix" +
                form + registers + ", [%g];\nadd.s64 %out, %p0, %o4;\n";
            for (int r = 0; r < count; ++r)
              program.body += "st.global.b32 [%out+" + std::to_string(128 * r) + "], %m" +
                              std::to_string(r) + ";\n";
          } else {
            program.body +=
                "mov.b32 %w0, 0;\nst.shared.v4.b32 [%s], {%w0, %w0, %w0, %w0};\nbar.warp.sync -1;\nadd.s64 %in, %p1, %o4;\n";
            for (int r = 0; r < count; ++r)
              program.body += "ld.global.b32 %m" + std::to_string(r) + ", [%in+" +
                              std::to_string(128 * r) + "];\n";
            program.body +=
                "stmatrix" + form + "[%g], " + registers +
                ";\nbar.warp.sync -1;\nld.shared.v4.b32 {%w0, %w1, %w2, %w3}, [%s];\n"
                "add.s64 %out, %p0, %o16;\nst.global.v4.b32 [%out], {%w0, %w1, %w2, %w3};\n";
          }
          program.buffers = {Bytes(512), counted(512)};
          ASSERT_TRUE(program.run())
              << (stores ? "stmatrix" : "ldmatrix") << form << ": " << program.message;
          std::vector<uint16_t> in = valuesOf<uint16_t>(program.buffers[1]),
                                out = valuesOf<uint16_t>(program.buffers[0]);
          // Lane 8 m + r gives the address of row r of matrix m; a lane's register
          // m holds the elements 2 (lane % 4) and the next of row lane / 4.
          for (int m = 0; m < count; ++m)
            for (int lane = 0; lane < 32; ++lane)
              for (int j = 0; j < 2; ++j) {
                int row = lane / 4, column = lane % 4 * 2 + j;
                if (!trans.empty())
                  std::swap(row, column);
                size_t inMemory = size_t((m * 8 + row) * 8 + column),
                       inRegister = size_t((m * 32 + lane) * 2 + j);
                EXPECT_EQ(stores ? out[inMemory] : out[inRegister],
                          stores ? in[inRegister] : in[inMemory])
                    << (stores ? "stmatrix" : "ldmatrix") << form << " matrix " << m << " lane "
                    << lane << " half " << j;
              }
          if (stores) // rows that no matrix has stay as they were
            for (size_t i = size_t(count) * 64; i < 256; ++i)
              EXPECT_EQ(out[i], 0);
        }
}

TEST(MatrixMove, RefusesWhatIsNotAForm) {
  for (const char *form : {"ldmatrix.sync.aligned.m8n8.x3.shared.b16 {%r, %r, %r}, [%r];",
                           "ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%r}, [%r];",
                           "ldmatrix.sync.aligned.m8n8.x1.shared.b32 {%r}, [%r];",
                           "stmatrix.sync.aligned.m8n8.x4.shared.b16 [%r], {%r, %r};",
                           "movmatrix.sync.aligned.m8n8.b16 %r, %r;"}) {
    Program program;
    program.buffers = {Bytes(64)};
    program.body = std::string(".reg .b32 %r;\nmov.u32 %r, 0;\n") + form;
    EXPECT_FALSE(program.run()) << form;
    EXPECT_EQ(program.check, "") << form;
  }
}

// Undefined bits follow their elements through all three.
TEST(MatrixMove, UndefinedElements) {
  for (bool trans : {false, true}) {
    Program program;
    program.head = ".shared .align 16 .b8 tile[128];";
    // Row 3, column 5 is never written.
    program.body =
        ".reg .b32 %m, %s, %i;\n.reg .b16 %h;\n.reg .b64 %out;\n.reg .pred %hole, %in;\nmov.u32 %i, %t;\nmov.u32 %s, tile;\n"
        "LOOP:\nsetp.ge.u32 %in, %i, 64;\n@%in bra DONE;\nsetp.eq.u32 %hole, %i, 29;\ncvt.u16.u32 %h, %i;\n{ .reg .b32 %a; shl.b32 %a, %i, 1;\n"
        "add.u32 %a, %a, %s; @!%hole st.shared.b16 [%a], %h; }\nadd.u32 %i, %i, 32;\nbra LOOP;\nDONE:\nbar.warp.sync -1;\n"
        "{ .reg .b32 %a; and.b32 %a, %t, 7; shl.b32 %a, %a, 4; add.u32 %s, %s, %a; }\n"
        "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%m}, [%s];\n";
    if (trans)
      program.body += "movmatrix.sync.aligned.m8n8.trans.b16 %m, %m;\n";
    program.body += "add.s64 %out, %p0, %o4;\nst.global.b32 [%out], %m;\n";
    program.buffers = {Bytes(128)};
    ASSERT_TRUE(program.run()) << program.message;
    std::vector<uint16_t> got = valuesOf<uint16_t>(program.buffers[0]);
    for (size_t i = 0; i < 64; ++i) {
      size_t row = i / 8, column = i % 8, from = trans ? column * 8 + row : i;
      EXPECT_EQ(program.undefined[0][2 * i], from == 29) << "element " << i;
      if (from != 29)
        EXPECT_EQ(got[i], from);
    }
  }
}

// A result that nobody wants lands in no other register.
TEST(Memory, WideResultsThatAreDropped) {
  Program program;
  program.body =
      ".reg .b64 %a, %x, %y;\nld.global.v2.u64 {_, %x}, [%p1];\nld.global.v2.u64 {%y, _}, [%p1];\nadd.s64 %x, %x, %y;\n"
      "atom.global.add.u64 _, [%p1], 1;\nadd.s64 %a, %p0, %o8;\nst.global.u64 [%a], %x;";
  program.buffers = {Bytes(256), bytesOf(std::vector<uint64_t>{1000, 7})};
  ASSERT_TRUE(program.run()) << program.message;
  EXPECT_EQ(valuesOf<uint64_t>(program.buffers[0]), std::vector<uint64_t>(32, 1007));
}

} // namespace
