// SPDX-License-Identifier: Apache-2.0
// f32 and f64 arithmetic under every rounding, and the approximate functions.
#include "Lanes.h"

#include <cfenv>
#include <cmath>
#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

using Row = const uint64_t *;
const std::vector<std::string> k1 = {"b32", "b32"};
const std::vector<std::string> k2 = {"b32", "b32", "b32"};
const std::vector<std::string> k3 = {"b32", "b32", "b32", "b32"};

/// The host's operation under a rounding; volatile keeps it at run time.
template <typename T> T under(int mode, const std::function<T()> &f) {
  fesetround(mode);
  volatile T result = f();
  fesetround(FE_TONEAREST);
  return result;
}
struct Mode {
  const char *name;
  int host;
};
const Mode kModes[] = {
    {".rn", FE_TONEAREST}, {".rz", FE_TOWARDZERO}, {".rm", FE_DOWNWARD}, {".rp", FE_UPWARD}};

float flush(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }
float saturate(float x) { return !(x > 0) ? 0.0f : x > 1 ? 1.0f : x; }

TEST(Float, TwoOperandsF32) {
  struct Op {
    const char *name;
    float (*f)(float, float);
  };
  const Op ops[] = {{"add",
                     [](float a, float b) {
                       volatile float x = a, y = b;
                       return x + y;
                     }},
                    {"sub",
                     [](float a, float b) {
                       volatile float x = a, y = b;
                       return x - y;
                     }},
                    {"mul",
                     [](float a, float b) {
                       volatile float x = a, y = b;
                       return x * y;
                     }},
                    {"div", [](float a, float b) {
                       volatile float x = a, y = b;
                       return x / y;
                     }}};
  for (const Op &op : ops)
    for (const Mode &mode : kModes) {
      std::string name = std::string(op.name) + mode.name;
      auto run = [&](float a, float b) {
        return under<float>(mode.host, [&] { return op.f(a, b); });
      };
      check(name + ".f32 %d, %a, %b;", k2, {floats32(), floats32()},
            [&](Row v) { return canonical(run(f32(v[0]), f32(v[1]))); });
      check(name + ".ftz.f32 %d, %a, %b;", k2, {floats32(), floats32()},
            [&](Row v) { return canonical(flush(run(flush(f32(v[0])), flush(f32(v[1]))))); });
      if (std::string(op.name) != "div")
        check(name + ".sat.f32 %d, %a, %b;", k2, {floats32(), floats32()},
              [&](Row v) { return bits(saturate(run(f32(v[0]), f32(v[1])))); });
    }
}

TEST(Float, TwoOperandsF64) {
  struct Op {
    const char *name;
    double (*f)(double, double);
  };
  const Op ops[] = {{"add",
                     [](double a, double b) {
                       volatile double x = a, y = b;
                       return x + y;
                     }},
                    {"sub",
                     [](double a, double b) {
                       volatile double x = a, y = b;
                       return x - y;
                     }},
                    {"mul",
                     [](double a, double b) {
                       volatile double x = a, y = b;
                       return x * y;
                     }},
                    {"div", [](double a, double b) {
                       volatile double x = a, y = b;
                       return x / y;
                     }}};
  for (const Op &op : ops)
    for (const Mode &mode : kModes)
      check(std::string(op.name) + mode.name + ".f64 %d, %a, %b;", {"b64", "b64", "b64"},
            {floats64(), floats64()}, [&](Row v) {
              return bits(under<double>(mode.host, [&] { return op.f(f64(v[0]), f64(v[1])); }));
            });
}

TEST(Float, Fma) {
  for (const Mode &mode : kModes) {
    check(std::string("fma") + mode.name + ".f32 %d, %a, %b, %c;", k3,
          {floats32(), floats32(), floats32()}, [&](Row v) {
            return canonical(under<float>(
                mode.host, [&] { return std::fmaf(f32(v[0]), f32(v[1]), f32(v[2])); }));
          });
    check(std::string("fma") + mode.name + ".f64 %d, %a, %b, %c;", {"b64", "b64", "b64", "b64"},
          {floats64(), floats64(), {0, bits(1.0), bits(-0x1p-1074), bits(3e300)}}, [&](Row v) {
            return bits(under<double>(mode.host,
                                      [&] { return std::fma(f64(v[0]), f64(v[1]), f64(v[2])); }));
          });
  }
}

TEST(Float, Roots) {
  for (const Mode &mode : kModes) {
    check(std::string("sqrt") + mode.name + ".f32 %d, %a;", k1, {floats32()}, [&](Row v) {
      return canonical(under<float>(mode.host, [&] {
        volatile float x = f32(v[0]);
        return std::sqrt(float(x));
      }));
    });
    check(std::string("rcp") + mode.name + ".f64 %d, %a;", {"b64", "b64"}, {floats64()},
          [&](Row v) {
            return bits(under<double>(mode.host, [&] {
              volatile double one = 1, x = f64(v[0]);
              return one / x;
            }));
          });
  }
}

