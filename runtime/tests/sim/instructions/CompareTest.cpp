// SPDX-License-Identifier: Apache-2.0
// setp, set, selp, slct, testp, copysign and moves of vectors.
#include "Lanes.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

using Row = const uint64_t *;

template <typename T> bool compare(const std::string &op, T a, T b) {
  bool unordered = a != a || b != b;
  std::string base = op;
  if (op.size() == 3 && op.back() == 'u')
    base.pop_back();
  if (op == "num")
    return !unordered;
  if (op == "nan")
    return unordered;
  if (unordered)
    return base != op;
  return base == "eq"   ? a == b
         : base == "ne" ? a != b
         : base == "lt" ? a < b
         : base == "le" ? a <= b
         : base == "gt" ? a > b
                        : a >= b;
}

TEST(Compare, Integers) {
  for (std::string op : {"eq", "ne", "lt", "le", "gt", "ge"}) {
    check("setp." + op + ".s32 %d, %a, %b;", {"pred", "b32", "b32"}, {integers32(), integers32()},
          [&](Row v) { return compare<int32_t>(op, int32_t(v[0]), int32_t(v[1])); });
    check("setp." + op + ".u64 %d, %a, %b;", {"pred", "b64", "b64"}, {integers64(), integers64()},
          [&](Row v) { return compare<uint64_t>(op, v[0], v[1]); });
    check("setp." + op + ".s16 %d, %a, %b;", {"pred", "b16", "b16"}, {integers16(), integers16()},
          [&](Row v) { return compare<int16_t>(op, int16_t(v[0]), int16_t(v[1])); });
  }
  check("setp.lo.u32 %d, %a, %b;", {"pred", "b32", "b32"}, {integers32(), integers32()},
        [](Row v) { return v[0] < v[1]; });
  check("setp.hs.u32 %d, %a, %b;", {"pred", "b32", "b32"}, {integers32(), integers32()},
        [](Row v) { return v[0] >= v[1]; });
}

TEST(Compare, Floats) {
  for (std::string op : {"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu",
                         "geu", "num", "nan"}) {
    check("setp." + op + ".f32 %d, %a, %b;", {"pred", "b32", "b32"}, {floats32(), floats32()},
          [&](Row v) { return compare<float>(op, f32(v[0]), f32(v[1])); });
    check("setp." + op + ".f64 %d, %a, %b;", {"pred", "b64", "b64"}, {floats64(), floats64()},
          [&](Row v) { return compare<double>(op, f64(v[0]), f64(v[1])); });
  }
  // Subnormals are zeros under .ftz.
  check("setp.eq.ftz.f32 %d, %a, %b;", {"pred", "b32", "b32"}, {{1, 0x80000001, 0x00800000}, {0}},
        [](Row v) { return uint64_t((v[0] & 0x7fffffff) < 0x00800000); });
}

TEST(Compare, CombinedPredicates) {
  check("{ .reg .pred %x; .reg .pred %y; setp.lt.and.s32 %x|%y, %a, %b, !%c;\n"
        ".reg .b32 %m; .reg .b32 %n; selp.b32 %m, 2, 0, %x; selp.b32 %n, 1, 0, "
        "%y; or.b32 %d, %m, %n; }",
        {"b32", "b32", "b32", "pred"}, {{1, 5}, {3}, {0, 1}}, [](Row v) {
          uint64_t c = v[2] ^ 1, less = v[0] < v[1];
          return (less & c) << 1 | ((less ^ 1) & c);
        });
}

TEST(Compare, SetSelectAndTest) {
  check("set.gt.u32.f32 %d, %a, %b;", {"b32", "b32", "b32"}, {floats32(), floats32()},
        [](Row v) { return f32(v[0]) > f32(v[1]) ? uint64_t(0xffffffff) : 0; });
  check("set.lt.f32.s32 %d, %a, %b;", {"b32", "b32", "b32"}, {integers32(), integers32()},
        [](Row v) { return int32_t(v[0]) < int32_t(v[1]) ? bits(1.0f) : 0; });
  check("selp.b64 %d, %a, %b, %c;", {"b64", "b64", "b64", "pred"}, {{7}, {9}, {0, 1}},
        [](Row v) { return v[2] ? v[0] : v[1]; });
  check("slct.b32.f32 %d, %a, %b, %c;", {"b32", "b32", "b32", "b32"}, {{1}, {2}, floats32()},
        [](Row v) { return f32(v[2]) >= 0 ? v[0] : v[1]; });
  struct Test {
    const char *name;
    bool (*f)(float);
  };
  const Test tests[] = {{"finite", [](float x) { return std::isfinite(x); }},
                        {"infinite", [](float x) { return std::isinf(x); }},
                        {"number", [](float x) { return !std::isnan(x); }},
                        {"notanumber", [](float x) { return std::isnan(x); }},
                        {"normal", [](float x) { return std::isnormal(x); }},
                        {"subnormal", [](float x) { return std::fpclassify(x) == FP_SUBNORMAL; }}};
  for (const Test &test : tests)
    check(std::string("testp.") + test.name + ".f32 %d, %a;", {"pred", "b32"}, {floats32()},
          [&](Row v) { return uint64_t(test.f(f32(v[0]))); });
  check("copysign.f32 %d, %a, %b;", {"b32", "b32", "b32"}, {floats32(), floats32()},
        [](Row v) { return (v[0] & 0x80000000) | (v[1] & 0x7fffffff); });
}

TEST(Move, VectorsAndScalars) {
  check("{ .reg .b16 %x<4>; mov.b64 {%x0, %x1, %x2, %x3}, %a;\n"
        "mov.b64 %d, {%x3, %x2, %x1, %x0}; }",
        {"b64", "b64"}, {integers64()}, [](Row v) {
          uint64_t d = 0;
          for (int i = 0; i < 4; ++i)
            d |= (v[0] >> (16 * i) & 0xffff) << (48 - 16 * i);
          return d;
        });
  check("{ .reg .b32 %x; mov.b64 {_, %x}, %a; mov.b32 %d, %x; }", {"b32", "b64"}, {integers64()},
        [](Row v) { return v[0] >> 32; });
}

} // namespace
