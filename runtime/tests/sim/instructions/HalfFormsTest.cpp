// SPDX-License-Identifier: Apache-2.0
// f16 and bf16, single and in pairs: .sat, .relu, .ftz, .NaN, .xorsign, negation, functions and comparisons.
#include "Lanes.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

using Row = const uint64_t *;
const std::vector<std::string> k1 = {"b16", "b16"}, k2 = {"b16", "b16", "b16"},
                               k3 = {"b16", "b16", "b16", "b16"};

struct Format {
  std::string name;
  int exponent, mantissa;
  const Values &values;
  long double value(uint64_t v) const {
    uint64_t e = v >> mantissa & ((1u << exponent) - 1);
    if (e == (1u << exponent) - 1)
      return v & ((1u << mantissa) - 1) ? (long double)(NAN)
             : v & 0x8000               ? -(long double)(INFINITY)
                                        : (long double)(INFINITY);
    return valueOf(v, exponent, mantissa);
  }
  uint64_t round(long double x) const {
    return x != x ? 0x7fff : roundSlowly(x, exponent, mantissa, 'n');
  }
  uint64_t one() const { return round(1); }
  bool isSubnormal(uint64_t v) const {
    return (v >> mantissa & ((1u << exponent) - 1)) == 0 && (v & 0x7fff);
  }
  uint64_t flush(uint64_t v) const { return isSubnormal(v) ? v & 0x8000 : v; }
};
std::vector<Format> formats() { return {{"f16", 5, 10, halves()}, {"bf16", 8, 7, brains()}}; }

uint64_t relu(uint64_t d) { return d != 0x7fff && (d & 0x8000) ? 0 : d; }

// Which NaN comes of a NaN is left open by PTX.
TEST(HalfForms, NegationAndSize) {
  for (const Format &f : formats()) {
    Values numbers, pairs;
    for (uint64_t v : f.values)
      if (f.value(v) == f.value(v))
        numbers.push_back(v);
    for (size_t i = 0; i < numbers.size(); ++i)
      pairs.push_back(numbers[i] | numbers[numbers.size() - 1 - i] << 16);
    for (std::string op : {"neg", "abs"}) {
      auto one = [=](uint64_t v) { return op == "neg" ? v ^ 0x8000 : v & 0x7fff; };
      check(op + "." + f.name + " %d, %a;", k1, {numbers}, [=](Row v) { return one(v[0]); });
      check(op + "." + f.name + "x2 %d, %a;", {"b32", "b32"}, {pairs},
            [=](Row v) { return one(v[0] & 0xffff) | one(v[0] >> 16) << 16; });
      if (f.name == "f16")
        check(op + ".ftz.f16 %d, %a;", k1, {numbers}, [=](Row v) { return one(f.flush(v[0])); });
      check("{ .reg .b16 %x; " + op + "." + f.name + " %x, %a; setp.nan." + f.name +
                " %d, %x, %x; }",
            {"pred", "b16"}, {f.values},
            [&](Row v) { return uint64_t(f.value(v[0]) != f.value(v[0])); });
    }
  }
}

TEST(HalfForms, SaturationAndFlushing) {
  const Format f = formats()[0];
  const struct {
    std::string name;
    long double (*apply)(long double, long double);
  } operations[] = {{"add", [](long double a, long double b) { return a + b; }},
                    {"sub", [](long double a, long double b) { return a - b; }},
                    {"mul", [](long double a, long double b) { return a * b; }}};
  for (const auto &op : operations)
    for (bool pair : {false, true}) {
      std::string type = pair ? ".f16x2" : ".f16";
      Values values = halves();
      if (pair)
        for (size_t i = 0; i < values.size(); ++i)
          values[i] |= halves()[(i * 7 + 3) % values.size()] << 16;
      std::vector<std::string> regs = pair ? std::vector<std::string>{"b32", "b32", "b32"} : k2;
      auto each = [&](Row v, auto one) {
        uint64_t d = one(v[0] & 0xffff, v[1] & 0xffff);
        return pair ? d | one(v[0] >> 16, v[1] >> 16) << 16 : d;
      };
      check(op.name + ".sat" + type + " %d, %a, %b;", regs, {values, values}, [&](Row v) {
        return each(v, [&](uint64_t a, uint64_t b) {
          long double x = op.apply(f.value(a), f.value(b));
          return !(x > 0) ? uint64_t(0) : x > 1 ? f.one() : f.round(x);
        });
      });
      check(op.name + ".ftz" + type + " %d, %a, %b;", regs, {values, values}, [&](Row v) {
        return each(v, [&](uint64_t a, uint64_t b) {
          return f.flush(f.round(op.apply(f.value(f.flush(a)), f.value(f.flush(b)))));
        });
      });
      check(op.name + ".rn" + type + " %d, %a, %b;", regs, {values, values}, [&](Row v) {
        return each(
            v, [&](uint64_t a, uint64_t b) { return f.round(op.apply(f.value(a), f.value(b))); });
      });
    }
}