TEST(Float, MinMaxAbsNeg) {
  auto order = [](float a, float b) { // a before b, with -0 before +0
    return a < b || (a == b && std::signbit(a) && !std::signbit(b));
  };
  for (bool isMax : {false, true})
    for (bool nan : {false, true}) {
      std::string name = std::string(isMax ? "max" : "min") + (nan ? ".NaN" : "");
      check(name + ".f32 %d, %a, %b;", k2, {floats32(), floats32()}, [=](Row v) {
        float a = f32(v[0]), b = f32(v[1]);
        bool na = a != a, nb = b != b;
        if ((na && nb) || (nan && (na || nb)))
          return uint64_t(0x7fffffff);
        if (na)
          return v[1];
        if (nb)
          return v[0];
        return order(a, b) == isMax ? v[1] : v[0];
      });
    }
  check("max.xorsign.abs.f32 %d, %a, %b;", k2,
        {{bits(1.f), bits(-2.f), bits(-0.f)}, {bits(-3.f), bits(0.5f), bits(2.f)}}, [](Row v) {
          float a = f32(v[0]), b = f32(v[1]);
          float size = std::fmax(std::fabs(a), std::fabs(b));
          return bits(std::signbit(a) != std::signbit(b) ? -size : size);
        });
  check("abs.f32 %d, %a;", k1, {floats32()}, [](Row v) { return v[0] & 0x7fffffff; });
  check("neg.f32 %d, %a;", k1, {floats32()}, [](Row v) { return v[0] ^ 0x80000000; });
  check("neg.f64 %d, %a;", {"b64", "b64"}, {floats64()},
        [](Row v) { return v[0] ^ 0x8000000000000000; });
}

/// Within `ulps` of the exact value, or within `absolute`.
void checkApproximate(const std::string &instruction, const Values &values,
                      long double (*exact)(long double), double ulps, double absolute) {
  std::string error;
  Values got = execute(instruction, k1, {values}, error);
  ASSERT_EQ(error, "") << instruction;
  for (size_t i = 0; i < values.size(); ++i) {
    float x = f32(values[i]), y = f32(got[i]);
    long double want = exact((long double)(x));
    if (std::isnan(want) || x != x) {
      EXPECT_TRUE(y != y) << instruction << " of " << x;
      continue;
    }
    float rounded = float(want);
    if (std::isinf(rounded) || rounded == 0) {
      EXPECT_EQ(y, rounded) << instruction << " of " << x;
      continue;
    }
    double unit = std::nextafter(std::fabs(rounded), INFINITY) - std::fabs(rounded);
    EXPECT_LE(std::fabs(double((long double)(y)-want)), std::max(ulps * unit, absolute))
        << instruction << " of " << x;
  }
}

TEST(Float, ApproximateFunctions) {
  Values some;
  for (int i = -60; i <= 60; ++i)
    some.push_back(bits(float(i) * 0.37f));
  auto with = [&](const Values &more) {
    Values all = some;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  Values ends = {bits(0.f), bits(INFINITY), 0x7fc00000};
  checkApproximate(
      "ex2.approx.f32 %d, %a;", with(ends), [](long double x) { return exp2l(x); }, 2, 0);
  checkApproximate(
      "lg2.approx.f32 %d, %a;", with(ends), [](long double x) { return log2l(x); }, 4, 0x1p-22);
  checkApproximate("rcp.approx.f32 %d, %a;", with(ends), [](long double x) { return 1 / x; }, 1, 0);
  checkApproximate(
      "rsqrt.approx.f32 %d, %a;", with(ends), [](long double x) { return 1 / sqrtl(x); }, 2, 0);
  checkApproximate(
      "sqrt.approx.f32 %d, %a;", with(ends), [](long double x) { return sqrtl(x); }, 2, 0);
  checkApproximate(
      "sin.approx.f32 %d, %a;", some, [](long double x) { return sinl(x); }, 1, 0x1p-20);
  checkApproximate(
      "cos.approx.f32 %d, %a;", some, [](long double x) { return cosl(x); }, 1, 0x1p-20);
  checkApproximate(
      "tanh.approx.f32 %d, %a;", some, [](long double x) { return tanhl(x); }, 1, 0x1p-11);
}

TEST(Float, DivisionByLargeIsZero) {
  check("div.approx.f32 %d, %a, %b;", k2,
        {{bits(1.f), bits(-3.f)}, {bits(0x1.8p126f), bits(-0x1p127f)}},
        [](Row v) { return (v[0] ^ v[1]) & 0x80000000; });
}

} // namespace
