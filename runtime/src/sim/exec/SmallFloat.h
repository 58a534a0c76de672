// SPDX-License-Identifier: Apache-2.0
// Rounding to and widening from every float format that PTX knows.
#ifndef HADAL_SIM_EXEC_SMALLFLOAT_H
#define HADAL_SIM_EXEC_SMALLFLOAT_H

#include "sim/exec/FloatSupport.h"

namespace hadal::HADAL_SIM_LEVEL {

/// A binary format: exponent and mantissa bits; largest finite pattern; NaN.
struct FloatFormat {
  u32 exponentBits, mantissaBits;
  u32 largest, infinity, nan; // without the sign
  u32 signBit;
};
constexpr FloatFormat kF32 = {8, 23, 0x7f7fffff, 0x7f800000, 0x7fffffff, 31};
constexpr FloatFormat kF16 = {5, 10, 0x7bff, 0x7c00, 0x7fff, 15};
constexpr FloatFormat kBF16 = {8, 7, 0x7f7f, 0x7f80, 0x7fff, 15};
constexpr FloatFormat kE4M3 = {4, 3, 0x7e, 0x7f, 0x7f, 7};
constexpr FloatFormat kE5M2 = {5, 2, 0x7b, 0x7c, 0x7f, 7};

/// Rounds a double to a format. Exact for any double, and for any real number
/// that was rounded to odd into one.
inline u32 roundTo(const FloatFormat &f, double value, Rounding mode, bool satfinite = false) {
  u64 bits = bitsAs<u64>(value);
  u32 negative = u32(bits >> 63);
  u32 sign = negative << f.signBit;
  i32 exponent = i32(bits >> 52 & 0x7ff);
  u64 mantissa = bits & ((u64(1) << 52) - 1);
  if (exponent == 0x7ff) {
    if (mantissa)
      return f.nan; // canonical, positive
    return sign | (satfinite ? f.largest : f.infinity);
  }
  if (exponent == 0) {
    if (!mantissa)
      return sign;
    exponent = 1; // a subnormal double is far below every other format
  } else {
    mantissa |= u64(1) << 52;
  }
  i32 e = exponent - 1023;
  i32 bias = (1 << (f.exponentBits - 1)) - 1;
  i32 least = 1 - bias;
  u32 shift = 52 - f.mantissaBits;
  i32 biased = e + bias;
  if (e < least) {
    u32 extra = u32(least - e);
    shift = extra > 63 - shift ? 63 : shift + extra;
    biased = 0;
  }
  u64 q = mantissa >> shift, rest = mantissa & ((u64(1) << shift) - 1);
  u64 half = u64(1) << (shift - 1);
  bool up = false;
  switch (mode) {
  case Rounding::Nearest:
  case Rounding::None: up = rest > half || (rest == half && (q & 1)); break;
  case Rounding::NearestAway: up = rest >= half; break;
  case Rounding::Zero: break;
  case Rounding::Down: up = negative && rest; break;
  case Rounding::Up: up = !negative && rest; break;
  }
  q += up;
  u64 pattern = biased > 0 ? (u64(biased) << f.mantissaBits) + q - (u64(1) << f.mantissaBits) : q;
  if (pattern > f.largest) {
    bool toLargest = satfinite || mode == Rounding::Zero || (mode == Rounding::Down && !negative) ||
                     (mode == Rounding::Up && negative);
    pattern = toLargest ? f.largest : f.infinity;
  }
  return sign | u32(pattern);
}

/// The float next to the exact value `high + low`, rounded to odd (Boldo and
/// Melquiond 2008), where |low| is below half a unit of `high`. Without branches,
/// for vectors.
template <typename T> inline T roundToOdd(T high, T low) {
  using Bits = std::conditional_t<sizeof(T) == 8, u64, u32>;
  constexpr Bits exponent = sizeof(T) == 8 ? Bits(0x7ff0000000000000) : Bits(0x7f800000);
  Bits bits = bitsAs<Bits>(high);
  // Move towards the neglected part, onto the odd neighbour.
  Bits moved = (low > 0) == (high > 0) ? bits + 1 : bits - 1;
  bool stays = low == 0 || (bits & 1) || (bits & exponent) == exponent;
  T odd = high == 0 ? low : bitsAs<T>(moved);
  return stays ? high : odd;
}
template <typename T> inline T addToOdd(T a, T b) {
  T sum = a + b;
  T part = sum - a;
  T error = (a - (sum - part)) + (b - part);
  return roundToOdd(sum, error);
}

inline float halfToFloat(u16 h) {
#if defined(__F16C__)
  return float(bitsAs<_Float16>(h)); // unlike the intrinsic, for vectors too
#else
  u32 sign = u32(h & 0x8000) << 16, exponent = h >> 10 & 31, m = h & 1023;
  if (exponent == 31)
    return bitsAs<float>(sign | 0x7f800000u | m << 13);
  if (exponent)
    return bitsAs<float>(sign | (exponent + 112) << 23 | m << 13);
  float value = float(m) * 0x1p-24f;
  return sign ? -value : value;
#endif
}
inline float brainToFloat(u16 b) { return bitsAs<float>(u32(b) << 16); }

/// f32 to f16, to the nearest.
inline u16 floatToHalf(float x) {
#if defined(__F16C__)
  u16 bits = bitsAs<u16>(_Float16(x));
  return x != x ? u16(0x7fff) : bits;
#else
  return u16(roundTo(kF16, double(x), Rounding::Nearest));
#endif
}
/// f32 to bf16, to the nearest.
inline u16 floatToBrain(float x) {
  u32 bits = bitsAs<u32>(x);
  u16 nearest = u16((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  return x != x ? u16(0x7fff) : nearest;
}

inline float e4m3ToFloat(u8 v) {
  u32 sign = u32(v & 0x80) << 24, exponent = v >> 3 & 15, m = v & 7;
  if ((v & 0x7f) == 0x7f)
    return bitsAs<float>(0x7fffffffu);
  if (exponent == 0) {
    float value = float(m) * 0x1p-9f;
    return sign ? -value : value;
  }
  return bitsAs<float>(sign | (exponent + 120) << 23 | m << 20);
}
inline float e5m2ToFloat(u8 v) { return halfToFloat(u16(v << 8)); }

} // namespace hadal::HADAL_SIM_LEVEL

#endif // HADAL_SIM_EXEC_SMALLFLOAT_H