TEST(HalfForms, PairsOfBfloats) {
  const Format f = formats()[1];
  // Few enough bits apart for a long double to hold what is exact.
  Values near = {0, 0x8000, 0x3f80, 0xbf80, 0x3f81, 0x4049, 0xc0a0, 0x7f7f, 0x7f80, 0x7fc0}, pairs;
  for (size_t i = 0; i < near.size(); ++i)
    pairs.push_back(near[i] | near[near.size() - 1 - i] << 16);
  auto halfOf = [](uint64_t v, int at) { return v >> at & 0xffff; };
  for (bool clamps : {false, true})
    check(std::string("fma.rn") + (clamps ? ".relu" : "") + ".bf16x2 %d, %a, %b, %c;",
          {"b32", "b32", "b32", "b32"}, {pairs, pairs, {0, 0x3f80bf80, 0xbf803f80}}, [&](Row v) {
            uint64_t d = 0;
            for (int at : {0, 16}) {
              uint64_t r = f.round(f.value(halfOf(v[0], at)) * f.value(halfOf(v[1], at)) +
                                   f.value(halfOf(v[2], at)));
              d |= (clamps ? relu(r) : r) << at;
            }
            return d;
          });
  check("add.rn.bf16x2 %d, %a, %b;", {"b32", "b32", "b32"}, {pairs, pairs}, [&](Row v) {
    return f.round(f.value(v[0] & 0xffff) + f.value(v[1] & 0xffff)) |
           f.round(f.value(v[0] >> 16) + f.value(v[1] >> 16)) << 16;
  });
}

TEST(HalfForms, MinMaxWithModifiers) {
  for (const Format &f : formats())
    for (bool isMax : {false, true})
      for (std::string how : {".NaN", ".xorsign.abs", ".NaN.xorsign.abs"})
        for (bool pair : {false, true}) {
          bool nan = how.find("NaN") != std::string::npos,
               sign = how.find("xor") != std::string::npos;
          auto one = [=](uint64_t x, uint64_t y) {
            uint64_t a = sign ? x & 0x7fff : x, b = sign ? y & 0x7fff : y, d;
            long double u = f.value(a), w = f.value(b);
            if ((u != u && w != w) || (nan && (u != u || w != w)))
              return uint64_t(0x7fff);
            if (u != u || w != w)
              d = u != u ? b : a;
            else
              d = (u < w || (u == w && std::signbit(u) && !std::signbit(w))) == isMax ? b : a;
            return sign ? (d & 0x7fff) | ((x ^ y) & 0x8000) : d;
          };
          std::string name = std::string(isMax ? "max" : "min") + how + "." + f.name +
                             (pair ? "x2" : "") + " %d, %a, %b;";
          if (!pair) {
            check(name, k2, {f.values, f.values}, [&](Row v) { return one(v[0], v[1]); });
            continue;
          }
          Values pairs;
          for (size_t i = 0; i < f.values.size(); ++i)
            pairs.push_back(f.values[i] | f.values[(i * 11 + 5) % f.values.size()] << 16);
          check(name, {"b32", "b32", "b32"}, {pairs, pairs}, [&](Row v) {
            return one(v[0] & 0xffff, v[1] & 0xffff) | one(v[0] >> 16, v[1] >> 16) << 16;
          });
        }
}

