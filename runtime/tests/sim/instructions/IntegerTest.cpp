// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic of every width and sign, with carries and saturation.
#include "Lanes.h"

#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

using i128 = __int128;
using u128 = unsigned __int128;
using Row = const uint64_t *;

uint64_t cut(i128 x, int width) {
  return width == 64 ? uint64_t(x) : uint64_t(x) & ((uint64_t(1) << width) - 1);
}
i128 extend(uint64_t x, int width, bool isSigned) {
  if (!isSigned)
    return i128(u128(cut(i128(x), width)));
  return i128(int64_t(x << (64 - width)) >> (64 - width));
}

struct Width {
  int bits;
  const Values &values;
};
std::vector<Width> widths() { return {{16, integers16()}, {32, integers32()}, {64, integers64()}}; }
std::string typeOf(int width, bool isSigned) {
  return (isSigned ? "s" : "u") + std::to_string(width);
}
std::string registerOf(int width) { return "b" + std::to_string(width); }

TEST(Integer, TwoOperands) {
  for (const Width &each : widths())
    for (bool s : {false, true}) {
      int width = each.bits;
      const Values &values = each.values;
      std::string t = typeOf(width, s), r = registerOf(width);
      int w = width;
      auto x = [=](uint64_t v) { return extend(v, w, s); };
      auto two = [&](const std::string &op, std::function<i128(i128, i128)> f) {
        check(op + "." + t + " %d, %a, %b;", {r, r, r}, {values, values},
              [=](Row v) { return cut(f(x(v[0]), x(v[1])), w); });
      };
      two("add", [](i128 a, i128 b) { return a + b; });
      two("sub", [](i128 a, i128 b) { return a - b; });
      two("mul.lo", [](i128 a, i128 b) { return i128(u128(a) * u128(b)); });
      two("min", [](i128 a, i128 b) { return a < b ? a : b; });
      two("max", [](i128 a, i128 b) { return a > b ? a : b; });
      two("div", [](i128 a, i128 b) { return b ? a / b : i128(-1); });
      two("rem", [](i128 a, i128 b) { return b ? a % b : a; });
      if (w < 64)
        two("mul.hi", [w](i128 a, i128 b) { return (a * b) >> w; });
      else if (!s)
        check("mul.hi.u64 %d, %a, %b;", {r, r, r}, {values, values},
              [](Row v) { return uint64_t((u128(v[0]) * v[1]) >> 64); });
      else
        two("mul.hi", [](i128 a, i128 b) { return (a * b) >> 64; });
      if (w < 64)
        check("mul.wide." + t + " %d, %a, %b;", {registerOf(2 * w), r, r}, {values, values},
              [=](Row v) { return cut(x(v[0]) * x(v[1]), 2 * w); });
    }
}

TEST(Integer, ThreeOperands) {
  for (const Width &each : widths())
    for (bool s : {false, true}) {
      int width = each.bits;
      const Values &values = each.values;
      std::string t = typeOf(width, s), r = registerOf(width);
      int w = width;
      auto x = [=](uint64_t v) { return extend(v, w, s); };
      check("mad.lo." + t + " %d, %a, %b, %c;", {r, r, r, r}, {values, values, values},
            [=](Row v) { return cut(i128(u128(x(v[0])) * u128(x(v[1])) + u128(x(v[2]))), w); });
      check("sad." + t + " %d, %a, %b, %c;", {r, r, r, r}, {values, values, values}, [=](Row v) {
        i128 d = x(v[0]) - x(v[1]);
        return cut(x(v[2]) + (d < 0 ? -d : d), w);
      });
      if (w == 32) {
        check("mad.hi." + t + " %d, %a, %b, %c;", {r, r, r, r}, {values, values, values},
              [=](Row v) { return cut(((x(v[0]) * x(v[1])) >> 32) + x(v[2]), 32); });
        check("mad.wide." + t + " %d, %a, %b, %c;", {"b64", r, r, "b64"},
              {values, values, integers64()},
              [=](Row v) { return cut(x(v[0]) * x(v[1]) + i128(v[2]), 64); });
      }
    }
}

TEST(Integer, Saturating) {
  auto clamp = [](i128 x) {
    return cut(x > INT32_MAX ? i128(INT32_MAX) : x < INT32_MIN ? i128(INT32_MIN) : x, 32);
  };
  auto x = [](uint64_t v) { return extend(v, 32, true); };
  std::vector<std::string> r = {"b32", "b32", "b32"};
  check("add.sat.s32 %d, %a, %b;", r, {integers32(), integers32()},
        [&](Row v) { return clamp(x(v[0]) + x(v[1])); });
  check("sub.sat.s32 %d, %a, %b;", r, {integers32(), integers32()},
        [&](Row v) { return clamp(x(v[0]) - x(v[1])); });
  check("mad.hi.sat.s32 %d, %a, %b, %c;", {"b32", "b32", "b32", "b32"},
        {integers32(), integers32(), integers32()},
        [&](Row v) { return clamp(((x(v[0]) * x(v[1])) >> 32) + x(v[2])); });
}

