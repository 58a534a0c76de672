// SPDX-License-Identifier: Apache-2.0
// cvt between every pair of types, with its roundings and saturation.
#include "Lanes.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

using Row = const uint64_t *;
using i128 = __int128;

struct Integer {
  std::string name;
  int width;
  bool isSigned;
  std::string reg() const { return "b" + std::to_string(width < 16 ? 16 : width); }
  i128 value(uint64_t v) const {
    if (isSigned)
      return int64_t(v << (64 - width)) >> (64 - width);
    return i128(width == 64 ? v : v & ((uint64_t(1) << width) - 1));
  }
  uint64_t bits(i128 x) const { // in a register of reg()
    int w = width < 16 ? 16 : width;
    x = value(uint64_t(x));
    return w == 64 ? uint64_t(x) : uint64_t(x) & ((uint64_t(1) << w) - 1);
  }
  i128 least() const { return isSigned ? -(i128(1) << (width - 1)) : 0; }
  i128 most() const { return (i128(1) << (width - isSigned)) - 1; }
};
std::vector<Integer> integers() {
  std::vector<Integer> all;
  for (int w : {8, 16, 32, 64})
    for (bool s : {false, true})
      all.push_back({(s ? "s" : "u") + std::to_string(w), w, s});
  return all;
}
const Values &valuesOf(int width) {
  return width <= 16 ? integers16() : width == 32 ? integers32() : integers64();
}

TEST(Convert, BetweenIntegers) {
  for (const Integer &to : integers())
    for (const Integer &from : integers()) {
      std::string name = to.name + "." + from.name + " %d, %a;";
      check("cvt." + name, {to.reg(), from.reg()}, {valuesOf(from.width)},
            [&](Row v) { return to.bits(from.value(v[0])); });
      check("cvt.sat." + name, {to.reg(), from.reg()}, {valuesOf(from.width)}, [&](Row v) {
        i128 x = from.value(v[0]);
        x = x < to.least() ? to.least() : x > to.most() ? to.most() : x;
        return to.bits(x);
      });
    }
}

const struct {
  const char *name;
  long double (*f)(long double);
} kIntegral[] = {{"rni", [](long double x) { return nearbyintl(x); }},
                 {"rzi", [](long double x) { return truncl(x); }},
                 {"rmi", [](long double x) { return floorl(x); }},
                 {"rpi", [](long double x) { return ceill(x); }}};

TEST(Convert, FloatsToIntegers) {
  for (const Integer &to : integers())
    for (const auto &mode : kIntegral) {
      auto expected = [&](long double x) {
        if (std::isnan(x))
          return to.bits(0);
        x = mode.f(x);
        i128 n = x<(long double)(to.least()) ? to.least() : x>(long double)(to.most()) ? to.most()
                                                                                       : i128(x);
        return to.bits(n);
      };
      std::string head = std::string("cvt.") + mode.name + "." + to.name;
      check(head + ".f32 %d, %a;", {to.reg(), "b32"}, {floats32()},
            [&](Row v) { return expected(f32(v[0])); });
      check(head + ".f64 %d, %a;", {to.reg(), "b64"}, {floats64()},
            [&](Row v) { return expected(f64(v[0])); });
    }
}

TEST(Convert, IntegersToFloats) {
  const struct {
    const char *name;
    char mode;
  } modes[] = {{"rn", 'n'}, {"rz", 'z'}, {"rm", 'm'}, {"rp", 'p'}};
  for (const Integer &from : integers())
    for (const auto &mode : modes) {
      std::string head = std::string("cvt.") + mode.name;
      // A long double holds all 64 bits.
      check(head + ".f32." + from.name + " %d, %a;", {"b32", from.reg()}, {valuesOf(from.width)},
            [&](Row v) { return roundSlowly((long double)(from.value(v[0])), 8, 23, mode.mode); });
      check(head + ".f64." + from.name + " %d, %a;", {"b64", from.reg()}, {valuesOf(from.width)},
            [&](Row v) { return roundSlowly((long double)(from.value(v[0])), 11, 52, mode.mode); });
      check(head + ".f16." + from.name + " %d, %a;", {"b16", from.reg()}, {valuesOf(from.width)},
            [&](Row v) { return roundSlowly((long double)(from.value(v[0])), 5, 10, mode.mode); });
    }
}