// ex2 and tanh of halves: within the bound that PTX states, relative for ex2 and absolute for tanh.
TEST(HalfForms, Functions) {
  for (const Format &f : formats())
    for (std::string name : {"ex2.approx", "tanh.approx"})
      for (bool pair : {false, true}) {
        if (f.name == "bf16" && name == "ex2.approx" && pair)
          continue; // the same as below, in pairs of the other format
        std::string ftz = f.name == "bf16" && name == "ex2.approx" ? ".ftz" : "";
        Values values;
        for (int i = -40; i <= 40; ++i)
          values.push_back(f.round((long double)(i) * 0.31L));
        for (uint64_t special : {f.round(INFINITY), f.round(-(long double)(INFINITY)),
                                 uint64_t(0x7fff), uint64_t(0), uint64_t(0x8000)})
          values.push_back(special);
        Values rows = values;
        if (pair)
          for (size_t i = 0; i < rows.size(); ++i)
            rows[i] |= values[values.size() - 1 - i] << 16;
        std::string reg = pair ? "b32" : "b16", error;
        Values got = execute(name + ftz + "." + f.name + (pair ? "x2" : "") + " %d, %a;",
                             {reg, reg}, {rows}, error);
        ASSERT_EQ(error, "") << name << f.name;
        for (size_t i = 0; i < rows.size(); ++i)
          for (int at : {0, 16}) {
            if (at && !pair)
              continue;
            long double x = f.value(rows[i] >> at & 0xffff), y = f.value(got[i] >> at & 0xffff);
            long double want = name[0] == 'e' ? exp2l(x) : tanhl(x);
            if (x != x) {
              EXPECT_TRUE(y != y);
              continue;
            }
            if (std::isinf(x)) {
              EXPECT_EQ((double)y, (double)want);
              continue;
            }
            // A unit in the last place of the format, or for tanh its absolute bound.
            long double unit = ldexpl(fabsl(want), -f.mantissa),
                        bound = name[0] == 'e'
                                    ? unit + ldexpl(1, -24)
                                    : std::max(unit, ldexpl(1, f.name == "f16" ? -10 : -8));
            EXPECT_LE((double)fabsl(y - want), (double)bound)
                << name << f.name << " of " << (double)x;
          }
      }
}

TEST(HalfForms, Comparisons) {
  const struct {
    std::string name;
    bool (*apply)(long double, long double);
  } comparisons[] = {{"eq", [](long double a, long double b) { return a == b; }},
                     {"ne", [](long double a, long double b) { return a < b || a > b; }},
                     {"lt", [](long double a, long double b) { return a < b; }},
                     {"geu", [](long double a, long double b) { return !(a < b); }},
                     {"neu", [](long double a, long double b) { return !(a == b); }},
                     {"nan", [](long double a, long double b) { return a != a || b != b; }}};
  for (const Format &f : formats())
    for (const auto &c : comparisons) {
      check("setp." + c.name + "." + f.name + " %d, %a, %b;", {"pred", "b16", "b16"},
            {f.values, f.values},
            [&](Row v) { return uint64_t(c.apply(f.value(v[0]), f.value(v[1]))); });
      check("set." + c.name + ".u32." + f.name + " %d, %a, %b;", {"b32", "b16", "b16"},
            {f.values, f.values}, [&](Row v) {
              return c.apply(f.value(v[0]), f.value(v[1])) ? uint64_t(0xffffffff) : 0;
            });
      Values pairs;
      for (size_t i = 0; i < f.values.size(); ++i)
        pairs.push_back(f.values[i] | f.values[(i * 3 + 1) % f.values.size()] << 16);
      check("set." + c.name + "." + f.name + "x2." + f.name + "x2 %d, %a, %b;",
            {"b32", "b32", "b32"}, {pairs, pairs}, [&](Row v) {
              uint64_t d = 0;
              for (int at : {0, 16})
                d |= (c.apply(f.value(v[0] >> at & 0xffff), f.value(v[1] >> at & 0xffff)) ? f.one()
                                                                                          : 0)
                     << at;
              return d;
            });
      check(
          "{ .reg .pred %x, %y; .reg .b32 %m; setp." + c.name + "." + f.name +
              "x2 %x|%y, %a, %b; selp.b32 %d, 1, 0, %x; selp.b32 %m, 2, 0, %y; or.b32 %d, %d, %m; }",
          {"b32", "b32", "b32"}, {pairs, pairs}, [&](Row v) {
            uint64_t d = 0;
            for (int at : {0, 16})
              d |= uint64_t(c.apply(f.value(v[0] >> at & 0xffff), f.value(v[1] >> at & 0xffff)))
                   << (at / 16);
            return d;
          });
    }
}

} // namespace
