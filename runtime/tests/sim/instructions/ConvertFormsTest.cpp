// SPDX-License-Identifier: Apache-2.0
// cvt with .sat, .relu, .satfinite and .ftz, of halves, 8-bit floats and pairs; cvt.pack.
#include "Lanes.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

using Row = const uint64_t *;

/// A float format by the bits of its exponent and mantissa.
struct Format {
  std::string name;
  int exponent, mantissa;
  uint64_t nan;
  const Values *values;
  int width() const { return exponent + mantissa + 1; }
  std::string reg() const { return "b" + std::to_string(width()); }
  long double value(uint64_t v) const {
    uint64_t e = v >> mantissa & ((uint64_t(1) << exponent) - 1),
             m = v & ((uint64_t(1) << mantissa) - 1);
    if (e == (uint64_t(1) << exponent) - 1)
      return m                        ? (long double)(NAN)
             : v >> (width() - 1) & 1 ? -(long double)(INFINITY)
                                      : (long double)(INFINITY);
    return valueOf(v, exponent, mantissa);
  }
  uint64_t round(long double x, char mode) const {
    return x != x ? nan : roundSlowly(x, exponent, mantissa, mode);
  }
  uint64_t sign() const { return uint64_t(1) << (width() - 1); }
  uint64_t infinity() const { return ((uint64_t(1) << exponent) - 1) << mantissa; }
};
const Format &f16() {
  static const Format f = {"f16", 5, 10, 0x7fff, &halves()};
  return f;
}
const Format &bf16() {
  static const Format f = {"bf16", 8, 7, 0x7fff, &brains()};
  return f;
}
const Format &f32Format() {
  static const Format f = {"f32", 8, 23, 0x7fffffff, &floats32()};
  return f;
}
const Format &f64Format() {
  static const Format f = {"f64", 11, 52, 0x7fffffffffffffff, &floats64()};
  return f;
}
const struct {
  std::string name;
  char mode;
} kModes[] = {{"rn", 'n'}, {"rz", 'z'}, {"rm", 'm'}, {"rp", 'p'}};

TEST(ConvertForms, EveryPairOfFloats) {
  for (const Format *to : {&f16(), &bf16(), &f32Format(), &f64Format()})
    for (const Format *from : {&f16(), &bf16(), &f32Format(), &f64Format()}) {
      bool narrows = to->width() < from->width();
      if (to == from || (to->width() == 16 && from->width() == 16))
        continue;
      for (const auto &mode : kModes) {
        if (!narrows && mode.mode != 'n')
          continue;
        std::string name = "cvt" + (narrows ? "." + mode.name : std::string());
        std::string types = "." + to->name + "." + from->name + " %d, %a;";
        auto plain = [&](uint64_t v) { return to->round(from->value(v), mode.mode); };
        std::vector<std::string> regs = {to->reg(), from->reg()};
        if (to != &f64Format()) // NaNs of f64 keep their payload
          check(name + types, regs, {*from->values}, [&](Row v) { return plain(v[0]); });
        else
          check(name + types, regs, {*from->values}, [&](Row v) {
            long double x = from->value(v[0]);
            uint64_t payload = v[0] & (from->sign() - 1) & ~from->infinity(),
                     sign = v[0] & from->sign() ? 1 : 0;
            return x != x ? sign << 63 | 0x7ff8000000000000ull | payload << (52 - from->mantissa)
                          : plain(v[0]);
          });
        if (to == &bf16() || from == &bf16())
          continue;
        check(name + ".sat" + types, regs, {*from->values}, [&](Row v) {
          long double x = from->value(v[0]);
          return !(x > 0) ? uint64_t(0) : x > 1 ? to->round(1, 'n') : plain(v[0]);
        });
      }
    }
}

TEST(ConvertForms, FlushesSubnormals) {
  auto flushed = [](uint64_t v) { return (v & 0x7f800000) == 0 ? v & 0x80000000 : v; };
  for (const auto &mode : kModes) {
    check("cvt." + mode.name + ".ftz.f16.f32 %d, %a;", {"b16", "b32"}, {floats32()},
          [&](Row v) { return f16().round(f32Format().value(flushed(v[0])), mode.mode); });
    check("cvt." + mode.name + ".ftz.f32.f64 %d, %a;", {"b32", "b64"}, {floats64()},
          [&](Row v) { return flushed(f32Format().round(f64Format().value(v[0]), mode.mode)); });
  }
  check("cvt.rzi.ftz.s32.f32 %d, %a;", {"b32", "b32"}, {{1, 0x007fffff, 0x3fc00000}},
        [](Row v) { return uint64_t(v[0] == 0x3fc00000); });
  check("cvt.rpi.ftz.f32.f32 %d, %a;", {"b32", "b32"}, {{1, 0x007fffff, 0x3fc00000}},
        [](Row v) { return v[0] == 0x3fc00000 ? bits(2.f) : 0; });
}