TEST(Convert, NarrowerFloats) {
  const struct {
    const char *name;
    char mode;
  } modes[] = {{"rn", 'n'}, {"rz", 'z'}, {"rm", 'm'}, {"rp", 'p'}};
  for (const auto &mode : modes) {
    std::string head = std::string("cvt.") + mode.name;
    check(head + ".f16.f32 %d, %a;", {"b16", "b32"}, {floats32()}, [&](Row v) {
      float x = f32(v[0]);
      return x != x ? uint64_t(0x7fff) : roundSlowly(x, 5, 10, mode.mode);
    });
    check(head + ".f32.f64 %d, %a;", {"b32", "b64"}, {floats64()}, [&](Row v) {
      double x = f64(v[0]);
      return x != x ? uint64_t(0x7fffffff) : roundSlowly(x, 8, 23, mode.mode);
    });
    if (mode.mode == 'n' || mode.mode == 'z')
      check(head + ".bf16.f32 %d, %a;", {"b16", "b32"}, {floats32()}, [&](Row v) {
        float x = f32(v[0]);
        return x != x ? uint64_t(0x7fff) : roundSlowly(x, 8, 7, mode.mode);
      });
  }
  check("cvt.rna.tf32.f32 %d, %a;", {"b32", "b32"}, {floats32()}, [](Row v) {
    float x = f32(v[0]);
    if (x != x)
      return uint64_t(0x7fffffff);
    uint64_t d = roundSlowly(x, 8, 10, 'a');
    return (d >> 18 & 1) << 31 | (d & 0x3ffff) << 13;
  });
}

TEST(Convert, WiderFloats) {
  check("cvt.f32.f16 %d, %a;", {"b32", "b16"}, {halves()}, [](Row v) {
    if ((v[0] & 0x7fff) > 0x7c00)
      return uint64_t(0x7fffffff);
    if ((v[0] & 0x7fff) == 0x7c00)
      return v[0] & 0x8000 ? uint64_t(0xff800000) : uint64_t(0x7f800000);
    return bits(float(valueOf(v[0], 5, 10)));
  });
  check("cvt.f64.f32 %d, %a;", {"b64", "b32"},
        {{0, 0x80000000, 1, 0x3f800000, 0x7f7fffff, 0x7f800000, 0xff800000}},
        [](Row v) { return bits(double(f32(v[0]))); });
}

TEST(Convert, IntegralFloats) {
  for (const auto &mode : kIntegral)
    check(std::string("cvt.") + mode.name + ".f32.f32 %d, %a;", {"b32", "b32"}, {floats32()},
          [&](Row v) {
            float x = f32(v[0]);
            return x != x ? uint64_t(0x7fffffff) : bits(float(mode.f(x)));
          });
}

TEST(Convert, PairsAndEightBits) {
  check("cvt.rn.bf16x2.f32 %d, %a, %b;", {"b32", "b32", "b32"},
        {{bits(1.0f), bits(-3.14159f)}, {bits(2.5f), bits(1e-40f)}}, [](Row v) {
          return roundSlowly(f32(v[0]), 8, 7, 'n') << 16 | roundSlowly(f32(v[1]), 8, 7, 'n');
        });
  // e4m3 has no infinity: everything beyond 448 is 448 under satfinite.
  Values some = {bits(0.f),  bits(-0.f),    bits(1.f),          bits(447.f),   bits(449.f),
                 bits(1e9f), bits(-1e9f),   bits(0.001953125f), bits(0.0009f), bits(17.f),
                 bits(19.f), bits(0.0029f), bits(INFINITY)};
  check("cvt.rn.satfinite.e4m3x2.f32 %d, %a, %b;", {"b16", "b32", "b32"}, {some, some}, [](Row v) {
    auto one = [](float x) -> uint64_t {
      uint64_t sign = std::signbit(x) ? 0x80 : 0;
      if (std::fabs(x) >= 448)
        return sign | 0x7e;
      if (std::fabs(x) >= 256) // where other formats have infinities
        return sign | (0x70 + uint64_t(std::nearbyint(std::fabs(x) / 32)));
      return roundSlowly(x, 4, 3, 'n');
    };
    return one(f32(v[0])) << 8 | one(f32(v[1]));
  });
  Values codes;
  for (uint64_t i = 0; i < 256; ++i)
    codes.push_back(i | (255 - i) << 8);
  check("cvt.rn.f16x2.e4m3x2 %d, %a;", {"b32", "b16"}, {codes}, [](Row v) {
    auto one = [](uint64_t c) -> uint64_t {
      if ((c & 0x7f) == 0x7f)
        return 0x7fff;
      int e = int(c >> 3 & 15), m = int(c & 7);
      long double x = e ? ldexpl(8 + m, e - 10) : ldexpl(m, -9);
      return (c & 0x80) << 8 | roundSlowly(x, 5, 10, 'n');
    };
    return one(v[0] & 255) | one(v[0] >> 8) << 16;
  });
}

} // namespace
