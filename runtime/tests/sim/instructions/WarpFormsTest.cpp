// SPDX-License-Identifier: Apache-2.0
// Exchange between lanes with every clamp, mask and type: shfl, vote, match, redux, elect.
#include "Lanes.h"
#include "Program.h"

#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

/// Lanes of `members` execute `instruction`, which reads %v and %w (b32), %q (a predicate) and sets %d and %p.
struct Exchange {
  uint32_t members = ~0u;
  std::vector<uint32_t> v = std::vector<uint32_t>(32), w = std::vector<uint32_t>(32);
  std::vector<uint32_t> d, p;
  std::string message;
  void run(const std::string &instruction) {
    Program program;
    program.body =
        ".reg .b32 %d, %v, %w, %x, %l;\n.reg .b64 %at, %v64;\n.reg .pred %p, %q, %in;\nadd.s64 %at, %p1, %o4;\nld.global.u32 %v, [%at];\nadd.s64 %at, %p2, %o4;\n"
        "ld.global.u32 %w, [%at];\nsetp.ne.u32 %q, %v, 0;\nmov.u32 %d, 12345;\nsetp.ne.u32 %p, 0, 0;\nmov.b64 %v64, {%w, %v};\nshl.b32 %l, 1, %t;\nand.b32 %l, %l, " +
        std::to_string(members) + ";\nsetp.ne.u32 %in, %l, 0;\n@!%in bra SKIP;\n" + instruction +
        "\nSKIP:\nselp.u32 %x, 1, 0, %p;\nadd.s64 %at, %p0, %o8;\nst.global.v2.u32 [%at], {%d, %x};\n";
    program.buffers = {Bytes(256), bytesOf(v), bytesOf(w)};
    program.run();
    message = program.message;
    std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]);
    d.clear(), p.clear();
    for (size_t i = 0; i < 32; ++i)
      d.push_back(got[2 * i]), p.push_back(got[2 * i + 1]);
  }
};

// As the manual's pseudocode states it, for every width of segments, clamp and distance.
TEST(WarpForms, ShufflesWithEveryClamp) {
  for (std::string mode : {"up", "down", "bfly", "idx"})
    for (uint32_t width : {1u, 2u, 4u, 8u, 16u, 32u})
      for (uint32_t clamp : {0u, 5u, 31u})
        for (uint32_t b : {0u, 1u, 3u, 8u, 17u, 31u, 40u}) {
          Exchange e;
          for (uint32_t i = 0; i < 32; ++i)
            e.v[i] = i * 1000 + 1, e.w[i] = b;
          uint32_t c = (32 - width) << 8 | clamp;
          e.run("shfl.sync." + mode + ".b32 %d|%p, %v, %w, " + std::to_string(c) + ", -1;");
          ASSERT_EQ(e.message, "");
          for (uint32_t lane = 0; lane < 32; ++lane) {
            uint32_t bval = b & 31, cval = c & 31, mask = c >> 8 & 31;
            int maxLane = int((lane & mask) | (cval & ~mask)), minLane = int(lane & mask), j = 0;
            bool inside = false;
            if (mode == "up")
              j = int(lane) - int(bval), inside = j >= maxLane;
            else if (mode == "down")
              j = int(lane + bval), inside = j <= maxLane;
            else if (mode == "bfly")
              j = int(lane ^ bval), inside = j <= maxLane;
            else
              j = minLane | int(bval & ~mask & 31), inside = j <= maxLane;
            if (!inside)
              j = int(lane);
            EXPECT_EQ(e.d[lane], uint32_t(j) * 1000 + 1)
                << mode << " width " << width << " clamp " << clamp << " by " << b << " lane "
                << lane;
            EXPECT_EQ(e.p[lane], uint32_t(inside)) << mode << " width " << width << " clamp "
                                                   << clamp << " by " << b << " lane " << lane;
          }
        }
}

// The source of a lane that takes no part is not defined.
TEST(WarpForms, ShufflesOfAPart) {
  Program program;
  program.body =
      ".reg .b32 %d;\n.reg .b64 %at;\n.reg .pred %in;\nadd.s64 %at, %p0, %o4;\nmov.u32 %d, 7;\nsetp.lt.u32 %in, %t, 20;\n"
      "@%in shfl.sync.down.b32 %d, %t, 4, 31, 0xfffff;\nst.global.u32 [%at], %d;\n";
  program.buffers = {Bytes(128)};
  ASSERT_TRUE(program.run()) << program.message;
  std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]);
  for (size_t i = 0; i < 32; ++i) {
    EXPECT_EQ(program.undefined[0][4 * i], i >= 16 && i < 20) << i;
    if (i < 16 || i >= 20)
      EXPECT_EQ(got[i], i < 16 ? i + 4 : 7) << i;
  }
}

TEST(WarpForms, UndefinedValuesPassShuffles) {
  Program program;
  program.body =
      ".reg .b32 %d, %u, %v;\n.reg .b64 %at;\n.reg .pred %one;\nadd.s64 %at, %p0, %o4;\nsetp.eq.u32 %one, %t, 9;\nselp.b32 %v, %u, %t, %one;\n"
      "shfl.sync.bfly.b32 %d, %v, 3, 31, -1;\nst.global.u32 [%at], %d;\n";
  program.buffers = {Bytes(128)};
  ASSERT_TRUE(program.run()) << program.message;
  for (size_t i = 0; i < 32; ++i)
    EXPECT_EQ(program.undefined[0][4 * i], i == (9 ^ 3)) << i;
}