TEST(ConvertForms, NegativeBecomesZero) {
  for (const Format *to : {&f16(), &bf16()})
    for (std::string mode : {"rn", "rz"})
      for (bool finite : {false, true}) {
        auto one = [=](uint64_t v, bool relu) {
          long double x = f32Format().value(v);
          uint64_t d = to->round(relu && x <= 0 ? 0 : x, mode[1]);
          if (finite && (d & ~to->sign()) == to->infinity())
            d -= 1;
          return d;
        };
        std::string extra = finite ? ".satfinite." : ".";
        check("cvt." + mode + ".relu" + extra + to->name + ".f32 %d, %a;", {"b16", "b32"},
              {floats32()}, [&](Row v) { return one(v[0], true); });
        if (finite)
          check("cvt." + mode + extra + to->name + ".f32 %d, %a;", {"b16", "b32"}, {floats32()},
                [&](Row v) { return one(v[0], false); });
        for (bool relu : {false, true})
          check("cvt." + mode + (relu ? ".relu" : "") + extra + to->name + "x2.f32 %d, %a, %b;",
                {"b32", "b32", "b32"}, {floats32(), floats32()},
                [&](Row v) { return one(v[0], relu) << 16 | one(v[1], relu); });
      }
}

TEST(ConvertForms, HalvesAndIntegers) {
  const struct {
    std::string name;
    long double (*f)(long double);
  } integral[] = {{"rni", nearbyintl}, {"rzi", truncl}, {"rmi", floorl}, {"rpi", ceill}};
  for (const auto &mode : integral) {
    for (const Format *from : {&f16(), &bf16()})
      for (int width : {8, 16, 32, 64})
        for (bool s : {false, true}) {
          int reg = width < 16 ? 16 : width;
          check("cvt." + mode.name + (s ? ".s" : ".u") + std::to_string(width) + "." + from->name +
                    " %d, %a;",
                {"b" + std::to_string(reg), "b16"}, {*from->values}, [&](Row v) {
                  long double x = from->value(v[0]), least = s ? -ldexpl(1, width - 1) : 0,
                              most = ldexpl(1, width - s) - 1;
                  x = x != x ? 0 : mode.f(x);
                  x = x < least ? least : x > most ? most : x;
                  uint64_t d = x < 0 ? uint64_t(int64_t(x)) : uint64_t(x);
                  return reg == 64 ? d : d & ((uint64_t(1) << reg) - 1);
                });
        }
    check("cvt." + mode.name + ".f16.f16 %d, %a;", {"b16", "b16"}, {halves()}, [&](Row v) {
      long double x = f16().value(v[0]);
      return f16().round(x != x ? x : copysignl(mode.f(x), x), 'n');
    });
    check("cvt." + mode.name + ".f64.f64 %d, %a;", {"b64", "b64"}, {floats64()},
          [&](Row v) { return bits(double(mode.f(f64(v[0])))); });
    check("cvt." + mode.name + ".sat.f32.f32 %d, %a;", {"b32", "b32"}, {floats32()}, [&](Row v) {
      float x = f32(v[0]);
      long double y = x != x ? 0 : mode.f(x);
      return bits(y <= 0 ? 0.f : y > 1 ? 1.f : float(y));
    });
  }
  for (const auto &mode : kModes)
    for (int width : {8, 16, 32, 64})
      for (bool s : {false, true}) {
        std::string from = (s ? "s" : "u") + std::to_string(width);
        auto value = [=](uint64_t v) {
          return s ? (long double)(int64_t(v << (64 - width)) >> (64 - width))
                   : (long double)(v << (64 - width) >> (64 - width));
        };
        check("cvt." + mode.name + ".bf16." + from + " %d, %a;",
              {"b16", "b" + std::to_string(width < 16 ? 16 : width)},
              {width <= 16   ? integers16()
               : width == 32 ? integers32()
                             : integers64()},
              [&](Row v) { return bf16().round(value(v[0]), mode.mode); });
        check("cvt." + mode.name + ".sat.f32." + from + " %d, %a;",
              {"b32", "b" + std::to_string(width < 16 ? 16 : width)},
              {width <= 16   ? integers16()
               : width == 32 ? integers32()
                             : integers64()},
              [&](Row v) { return bits(value(v[0]) <= 0 ? 0.f : 1.f); });
      }
}

