// SPDX-License-Identifier: Apache-2.0
// The products of mma.sync with 16 rows and 16-bit elements, a column of 16 rows at a time.
#ifndef HADAL_SIM_EXEC_MATRIXCOLUMNS_H
#define HADAL_SIM_EXEC_MATRIXCOLUMNS_H

#include "sim/exec/SmallFloat.h"

namespace hadal::HADAL_SIM_LEVEL {

// One register of AVX-512, or two of AVX2.
typedef float Column __attribute__((vector_size(64)));
typedef u32 ColumnBits __attribute__((vector_size(64)));
#if defined(__AVX512F__)
constexpr u32 kColumnsAtOnce = 8;
#else
constexpr u32 kColumnsAtOnce = 4;
#endif

/// Transposes each of the four 4 x 4 blocks of words that lie side by side; is
/// its own inverse.
inline void transposeQuads(ColumnBits (&x)[4]) {
#define HADAL_LOW_WORDS(p, q)                                                                      \
  __builtin_shufflevector(p, q, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HADAL_HIGH_WORDS(p, q)                                                                     \
  __builtin_shufflevector(p, q, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define HADAL_LOW_PAIRS(p, q)                                                                      \
  __builtin_shufflevector(p, q, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HADAL_HIGH_PAIRS(p, q)                                                                     \
  __builtin_shufflevector(p, q, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
  ColumnBits a = HADAL_LOW_WORDS(x[0], x[1]), b = HADAL_HIGH_WORDS(x[0], x[1]),
             c = HADAL_LOW_WORDS(x[2], x[3]), d = HADAL_HIGH_WORDS(x[2], x[3]);
  x[0] = HADAL_LOW_PAIRS(a, c);
  x[1] = HADAL_HIGH_PAIRS(a, c);
  x[2] = HADAL_LOW_PAIRS(b, d);
  x[3] = HADAL_HIGH_PAIRS(b, d);
#undef HADAL_LOW_WORDS
#undef HADAL_HIGH_WORDS
#undef HADAL_LOW_PAIRS
#undef HADAL_HIGH_PAIRS
}

/// Lane 4 g + t of two registers holds word t of row g, and of row g + 8. Gives
/// word t of all 16 rows.
inline void loadColumns(const u32 *upper, const u32 *lower, ColumnBits (&x)[4]) {
  for (u32 j = 0; j < 4; ++j) {
    u32 rows[16]; // j, j + 4, j + 8, j + 12
    memcpy(rows, upper + 4 * j, 16);
    memcpy(rows + 4, upper + 16 + 4 * j, 16);
    memcpy(rows + 8, lower + 4 * j, 16);
    memcpy(rows + 12, lower + 16 + 4 * j, 16);
    memcpy(&x[j], rows, 64);
  }
  transposeQuads(x);
}
inline void storeColumns(u32 *upper, u32 *lower, ColumnBits (&x)[4]) {
  transposeQuads(x);
  for (u32 j = 0; j < 4; ++j) {
    u32 rows[16];
    memcpy(rows, &x[j], 64);
    memcpy(upper + 4 * j, rows, 16);
    memcpy(upper + 16 + 4 * j, rows + 4, 16);
    memcpy(lower + 4 * j, rows + 8, 16);
    memcpy(lower + 16 + 4 * j, rows + 12, 16);
  }
}

/// The values of the lower 16 bits of each word.
template <Ty kType> inline void widenHalves(const ColumnBits &words, Column &to) {
  if constexpr (kType == Ty::BF16) {
    to = Column(words << 16);
  } else {
#if defined(__F16C__)
    typedef u16 Halves __attribute__((vector_size(32)));
    Halves halves = __builtin_convertvector(words, Halves);
    for (u32 i = 0; i < 2; ++i) {
      __m128i raw;
      memcpy(&raw, reinterpret_cast<char *>(&halves) + 16 * i, 16);
      __m256 wide = _mm256_cvtph_ps(raw);
      memcpy(reinterpret_cast<char *>(&to) + 32 * i, &wide, 32);
    }
#else
    for (u32 i = 0; i < 16; ++i)
      to[i] = halfToFloat(u16(words[i]));
#endif
  }
}

/// c = a b + c, rounded once.
inline void fusedMultiplyAdd(const Column &a, float b, Column &c) {
#if __has_builtin(__builtin_elementwise_fma)
  Column all = {b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b};
  c = __builtin_elementwise_fma(a, all, c);
#else
  for (u32 i = 0; i < 16; ++i)
    c[i] = __builtin_fmaf(a[i], b, c[i]);
#endif
}

inline void canonicalBits(const Column &x, ColumnBits &bits) {
  ColumnBits nan = ColumnBits(x != x);
  bits = (nan & 0x7fffffffu) | (~nan & ColumnBits(x));
}

} // namespace hadal::HADAL_SIM_LEVEL

#endif // HADAL_SIM_EXEC_MATRIXCOLUMNS_H
