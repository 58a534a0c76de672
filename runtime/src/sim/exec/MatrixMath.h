// SPDX-License-Identifier: Apache-2.0
// Small dense products behind mma.sync and wmma.
#ifndef HADAL_SIM_EXEC_MATRIXMATH_H
#define HADAL_SIM_EXEC_MATRIXMATH_H

#include "sim/exec/SmallFloat.h"

namespace hadal::HADAL_SIM_LEVEL {

constexpr u32 kMaxRows = 32, kMaxColumns = 32, kMaxDepth = 256;

/// Bits of an element in memory and registers.
inline u32 elementBits(Ty type) {
  switch (type) {
  case Ty::S4:
  case Ty::U4: return 4;
  case Ty::B1: return 1;
  case Ty::E4M3:
  case Ty::E5M2:
  case Ty::S8:
  case Ty::U8: return 8;
  case Ty::F16:
  case Ty::BF16: return 16;
  case Ty::F64: return 64;
  default: return 32;
  }
}

/// The value of an element of a float type of at most 32 bits.
inline float floatElement(Ty type, u32 raw) {
  switch (type) {
  case Ty::F16: return halfToFloat(u16(raw));
  case Ty::BF16: return brainToFloat(u16(raw));
  case Ty::E4M3: return e4m3ToFloat(u8(raw));
  case Ty::E5M2: return e5m2ToFloat(u8(raw));
  case Ty::TF32: return bitsAs<float>(raw & 0xffffe000u); // 10 mantissa bits
  default: return bitsAs<float>(raw);
  }
}
inline i32 integerElement(Ty type, u32 raw) {
  switch (type) {
  case Ty::S4: return i32(raw << 28) >> 28;
  case Ty::U4: return i32(raw & 15);
  case Ty::S8: return i8(raw);
  case Ty::U8: return u8(raw);
  default: return i32(raw);
  }
}
inline bool isIntegerElement(Ty type) {
  return type == Ty::S4 || type == Ty::U4 || type == Ty::S8 || type == Ty::U8;
}

/// Operands of one product, row-major; b has kMaxColumns... of `n` columns.
struct Product32 {
  u32 m, n, k;
  alignas(64) float a[kMaxRows * 64];
  alignas(64) float b[64 * kMaxColumns];
  alignas(64) float c[kMaxRows * kMaxColumns];
  /// c += a b, k ascending, every step one fused multiply-add.
  void run() {
    if (n == 8) {
      eight();
      return;
    }
    for (u32 i = 0; i < m; ++i)
      for (u32 l = 0; l < k; ++l) {
        float x = a[i * k + l];
        float *row = c + i * n;
        const float *from = b + l * n;
        HADAL_LANES
        for (u32 j = 0; j < n; ++j)
          row[j] = __builtin_fmaf(x, from[j], row[j]);
      }
  }

private:
  typedef float Eight __attribute__((vector_size(32)));
  void eight() {
    // Eight rows at a time keep the multipliers busy.
    for (u32 i = 0; i < m; i += 8) {
      Eight sum[8];
      for (u32 r = 0; r < 8; ++r)
        memcpy(&sum[r], c + (i + r) * 8, 32);
      for (u32 l = 0; l < k; ++l) {
        Eight right;
        memcpy(&right, b + l * 8, 32);
        for (u32 r = 0; r < 8; ++r) {
          float x = a[(i + r) * k + l];
#if defined(__AVX2__)
          sum[r] = Eight(_mm256_fmadd_ps(_mm256_set1_ps(x), __m256(right), __m256(sum[r])));
#else
          for (u32 j = 0; j < 8; ++j)
            sum[r][j] = __builtin_fmaf(x, right[j], sum[r][j]);
#endif
        }
      }
      for (u32 r = 0; r < 8; ++r)
        memcpy(c + (i + r) * 8, &sum[r], 32);
    }
  }
};

/// Rounds the f32 canonical NaN the way f32 arithmetic does.
inline u32 accumulatorBits(float x) { return bitsAs<u32>(canonical(x)); }

} // namespace hadal::HADAL_SIM_LEVEL

#endif // HADAL_SIM_EXEC_MATRIXMATH_H
