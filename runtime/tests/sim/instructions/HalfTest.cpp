// SPDX-License-Identifier: Apache-2.0
// f16 and bf16 arithmetic against slow exact rounding.
#include "Lanes.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

using Row = const uint64_t *;

struct Format {
  const char *name;
  int exponent, mantissa;
  const Values &values;
  uint64_t round(long double x) const {
    return std::isnan(x) ? 0x7fff : roundSlowly(x, exponent, mantissa, 'n');
  }
  long double value(uint64_t v) const {
    uint64_t e = v >> mantissa & ((1u << exponent) - 1);
    if (e == (1u << exponent) - 1) {
      if (v & ((1u << mantissa) - 1))
        return NAN;
      return v & 0x8000 ? -INFINITY : INFINITY;
    }
    return valueOf(v, exponent, mantissa);
  }
};
std::vector<Format> formats() { return {{"f16", 5, 10, halves()}, {"bf16", 8, 7, brains()}}; }

/// Whether adding a and b is exact in the 64 bits of a long double.
bool exactSum(long double a, long double b) {
  long double s = a + b;
  return std::isinf(s) || std::isnan(s) || (s - a == b && s - b == a);
}

TEST(Half, Arithmetic) {
  for (const Format &f : formats()) {
    std::string t = f.name;
    std::vector<std::string> r = {"b16", "b16", "b16"};
    check("add.rn." + t + " %d, %a, %b;", r, {f.values, f.values},
          [&](Row v) { return f.round(f.value(v[0]) + f.value(v[1])); });
    check("sub.rn." + t + " %d, %a, %b;", r, {f.values, f.values},
          [&](Row v) { return f.round(f.value(v[0]) - f.value(v[1])); });
    check("mul.rn." + t + " %d, %a, %b;", r, {f.values, f.values},
          [&](Row v) { return f.round(f.value(v[0]) * f.value(v[1])); });
    check("fma.rn." + t + " %d, %a, %b, %c;", {"b16", "b16", "b16", "b16"},
          {f.values, f.values, f.values}, [&](Row v) {
            long double p = f.value(v[0]) * f.value(v[1]), c = f.value(v[2]);
            if (exactSum(p, c))
              return f.round(p + c);
            // Too far apart for 64 bits: push the larger off a tie.
            long double big = fabsl(p) > fabsl(c) ? p : c;
            long double small = big == p ? c : p;
            return f.round(nextafterl(big, small > 0 ? INFINITY : -INFINITY));
          });
    check("fma.rn.relu." + t + " %d, %a, %b, %c;", {"b16", "b16", "b16", "b16"},
          {f.values, {0x3c00, 0xbc00, 0x3f80}, {0}}, [&](Row v) {
            long double x = f.value(v[0]) * f.value(v[1]) + f.value(v[2]);
            uint64_t d = f.round(x);
            return d != 0x7fff && (d & 0x8000) ? uint64_t(0) : d;
          });
  }
}

TEST(Half, Pairs) {
  check("fma.rn.f16x2 %d, %a, %b, %c;", {"b32", "b32", "b32", "b32"},
        {{0x3c004000, 0xc2003555}, {0x40003c00, 0x34005640}, {0x3c000000}}, [](Row v) {
          uint64_t d = 0;
          for (int half : {0, 16}) {
            long double x =
                valueOf(v[0] >> half & 0xffff, 5, 10) * valueOf(v[1] >> half & 0xffff, 5, 10) +
                valueOf(v[2] >> half & 0xffff, 5, 10);
            d |= roundSlowly(x, 5, 10, 'n') << half;
          }
          return d;
        });
}

TEST(Half, MinMax) {
  for (const Format &f : formats())
    for (bool isMax : {false, true})
      check(std::string(isMax ? "max." : "min.") + f.name + " %d, %a, %b;", {"b16", "b16", "b16"},
            {f.values, f.values}, [&](Row v) {
              long double a = f.value(v[0]), b = f.value(v[1]);
              if (a != a && b != b)
                return uint64_t(0x7fff);
              if (a != a || b != b)
                return a != a ? v[1] : v[0];
              bool less = a < b || (a == b && std::signbit(a) && !std::signbit(b));
              return less == isMax ? v[1] : v[0];
            });
}

} // namespace
