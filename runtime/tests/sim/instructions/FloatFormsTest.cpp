// SPDX-License-Identifier: Apache-2.0
// f32 and f64 with .ftz and .sat, approximations in f64, bounds of the functions over their whole range, tests of values.
#include "Lanes.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

using Row = const uint64_t *;
const std::vector<std::string> k1 = {"b32", "b32"}, k2 = {"b32", "b32", "b32"},
                               k3 = {"b32", "b32", "b32", "b32"}, d1 = {"b64", "b64"},
                               d2 = {"b64", "b64", "b64"};

uint64_t flushed(uint64_t v) { return (v & 0x7f800000) == 0 ? v & 0x80000000 : v; }
float saturated(float x) { return !(x > 0) ? 0.f : x > 1 ? 1.f : x; }

TEST(FloatForms, FlushedAndSaturated) {
  auto fused = [](uint64_t a, uint64_t b, uint64_t c) { return std::fmaf(f32(a), f32(b), f32(c)); };
  Values some = {0,           0x80000000, 1,          0x807fffff,  0x00800000,
                 bits(1.f),   bits(-1.f), bits(0.3f), bits(-7.5f), bits(1e-30f),
                 bits(3e38f), 0x7f800000, 0xff800000, 0x7fc00000};
  check("fma.rn.ftz.f32 %d, %a, %b, %c;", k3, {some, some, some}, [=](Row v) {
    return flushed(canonical(fused(flushed(v[0]), flushed(v[1]), flushed(v[2]))));
  });
  check("fma.rn.sat.f32 %d, %a, %b, %c;", k3, {some, some, some},
        [=](Row v) { return bits(saturated(fused(v[0], v[1], v[2]))); });
  check("fma.rn.ftz.sat.f32 %d, %a, %b, %c;", k3, {some, some, some}, [=](Row v) {
    return flushed(bits(saturated(fused(flushed(v[0]), flushed(v[1]), flushed(v[2])))));
  });
  check("mad.rn.f32 %d, %a, %b, %c;", k3, {some, some, some},
        [=](Row v) { return canonical(fused(v[0], v[1], v[2])); });
  check("add.ftz.sat.f32 %d, %a, %b;", k2, {some, some},
        [](Row v) { return flushed(bits(saturated(f32(flushed(v[0])) + f32(flushed(v[1]))))); });
  check("sub.sat.f32 %d, %a, %b;", k2, {some, some},
        [](Row v) { return bits(saturated(f32(v[0]) - f32(v[1]))); });
  check("mul.ftz.sat.f32 %d, %a, %b;", k2, {some, some},
        [](Row v) { return flushed(bits(saturated(f32(flushed(v[0])) * f32(flushed(v[1]))))); });
  check("abs.ftz.f32 %d, %a;", k1, {{0, 1, 0x807fffff, 0x80800000, bits(-2.f), 0xff800000}},
        [](Row v) { return flushed(v[0]) & 0x7fffffff; });
  check("neg.ftz.f32 %d, %a;", k1, {{0, 1, 0x807fffff, 0x80800000, bits(-2.f), 0xff800000}},
        [](Row v) { return flushed(v[0]) ^ 0x80000000; });
  for (bool isMax : {false, true})
    check(std::string(isMax ? "max" : "min") + ".ftz.f32 %d, %a, %b;", k2, {some, some},
          [=](Row v) {
            uint64_t a = flushed(v[0]), b = flushed(v[1]);
            float x = f32(a), y = f32(b);
            if (x != x || y != y)
              return x != x && y != y ? uint64_t(0x7fffffff) : x != x ? b : a;
            bool less = x < y || (x == y && std::signbit(x) && !std::signbit(y));
            return less == isMax ? b : a;
          });
  for (std::string op : {"sqrt.rn.ftz", "rcp.rn.ftz"})
    check(op + ".f32 %d, %a;", k1, {some}, [=](Row v) {
      float x = f32(flushed(v[0]));
      return flushed(canonical(op[0] == 's' ? std::sqrt(x) : 1 / x));
    });
}

TEST(FloatForms, MinMaxOfDoubles) {
  for (bool isMax : {false, true})
    check(std::string(isMax ? "max" : "min") + ".f64 %d, %a, %b;", d2, {floats64(), floats64()},
          [=](Row v) {
            double x = f64(v[0]), y = f64(v[1]);
            bool less = x < y || (x == y && std::signbit(x) && !std::signbit(y));
            return less == isMax ? v[1] : v[0];
          });
  check("abs.f64 %d, %a;", d1, {floats64()}, [](Row v) { return v[0] & 0x7fffffffffffffff; });
  check("copysign.f64 %d, %a, %b;", d2, {floats64(), floats64()},
        [](Row v) { return (v[0] & 0x8000000000000000) | (v[1] & 0x7fffffffffffffff); });
  check("sqrt.rn.f64 %d, %a;", d1,
        {{0, 0x8000000000000000, bits(2.0), bits(1e-310), bits(1e300), 0x7ff0000000000000}},
        [](Row v) { return bits(std::sqrt(f64(v[0]))); });
}

TEST(FloatForms, TestsOfDoubles) {
  Values all = floats64();
  all.push_back(0x7ff8000000000000), all.push_back(0xfff0000000000001);
  const struct {
    const char *name;
    bool (*f)(double);
  } tests[] = {{"finite", [](double x) { return std::isfinite(x); }},
               {"infinite", [](double x) { return std::isinf(x); }},
               {"number", [](double x) { return !std::isnan(x); }},
               {"notanumber", [](double x) { return std::isnan(x); }},
               {"normal", [](double x) { return std::isnormal(x); }},
               {"subnormal", [](double x) { return std::fpclassify(x) == FP_SUBNORMAL; }}};
  for (const auto &test : tests)
    check(std::string("testp.") + test.name + ".f64 %d, %a;", {"pred", "b64"}, {all},
          [&](Row v) { return uint64_t(test.f(f64(v[0]))); });
}

