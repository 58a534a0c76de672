// SPDX-License-Identifier: Apache-2.0
// Arithmetic of ../cuda/arith.cu against the host's: f64, 64-bit integers, bit tricks, rounding modes, f16, bf16.
#include "Harness.h"
#include "Values.h"

#include <algorithm>
#include <cfenv>

using namespace hadal::simtest;

namespace {

std::vector<double> doubles(size_t count, uint64_t seed) {
  auto values = reals<double>(count, seed, -1, 1);
  Random random(seed + 1);
  for (double &v : values)
    v = std::ldexp(v, int(random.integer(-40, 40)));
  return values;
}

TEST(Arith, F64Exact) {
  auto a = doubles(160, 1), b = doubles(160, 2);
  a[0] = 0, a[1] = 5e-324, b[1] = 3, a[2] = 1e308, b[2] = 1e-300, a[3] = 2.5, b[3] = -2.5;
  Case c("arith.ptx", "arith_f64_exact");
  c.grid(2).block(96).in(a);
  c.in(b);
  int out = c.out<double>(160 * 8);
  c.scalar<int32_t>(160);
  ASSERT_TRUE(c.run());
  std::vector<double> expected;
  for (size_t i = 0; i < 160; ++i) {
    double x = a[i], y = b[i];
    expected.insert(expected.end(),
                    {x + y, x * y, x / y, std::sqrt(std::fabs(x)), std::fma(x, y, -x), 1.0 / x,
                     std::trunc(x) + std::floor(y) + std::ceil(x) + std::nearbyint(y),
                     std::fmin(x, y) - std::fmax(x, y)});
  }
  expectEqual(c.result<double>(out), expected);
}

TEST(Arith, F64Library) {
  auto a = reals<double>(128, 3, -20, 20);
  a[0] = 1e-5, a[1] = 100, a[2] = -0.5;
  Case c("arith.ptx", "arith_f64_library");
  c.grid(1).block(128).in(a);
  int out = c.out<double>(128 * 8);
  c.scalar<int32_t>(128).seeds(2);
  ASSERT_TRUE(c.run());
  std::vector<double> expected;
  for (double x : a)
    expected.insert(expected.end(),
                    {std::sin(x), std::exp(x * 0.25), std::log(std::fabs(x) + 0.001),
                     std::pow(std::fabs(x), 1.7), std::cbrt(x), std::erf(x), std::atan2(x, 0.75),
                     std::lgamma(std::fabs(x) + 0.5)});
  expectNear(c.result<double>(out), expected, 1e-15, 2e-14);
}

TEST(Arith, F32Library) {
  auto a = reals<float>(128, 4, -8, 8);
  Case c("arith.ptx", "arith_f32_library");
  c.grid(1).block(128).in(a);
  int out = c.out<float>(128 * 16);
  c.scalar<int32_t>(128).seeds(2);
  ASSERT_TRUE(c.run());
  std::vector<double> exact;
  for (float f : a) {
    double x = double(f), m = std::fabs(x);
    exact.insert(exact.end(),
                 {std::sin(x), std::cos(double(f * 50000.0f)), std::exp(x),
                  std::log(double(float(m) + 0.001f)), std::pow(m, double(1.7f)), std::tanh(x),
                  std::erf(x), 1 / std::sqrt(double(float(m) + 0.5f)), std::exp(x), std::sin(x),
                  std::log(double(float(m) + 0.001f)), x / 3.25, std::fmod(x, double(0.37f)),
                  std::log1p(m), double(f / 3.25f), double(std::sqrt(std::fabs(f)))});
  }
  expectNear(c.result<float>(out), exact, 3e-6, 4e-6);
}

template <typename T, typename Function> void modes(std::vector<T> &values, Function function) {
  for (int mode : {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD}) {
    std::fesetround(mode);
    volatile T value = function();
    std::fesetround(FE_TONEAREST);
    values.push_back(T(value));
  }
}

TEST(Arith, RoundingModes) {
  auto a = reals<float>(64, 5, -1000, 1000), b = reals<float>(64, 6, -3, 3);
  auto u = doubles(64, 7), v = doubles(64, 8);
  for (size_t i = 0; i < 8; ++i)
    a[i] = float(i) - 3.5f, u[i] = double(i) - 3.5;
  Case c("arith.ptx", "arith_rounding");
  c.grid(2).block(32).in(a);
  c.in(b);
  c.in(u);
  c.in(v);
  int out = c.out<float>(64 * 20), wide = c.out<double>(64 * 20), whole = c.out<int64_t>(64 * 12);
  c.seeds(2);
  ASSERT_TRUE(c.run());
  std::vector<float> expected;
  std::vector<double> expectedWide;
  std::vector<int64_t> expectedWhole;
  for (size_t i = 0; i < 64; ++i) {
    volatile float x = a[i], y = b[i];
    volatile double p = u[i], q = v[i];
    modes(expected, [&] { return x + y; });
    modes(expected, [&] { return x * y; });
    modes(expected, [&] { return x / y; });
    modes(expected, [&] { return std::fma(float(x), float(y), float(x)); });
    modes(expected, [&] { return std::sqrt(std::fabs(float(x))); });
    modes(expectedWide, [&] { return p + q; });
    modes(expectedWide, [&] { return p * q; });
    modes(expectedWide, [&] { return p / q; });
    modes(expectedWide, [&] { return std::fma(double(p), double(q), double(p)); });
    modes(expectedWide, [&] { return std::sqrt(std::fabs(double(p))); });
    std::vector<double> whole32, whole64;
    modes(whole32, [&] { return std::nearbyint(double(x)); });
    modes(whole64, [&] { return std::nearbyint(double(p)); });
    for (double w : whole32)
      expectedWhole.push_back(int64_t(w));
    for (double w : whole64)
      expectedWhole.push_back(int64_t(w));
    double unsigned32 = std::nearbyint(double(x)), unsigned64 = std::trunc(double(p));
    expectedWhole.push_back(int64_t(uint32_t(std::max(unsigned32, 0.0))));
    expectedWhole.push_back(int64_t(std::max(unsigned64, 0.0)));
    std::fesetround(FE_UPWARD);
    volatile float narrowed = float(p);
    std::fesetround(FE_TOWARDZERO);
    volatile int64_t pattern = bitCast<int64_t>(u[i]);
    volatile float fromInteger = float(pattern);
    std::fesetround(FE_TONEAREST);
    expectedWhole.push_back(bitCast<int32_t>(float(narrowed)));
    expectedWhole.push_back(bitCast<int32_t>(float(fromInteger)));
  }
  expectEqual(c.result<float>(out), expected, "f32");
  expectEqual(c.result<double>(wide), expectedWide, "f64");
  expectEqual(c.result<int64_t>(whole), expectedWhole, "integers");
}

TEST(Arith, Integers64) {
  auto a = bits<int64_t>(150, 9), b = bits<int64_t>(150, 10);
  for (size_t i = 0; i < 40; ++i)
    b[i] >>= i + 10;
  a[0] = INT64_MIN, b[0] = 3, a[1] = INT64_MAX, b[1] = -7, a[2] = 0, b[3] = 0, b[4] = 1;
  Case c("arith.ptx", "arith_i64");
  c.grid(2).block(96).in(a);
  c.in(b);
  int out = c.out<int64_t>(150 * 16);
  c.scalar<int32_t>(150).seeds(2);
  ASSERT_TRUE(c.run());
  std::vector<int64_t> expected;
  using Wide = __int128;
  using UnsignedWide = unsigned __int128;
  for (size_t i = 0; i < 150; ++i) {
    int64_t x = a[i], y = b[i];
    uint64_t ux = uint64_t(x), uy = uint64_t(y);
    UnsignedWide product = UnsignedWide(ux) * uy + ux;
    UnsignedWide difference = UnsignedWide(Wide(x)) * 3 - (UnsignedWide(Wide(y)) << 40);
    uint64_t reversed = 0;
    for (int bit = 0; bit < 64; ++bit)
      reversed |= (ux >> bit & 1) << (63 - bit);
    int clz = x ? __builtin_clzll(ux) : 64;
    for (uint64_t value :
         {ux * uy, y ? uint64_t(x / y) : 0, y ? uint64_t(x % y) : 0, uy ? ux / uy : 0,
          uy ? ux % uy : 0, uint64_t(UnsignedWide(Wide(x) * y) >> 64),
          uint64_t((UnsignedWide(ux) * uy) >> 64), uint64_t(x >> (y & 63)), ux >> (y & 63),
          ux << (y & 63),
          uint64_t(clz * 65536 + __builtin_popcountll(ux) * 256 + __builtin_ffsll(x)), reversed,
          uint64_t(product >> 64), uint64_t(product >> 37), uint64_t(difference >> 64),
          uint64_t(x < y ? (x < 0 ? 0 - ux : ux) : uint64_t(std::max(x, y)))})
      expected.push_back(int64_t(value));
  }
  expectEqual(c.result<int64_t>(out), expected);
}

TEST(Arith, Bits) {
  auto a = bits<uint32_t>(150, 11), b = bits<uint32_t>(150, 12);
  a[0] = 0, b[1] = 0, a[2] = ~0u, a[3] = 0x80000000u, b[3] = 0x80000000u;
  Case c("arith.ptx", "arith_bits");
  c.grid(2).block(96).in(a);
  c.in(b);
  int out = c.out<uint32_t>(150 * 24);
  c.scalar<int32_t>(150).seeds(2);
  ASSERT_TRUE(c.run());
  std::vector<uint32_t> expected;
  auto byte = [](uint32_t v, int i) { return v >> (8 * i) & 255; };
  for (size_t i = 0; i < 150; ++i) {
    uint32_t x = a[i], y = b[i];
    uint64_t both = uint64_t(y) << 32 | x;
    int32_t sx = int32_t(x), sy = int32_t(y);
    expected.push_back(uint32_t(both << (y >> 7 & 31) >> 32));
    expected.push_back(uint32_t(both >> (y >> 3 & 31)));
    expected.push_back(uint32_t(both << std::min(y & 63, 32u) >> 32));
    expected.push_back(uint32_t(both >> std::min(y & 63, 32u)));
    uint32_t permuted = 0, s = x >> 5;
    for (int k = 0; k < 4; ++k)
      permuted |= uint32_t(both >> (8 * (s >> (4 * k) & 7)) & 255) << (8 * k);
    expected.push_back(permuted);
    int32_t dot = 17, low = -9;
    uint32_t unsignedDot = 5, high = 3, add = 0, difference = 0, greater = 0;
    for (int k = 0; k < 4; ++k) {
      dot += int32_t(int8_t(byte(x, k))) * int8_t(byte(y, k));
      unsignedDot += byte(x, k) * byte(y, k);
      add |= ((byte(x, k) + byte(y, k)) & 255) << (8 * k);
      difference |= uint32_t(std::abs(int(byte(x, k)) - int(byte(y, k)))) << (8 * k);
      greater |= (byte(x, k) > byte(y, k) ? 255u : 0) << (8 * k);
    }
    for (int k = 0; k < 2; ++k) {
      low += int32_t(int16_t(x >> (16 * k))) * int8_t(byte(y, k));
      high += (x >> (16 * k) & 0xffff) * byte(y, k + 2);
    }
    uint32_t maxima = 0;
    for (int k = 0; k < 2; ++k)
      maxima |= uint32_t(uint16_t(std::max(int16_t(x >> (16 * k)), int16_t(y >> (16 * k)))))
                << (16 * k);
    auto low24 = [](uint32_t v) { return int64_t(int32_t(v << 8) >> 8); };
    int distance = int(y >> 8 & 7) - 3, base = int(y & 31);
    uint32_t found = ~0u;
    if (distance == 0)
      found = x >> base & 1 ? uint32_t(base) : ~0u;
    else
      for (int p = base, left = std::abs(distance); p >= 0 && p < 32; p += distance > 0 ? 1 : -1)
        if ((x >> p & 1) && --left == 0) {
          found = uint32_t(p);
          break;
        }
    uint32_t reversed = 0;
    for (int bit = 0; bit < 32; ++bit)
      reversed |= (x >> bit & 1) << (31 - bit);
    expected.insert(expected.end(),
                    {uint32_t(dot), unsignedDot, uint32_t(low), high,
                     uint32_t((int64_t(sx) + sy) >> 1), uint32_t((uint64_t(x) + y) >> 1),
                     uint32_t((int64_t(sx) + sy + 1) >> 1),
                     4u + uint32_t(std::llabs(int64_t(sx) - sy)), 4u + (x > y ? x - y : y - x),
                     uint32_t(uint64_t(int64_t(sx) * sy) >> 32), uint32_t(uint64_t(x) * y >> 32),
                     uint32_t(low24(x) * low24(y)), add, difference, maxima, greater, found,
                     uint32_t(x ? __builtin_clz(x) : 32) * 4096 +
                         uint32_t(__builtin_popcount(y)) * 64 + uint32_t(__builtin_ffs(sx)),
                     (x & y) ^ (~x | (y << 3)) ^ reversed});
  }
  expectEqual(c.result<uint32_t>(out), expected);
}

TEST(Arith, Half) {
  auto a = bits<uint16_t>(200, 13), b = bits<uint16_t>(200, 14);
  for (size_t i = 0; i < 200; ++i) { // finite and of moderate size in both formats
    b[i] = uint16_t((b[i] & 0x80ff) | 0x3800 | (i % 3) << 8);
    a[i] = uint16_t((a[i] & 0x80ff) | 0x3c00 | (i % 4) << 8);
  }
  Case c("arith.ptx", "arith_half");
  c.grid(2).block(128).in(a);
  c.in(b);
  int out = c.out<uint16_t>(200 * 16), packed = c.out<uint32_t>(200 * 4);
  c.scalar<int32_t>(200).seeds(2);
  ASSERT_TRUE(c.run());
  std::vector<uint16_t> expected;
  std::vector<uint32_t> expectedPacked;
  auto clamp = [](double v) { return std::min(std::max(v, 0.0), 1.0); };
  for (size_t i = 0; i < 200; ++i) {
    double x = double(halfValue(a[i])), y = double(halfValue(b[i])), p = double(bfloatValue(a[i])),
           q = double(bfloatValue(b[i]));
    auto bf = [](double v) {
      return uint16_t(bitCast<uint32_t>(float(roundTo(v, 7, -126))) >> 16);
    };
    uint16_t widened = halfBits(double(a[i]));
    int16_t floored = int16_t(std::floor(x));
    double pq = p; // f16 by truncation of a bf16 value
    double truncated =
        std::copysign(std::trunc(std::fabs(pq) * 1024 / std::ldexp(1.0, std::ilogb(pq))) *
                          std::ldexp(1.0, std::ilogb(pq)) / 1024,
                      pq);
    for (uint16_t v : {halfBits(x + y), halfBits(x - y), halfBits(x * y), halfBits(x * y + x),
                       halfBits(clamp(double(roundHalf(x + y)))), halfBits(std::max(x, y)),
                       halfBits(std::min(x, y)), uint16_t((x < y) | (x == y) << 1 | (x > y) << 3),
                       bf(p + q), bf(p * q), bf(p * q + p), bf(std::min(p, q)), halfBits(truncated),
                       bf(x), halfBits(-std::fabs(x)), uint16_t(widened ^ uint16_t(floored))})
      expected.push_back(v);
    auto pair = [](uint16_t low, uint16_t high) { return uint32_t(low) | uint32_t(high) << 16; };
    expectedPacked.push_back(pair(halfBits(clamp(double(roundHalf(x * y + x)))),
                                  halfBits(clamp(double(roundHalf(y * x + y))))));
    expectedPacked.push_back(pair(halfBits(std::max(x, y)), halfBits(std::max(x, y))));
    expectedPacked.push_back(pair(bf(std::max(p * p + p, 0.0)), bf(std::max(q * q + q, 0.0))));
    expectedPacked.push_back(pair(bf(p + 1.5), bf(q + double(bfloatValue(bfloatBits(-0.1f))))));
  }
  expectEqual(c.result<uint16_t>(out), expected);
  expectEqual(c.result<uint32_t>(packed), expectedPacked);
}

} // namespace