/// An 8-bit float; e4m3 has no infinities, and one NaN of each sign.
uint64_t eight(long double x, bool e5m2) {
  uint64_t sign = std::signbit(x) ? 0x80 : 0;
  if (x != x)
    return 0x7f;
  if (e5m2)
    return fabsl(x) >= 57344 ? sign | 0x7b : roundSlowly(x, 5, 2, 'n');
  if (fabsl(x) >= 448)
    return sign | 0x7e;
  if (fabsl(x) >= 256) // where other formats have infinities
    return sign | (0x70 + uint64_t(nearbyintl(fabsl(x) / 32)));
  return roundSlowly(x, 4, 3, 'n');
}
long double fromEight(uint64_t c, bool e5m2) {
  if (e5m2)
    return (c & 0x7c) == 0x7c ? (c & 3      ? (long double)(NAN)
                                 : c & 0x80 ? -(long double)(INFINITY)
                                            : (long double)(INFINITY))
                              : valueOf(c, 5, 2);
  if ((c & 0x7f) == 0x7f)
    return NAN;
  int e = int(c >> 3 & 15), m = int(c & 7);
  long double x = e ? ldexpl(8 + m, e - 10) : ldexpl(m, -9);
  return c & 0x80 ? -x : x;
}

TEST(ConvertForms, EightBitFloats) {
  Values all = floats32();
  for (int i = 1; i < 200; ++i)
    all.push_back(bits(float(i * i) * 0.013f));
  for (bool e5m2 : {false, true}) {
    std::string type = e5m2 ? "e5m2x2" : "e4m3x2";
    for (bool relu : {false, true}) {
      std::string extra = relu ? ".relu." : ".";
      auto one = [=](long double x) { return eight(relu && x <= 0 ? 0 : x, e5m2); };
      check("cvt.rn.satfinite" + extra + type + ".f32 %d, %a, %b;", {"b16", "b32", "b32"},
            {all, {bits(1.5f), bits(-3.f), 0x7fc00000}}, [&](Row v) {
              return one(f32Format().value(v[0])) << 8 | one(f32Format().value(v[1]));
            });
      Values pairs;
      for (uint64_t i = 0; i < 0x10000; i += 13)
        pairs.push_back(i | (0xffff - i) << 16);
      check("cvt.rn.satfinite" + extra + type + ".f16x2 %d, %a;", {"b16", "b32"}, {pairs},
            [&](Row v) {
              return one(f16().value(v[0] >> 16)) << 8 | one(f16().value(v[0] & 0xffff));
            });
      Values codes;
      for (uint64_t i = 0; i < 256; ++i)
        codes.push_back(i | (i * 7 & 255) << 8);
      check("cvt.rn" + extra + "f16x2." + type + " %d, %a;", {"b32", "b16"}, {codes}, [&](Row v) {
        auto half = [&](uint64_t c) {
          long double x = fromEight(c, e5m2);
          return f16().round(relu && x <= 0 ? 0 : x, 'n');
        };
        return half(v[0] & 255) | half(v[0] >> 8) << 16;
      });
    }
  }
}

TEST(ConvertForms, PacksIntegers) {
  for (std::string from : {"s32", "u32"})
    for (std::string to : {"u16", "s16", "u8", "s8", "u4", "s4", "u2", "s2"}) {
      int width = std::stoi(to.substr(1));
      bool s = to[0] == 's', third = width != 16;
      auto clamp = [=](uint64_t v) {
        int64_t x = from == "s32" ? int64_t(int32_t(v)) : int64_t(v),
                least = s ? -(1ll << (width - 1)) : 0, most = (1ll << (width - s)) - 1;
        x = x < least ? least : x > most ? most : x;
        return uint64_t(x) & ((1ull << width) - 1);
      };
      std::vector<std::string> regs = {"b32", "b32", "b32"};
      std::vector<Values> values = {integers32(), integers32()};
      if (third)
        regs.push_back("b32"), values.push_back({0, 0xffffffff, 0x12345678});
      check("cvt.pack.sat." + to + "." + from + (third ? ".b32" : "") + " %d, %a, %b" +
                (third ? ", %c" : "") + ";",
            regs, values, [=](Row v) {
              uint64_t pair = clamp(v[0]) << width | clamp(v[1]);
              return third ? (v[2] << (2 * width) | pair) & 0xffffffff : pair;
            });
    }
}

TEST(ConvertForms, RefusesWhatIsNotAForm) {
  std::string error;
  for (const char *form :
       {"cvt.s32.f32 %d, %a;", "cvt.f32.s32 %d, %a;", "cvt.rn.s32.s32 %d, %a;",
        "cvt.f16.f32 %d, %a;", "cvt.rn.e4m3x2.f32 %d, %a;", "cvt.rn.pred.f32 %d, %a;",
        "cvt.rn.frob.f32 %d, %a;", "cvt.rn.f32 %d, %a;"}) {
    error.clear();
    execute(form, {"b32", "b32"}, {{1}}, error);
    EXPECT_NE(error.find("test.ptx:"), std::string::npos) << form << ": '" << error << "'";
  }
}

} // namespace
