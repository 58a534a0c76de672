// SPDX-License-Identifier: Apache-2.0
// Seeded test values, small-float conversions of the tests' own, and comparisons that name the first difference.
#ifndef HADAL_TESTS_SIM_VALUES_H
#define HADAL_TESTS_SIM_VALUES_H

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace hadal::simtest {

/// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  /// Uniform in [low, high].
  int64_t integer(int64_t low, int64_t high) {
    return low + int64_t(next() % uint64_t(high - low + 1));
  }
  /// Uniform in [low, high).
  double real(double low, double high) {
    return low + (high - low) * double(next() >> 11) / 9007199254740992.0;
  }

private:
  uint64_t state_;
};

template <typename T> std::vector<T> integers(size_t count, uint64_t seed, int64_t low,
                                              int64_t high) {
  Random random(seed);
  std::vector<T> values(count);
  for (T &value : values)
    value = T(random.integer(low, high));
  return values;
}

template <typename T> std::vector<T> reals(size_t count, uint64_t seed, double low, double high) {
  Random random(seed);
  std::vector<T> values(count);
  for (T &value : values)
    value = T(random.real(low, high));
  return values;
}

template <typename T> std::vector<T> bits(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<T> values(count);
  for (T &value : values) {
    uint64_t word = random.next();
    std::memcpy(&value, &word, sizeof(T));
  }
  return values;
}

template <typename To, typename From> To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From), "sizes differ");
  To to;
  std::memcpy(&to, &from, sizeof(To));
  return to;
}

/// Rounds to a binary format of `mantissa` stored bits and exponents from `least` on, to nearest even, as a double.
/// No overflow handling: callers stay in range.
inline double roundTo(double value, int mantissa, int least) {
  if (value == 0 || !std::isfinite(value))
    return value;
  int exponent = std::max(std::ilogb(value), least);
  double unit = std::ldexp(1.0, exponent - mantissa);
  return std::nearbyint(value / unit) * unit;
}
inline float roundHalf(double value) { return float(roundTo(value, 10, -14)); }
inline float roundBfloat(double value) { return float(roundTo(value, 7, -126)); }

inline uint16_t bfloatBits(float value) {
  return uint16_t(bitCast<uint32_t>(roundBfloat(value)) >> 16);
}
inline float bfloatValue(uint16_t bits) { return bitCast<float>(uint32_t(bits) << 16); }

/// f16 bits of a value; rounds to nearest even, overflows to infinity.
inline uint16_t halfBits(double value) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  double magnitude = std::fabs(value);
  if (std::isnan(value))
    return 0x7fff;
  double rounded = roundTo(magnitude, 10, -14);
  if (rounded > 65504)
    return uint16_t(sign | 0x7c00);
  if (rounded == 0)
    return sign;
  int exponent = std::max(std::ilogb(rounded), -14);
  int mantissa = int(std::ldexp(rounded, 10 - exponent));
  return uint16_t(sign | (mantissa < 1024 ? mantissa : ((exponent + 15) << 10) + mantissa - 1024));
}
inline float halfValue(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double value = exponent == 31  ? (mantissa ? std::nan("") : HUGE_VAL)
                 : exponent == 0 ? std::ldexp(double(mantissa), -24)
                                 : std::ldexp(double(mantissa + 1024), exponent - 25);
  return float(bits & 0x8000 ? -value : value);
}

template <typename T> void expectEqual(const std::vector<T> &got, const std::vector<T> &expected,
                                       const char *what = "") {
  ASSERT_EQ(got.size(), expected.size()) << what;
  size_t wrong = 0, firstWrong = 0;
  for (size_t i = 0; i < got.size(); ++i)
    if (std::memcmp(&got[i], &expected[i], sizeof(T)) != 0 && wrong++ == 0)
      firstWrong = i;
  if (wrong)
    ADD_FAILURE() << what << ": " << wrong << " of " << got.size() << " differ, first at "
                  << firstWrong << ": expected " << +expected[firstWrong] << ", got "
                  << +got[firstWrong];
}

/// |got - expected| <= absolute + relative * |expected| everywhere.
template <typename T, typename U>
void expectNear(const std::vector<T> &got, const std::vector<U> &expected, double absolute,
                double relative, const char *what = "") {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (size_t i = 0; i < got.size(); ++i) {
    double error = std::fabs(double(got[i]) - double(expected[i]));
    if (!(error <= absolute + relative * std::fabs(double(expected[i])))) {
      ADD_FAILURE() << what << ": at " << i << ": expected " << double(expected[i]) << ", got "
                    << double(got[i]);
      return;
    }
  }
}

} // namespace hadal::simtest

#endif // HADAL_TESTS_SIM_VALUES_H