const uint32_t kMasks[] = {~0u, 1u, 0x80000000u, 0x0000ffffu, 0xaaaaaaaau, 0x00f0000fu};

TEST(WarpForms, VotesOfEveryPart) {
  for (uint32_t members : kMasks)
    for (uint32_t set : {0u, ~0u, 0x12345678u, 0xaaaaaaaau, 1u}) {
      Exchange e;
      e.members = members;
      for (uint32_t i = 0; i < 32; ++i)
        e.v[i] = set >> i & 1;
      uint32_t p = set & members;
      for (bool negated : {false, true}) {
        uint32_t q = negated ? members & ~set : p;
        std::string source =
            std::string(negated ? "!" : "") + "%q, " + std::to_string(members) + ";";
        const struct {
          std::string mode;
          bool value;
        } modes[] = {{"all", q == members}, {"any", q != 0}, {"uni", q == 0 || q == members}};
        for (const auto &mode : modes) {
          e.run("vote.sync." + mode.mode + ".pred %p, " + source);
          ASSERT_EQ(e.message, "");
          for (uint32_t i = 0; i < 32; ++i)
            EXPECT_EQ(e.p[i], (members >> i & 1) && mode.value)
                << mode.mode << std::hex << " " << members << " " << set;
        }
        e.run("vote.sync.ballot.b32 %d, " + source);
        for (uint32_t i = 0; i < 32; ++i)
          EXPECT_EQ(e.d[i], members >> i & 1 ? q : 12345) << std::hex << members << " " << set;
      }
    }
}

TEST(WarpForms, MatchesOfEveryPart) {
  for (uint32_t members : kMasks)
    for (uint32_t modulus : {1u, 2u, 5u, 32u})
      for (bool wide : {false, true}) {
        Exchange e;
        e.members = members;
        for (uint32_t i = 0; i < 32; ++i) // words that differ in the upper half alone where wide
          e.v[i] = i % modulus, e.w[i] = 99;
        std::string tail = std::string(wide ? ".b64 " : ".b32 "),
                    source =
                        std::string(wide ? ", %v64, " : ", %v, ") + std::to_string(members) + ";";
        e.run("match.any.sync" + tail + "%d" + source);
        ASSERT_EQ(e.message, "");
        for (uint32_t i = 0; i < 32; ++i) {
          uint32_t want = 0;
          for (uint32_t j = 0; j < 32; ++j)
            want |= uint32_t(j % modulus == i % modulus) << j;
          EXPECT_EQ(e.d[i], members >> i & 1 ? want & members : 12345);
        }
        e.run("match.all.sync" + tail + "%d|%p" + source);
        ASSERT_EQ(e.message, "");
        bool all = true;
        for (uint32_t i = 0; i < 32; ++i)
          if (members >> i & 1)
            all &= i % modulus == uint32_t(__builtin_ctz(members)) % modulus;
        for (uint32_t i = 0; i < 32; ++i) {
          EXPECT_EQ(e.d[i], !(members >> i & 1) ? 12345 : all ? members : 0);
          EXPECT_EQ(e.p[i], (members >> i & 1) && all);
        }
      }
}

TEST(WarpForms, ReducesEveryPart) {
  const struct {
    std::string name;
    int64_t (*f)(int64_t, int64_t);
  } operations[] = {{"add", [](int64_t a, int64_t b) { return a + b; }},
                    {"min", [](int64_t a, int64_t b) { return a < b ? a : b; }},
                    {"max", [](int64_t a, int64_t b) { return a > b ? a : b; }},
                    {"and", [](int64_t a, int64_t b) { return a & b; }},
                    {"or", [](int64_t a, int64_t b) { return a | b; }},
                    {"xor", [](int64_t a, int64_t b) { return a ^ b; }}};
  for (uint32_t members : kMasks)
    for (const auto &op : operations)
      for (std::string type : {"u32", "s32", "b32"}) {
        bool logic = op.name == "and" || op.name == "or" || op.name == "xor";
        if (logic != (type == "b32"))
          continue;
        Exchange e;
        e.members = members;
        for (uint32_t i = 0; i < 32; ++i)
          e.v[i] = i * 0x9e3779b9u ^ 0x55;
        auto value = [&](uint32_t i) {
          return type == "s32" ? int64_t(int32_t(e.v[i])) : int64_t(e.v[i]);
        };
        int64_t want = value(uint32_t(__builtin_ctz(members)));
        for (uint32_t i = uint32_t(__builtin_ctz(members)) + 1; i < 32; ++i)
          if (members >> i & 1)
            want = op.f(want, value(i));
        e.run("redux.sync." + op.name + "." + type + " %d, %v, " + std::to_string(members) + ";");
        ASSERT_EQ(e.message, "");
        for (uint32_t i = 0; i < 32; ++i)
          EXPECT_EQ(e.d[i], members >> i & 1 ? uint32_t(want) : 12345) << op.name << type;
      }
}

TEST(WarpForms, Elects) {
  for (uint32_t members : kMasks) {
    Exchange e;
    e.members = members;
    e.run("elect.sync %d|%p, " + std::to_string(members) + ";");
    ASSERT_EQ(e.message, "");
    uint32_t leader = uint32_t(__builtin_ctz(members));
    for (uint32_t i = 0; i < 32; ++i) {
      EXPECT_EQ(e.d[i], members >> i & 1 ? leader : 12345);
      EXPECT_EQ(e.p[i], uint32_t(i == leader));
    }
  }
}

} // namespace