TEST(Integer, AbsAndNeg) {
  for (const Width &each : widths()) {
    int width = each.bits;
    const Values &values = each.values;
    std::string t = typeOf(width, true), r = registerOf(width);
    int w = width;
    check("abs." + t + " %d, %a;", {r, r}, {values}, [=](Row v) {
      i128 x = extend(v[0], w, true);
      return cut(x < 0 ? -x : x, w);
    });
    check("neg." + t + " %d, %a;", {r, r}, {values},
          [=](Row v) { return cut(-extend(v[0], w, true), w); });
  }
}

TEST(Integer, Carries) {
  // 64-bit sums, differences and products by halves.
  check("{ .reg .b32 %x<6>; mov.b64 {%x0, %x1}, %a; mov.b64 {%x2, %x3}, %b;\n"
        "add.cc.u32 %x4, %x0, %x2; addc.u32 %x5, %x1, %x3;\n"
        "mov.b64 %d, {%x4, %x5}; }",
        {"b64", "b64", "b64"}, {integers64(), integers64()}, [](Row v) { return v[0] + v[1]; });
  check("{ .reg .b32 %x<6>; mov.b64 {%x0, %x1}, %a; mov.b64 {%x2, %x3}, %b;\n"
        "sub.cc.u32 %x4, %x0, %x2; subc.u32 %x5, %x1, %x3;\n"
        "mov.b64 %d, {%x4, %x5}; }",
        {"b64", "b64", "b64"}, {integers64(), integers64()}, [](Row v) { return v[0] - v[1]; });
  check("{ .reg .b32 %lo; .reg .b32 %hi; mad.lo.cc.u32 %lo, %a, %b, %c;\n"
        "madc.hi.u32 %hi, %a, %b, %c; mov.b64 %d, {%lo, %hi}; }",
        {"b64", "b32", "b32", "b32"}, {integers32(), integers32(), integers32()},
        [](Row v) { return v[0] * v[1] + (v[2] | v[2] << 32); });
}

TEST(Integer, TwentyFourBits) {
  auto product = [](Row v, bool s) {
    auto field = [&](uint64_t x) {
      x &= 0xffffff;
      return s && (x & 0x800000) ? i128(x) - 0x1000000 : i128(x);
    };
    return field(v[0]) * field(v[1]);
  };
  for (bool s : {false, true}) {
    std::string t = s ? "s32" : "u32";
    check("mul24.lo." + t + " %d, %a, %b;", {"b32", "b32", "b32"}, {integers32(), integers32()},
          [=](Row v) { return cut(product(v, s), 32); });
    check("mul24.hi." + t + " %d, %a, %b;", {"b32", "b32", "b32"}, {integers32(), integers32()},
          [=](Row v) { return cut(product(v, s) >> 16, 32); });
    check("mad24.lo." + t + " %d, %a, %b, %c;", {"b32", "b32", "b32", "b32"},
          {integers32(), integers32(), integers32()},
          [=](Row v) { return cut(product(v, s) + i128(v[2]), 32); });
  }
}

TEST(Integer, DotProducts) {
  auto part = [](uint64_t x, int at, int width, bool s) { return extend(x >> at, width, s); };
  for (bool sa : {false, true})
    for (bool sb : {false, true}) {
      std::string t = std::string(sa ? ".s32" : ".u32") + (sb ? ".s32" : ".u32");
      check("dp4a" + t + " %d, %a, %b, %c;", {"b32", "b32", "b32", "b32"},
            {integers32(), integers32(), integers32()}, [=](Row v) {
              i128 sum = i128(v[2]);
              for (int i = 0; i < 4; ++i)
                sum += part(v[0], 8 * i, 8, sa) * part(v[1], 8 * i, 8, sb);
              return cut(sum, 32);
            });
      for (int half : {0, 1})
        check(std::string("dp2a.") + (half ? "hi" : "lo") + t + " %d, %a, %b, %c;",
              {"b32", "b32", "b32", "b32"}, {integers32(), integers32(), integers32()}, [=](Row v) {
                i128 sum = i128(v[2]);
                for (int i = 0; i < 2; ++i)
                  sum += part(v[0], 16 * i, 16, sa) * part(v[1], 8 * i + 16 * half, 8, sb);
                return cut(sum, 32);
              });
    }
}

} // namespace