/// Errors of an f32 function in units of the last place of what is exact.
void expectWithin(const std::string &instruction, const Values &values,
                  long double (*exact)(long double), double units, double absolute, bool ftz) {
  std::string error;
  Values got = execute(instruction, k1, {values}, error);
  ASSERT_EQ(error, "") << instruction;
  for (size_t i = 0; i < values.size(); ++i) {
    long double x = f32(ftz ? flushed(values[i]) : values[i]), want = exact(x), y = f32(got[i]);
    if (std::isnan(want)) {
      EXPECT_TRUE(std::isnan(y)) << instruction << " of " << (double)x;
      continue;
    }
    if (fabsl(want) > 3.402823466e38L || (ftz && fabsl(want) < 1.17549435e-38L)) {
      EXPECT_EQ(got[i], bits(std::copysign(ftz && fabsl(want) < 1 ? 0.f : INFINITY, float(want))))
          << instruction << " of " << (double)x;
      continue;
    }
    long double unit = ldexpl(1, std::max(ilogbl(want == 0 ? 1e-45L : want), -126) - 23);
    EXPECT_LE((double)fabsl(y - want), (double)std::max(units * unit, (long double)absolute))
        << instruction << " of " << (double)x;
  }
}

TEST(FloatForms, FunctionsOverTheirRange) {
  Values exponents, positive, angles;
  for (int i = 0; i <= 4000; ++i) {
    exponents.push_back(bits(-151.f + float(i) * 0.0701f));
    angles.push_back(bits(-3.1415f + float(i) * 0.00157f));
    positive.push_back(uint64_t(1 + i) * 533000); // every exponent, subnormals first
  }
  for (bool ftz : {false, true}) {
    std::string mode = ftz ? ".approx.ftz.f32 %d, %a;" : ".approx.f32 %d, %a;";
    expectWithin("ex2" + mode, exponents, exp2l, 2, 0, ftz);
    expectWithin("lg2" + mode, positive, log2l, 4, 0x1p-22, ftz);
    expectWithin("rcp" + mode, positive, [](long double x) { return 1 / x; }, 1, 0, ftz);
    expectWithin("rsqrt" + mode, positive, [](long double x) { return 1 / sqrtl(x); }, 2, 0, ftz);
    expectWithin("sqrt" + mode, positive, sqrtl, 2, 0, ftz);
    expectWithin("sin" + mode, angles, sinl, 0, 0x1p-20, ftz);
    expectWithin("cos" + mode, angles, cosl, 0, 0x1p-20, ftz);
  }
  expectWithin("tanh.approx.f32 %d, %a;", angles, tanhl, 0, 0x1p-11, false);
}

TEST(FloatForms, ApproximationsOfDoubles) {
  Values values;
  for (int i = -300; i <= 300; i += 7)
    values.push_back(bits(std::ldexp(1.0 + std::abs(i % 13) / 13.0, i)));
  const struct {
    const char *name;
    long double (*f)(long double);
    double bound;
  } functions[] = {{"rcp.approx.ftz.f64", [](long double x) { return 1 / x; }, 0x1p-20},
                   {"rsqrt.approx.ftz.f64", [](long double x) { return 1 / sqrtl(x); }, 0x1p-20},
                   {"rsqrt.approx.f64", [](long double x) { return 1 / sqrtl(x); }, 0x1p-50}};
  for (const auto &function : functions) {
    std::string error;
    Values got = execute(std::string(function.name) + " %d, %a;", d1, {values}, error);
    ASSERT_EQ(error, "") << function.name;
    for (size_t i = 0; i < values.size(); ++i) {
      long double want = function.f(f64(values[i]));
      EXPECT_LE((double)fabsl(f64(got[i]) / want - 1), function.bound)
          << function.name << " of " << f64(values[i]);
    }
  }
}

TEST(FloatForms, ApproximateDivision) {
  Values some = {bits(1.f), bits(-3.f), bits(7e-20f), bits(2.5e30f), bits(1e-38f), bits(3e37f)};
  for (std::string form :
       {"div.full.f32", "div.full.ftz.f32", "div.approx.f32", "div.approx.ftz.f32"}) {
    std::string error;
    Values a, b;
    for (uint64_t x : some)
      for (uint64_t y : some)
        if (std::fabs(f32(y)) < 0x1p126f)
          a.push_back(x), b.push_back(y);
    Values got = execute(form + " %d, %a, %b;", k2, {a, b}, error);
    ASSERT_EQ(error, "") << form;
    bool ftz = form.find("ftz") != std::string::npos;
    for (size_t i = 0; i < a.size(); ++i) {
      long double x = f32(ftz ? flushed(a[i]) : a[i]), y = f32(ftz ? flushed(b[i]) : b[i]),
                  want = x / y;
      if (!(fabsl(want) <= 3.4e38L && fabsl(want) >= 1.18e-38L))
        continue; // beyond what the bound speaks of
      EXPECT_LE((double)fabsl(f32(got[i]) / want - 1), 2 * 0x1p-23)
          << form << " of " << (double)x << " and " << (double)y;
    }
  }
}

} // namespace
