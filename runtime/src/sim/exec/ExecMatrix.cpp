// SPDX-License-Identifier: Apache-2.0
// mma.sync: products of register fragments.
#include "sim/exec/MatrixColumns.h"
#include "sim/exec/MatrixMath.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

/// Inst::imm of an mma: shape, element types, and what happens to the result.
struct Form {
  u32 m, n, k;
  Ty a, b, c, d;
  bool satfinite, andPopc;
  u32 aRegs, bRegs, cRegs, dRegs;
  bool rowA, rowB;
};
u64 encode(const Form &f) {
  return u64(f.m) | u64(f.n) << 6 | u64(f.k) << 12 | u64(f.a) << 22 | u64(f.b) << 28 |
         u64(f.c) << 34 | u64(f.d) << 40 | u64(f.satfinite) << 46 | u64(f.andPopc) << 47 |
         u64(f.rowA) << 48 | u64(f.rowB) << 49;
}
u32 registersOf(u32 elements, Ty type) {
  // Accumulators of f16 are pairs.
  u32 bits = elementBits(type);
  u32 perLane = elements / kLanes;
  return bits == 64 ? perLane : (perLane * bits + 31) / 32;
}
Form decodeForm(u64 code) {
  Form f;
  f.m = u32(code & 63);
  f.n = u32(code >> 6 & 63);
  f.k = u32(code >> 12 & 1023);
  f.a = Ty(code >> 22 & 63);
  f.b = Ty(code >> 28 & 63);
  f.c = Ty(code >> 34 & 63);
  f.d = Ty(code >> 40 & 63);
  f.satfinite = code >> 46 & 1;
  f.andPopc = code >> 47 & 1;
  f.rowA = code >> 48 & 1;
  f.rowB = code >> 49 & 1;
  f.aRegs = registersOf(f.m * f.k, f.a);
  f.bRegs = registersOf(f.k * f.n, f.b);
  f.cRegs = registersOf(f.m * f.n, f.c);
  f.dRegs = registersOf(f.m * f.n, f.d);
  return f;
}

struct Lists {
  const u32 *d, *a, *b, *c;
};
Lists listsOf(const Warp &w, const Inst &in, const Form &f) {
  const u32 *pool = &w.launch->program->pool[in.list];
  return {pool, pool + f.dRegs, pool + f.dRegs + f.aRegs, pool + f.dRegs + f.aRegs + f.bRegs};
}

/// Row and column of accumulator element i (0..3) of a lane.
inline void accumulatorPlace(u32 lane, u32 i, u32 &row, u32 &column) {
  row = lane / 4 + (i >= 2 ? 8 : 0);
  column = lane % 4 * 2 + (i & 1);
}

/// visit(i, lane, place in the row-major accumulator) for all elements.
template <typename Visit> void forAccumulator(const Form &f, Visit visit) {
  for (u32 i = 0; i < f.m * 8 / kLanes; ++i)
    for (u32 lane = 0; lane < kLanes; ++lane) {
      u32 row, column;
      accumulatorPlace(lane, i, row, column);
      visit(i, lane, row * 8 + column);
    }
}

/// Undefined bits: a row of A or a column of B spoils all that it enters.
void spoil(Warp &w, const Form &f, const Lists &l) {
  bool any = false;
  for (u32 i = 0; i < f.dRegs + f.aRegs + f.bRegs + f.cRegs; ++i)
    any |= i >= f.dRegs && *w.flags(l.d[i]) != 0;
  u32 rows = 0, columns = 0;
  u64 spoiled[kLanes] = {};
  u32 elements = f.m * f.n / kLanes;
  if (any) {
    u32 aBytes = f.a == Ty::F64 ? 8 : 4;
    for (u32 r = 0; r < f.aRegs; ++r)
      for (u32 lane = 0; lane < kLanes; ++lane)
        if (undefinedBits(w, l.a[r], aBytes, lane))
          rows |= 1u << (lane / 4 + (f.m == 16 ? 8 * (r & 1) : 0));
    for (u32 r = 0; r < f.bRegs; ++r)
      for (u32 lane = 0; lane < kLanes; ++lane)
        if (undefinedBits(w, l.b[r], aBytes, lane))
          columns |= 1u << (lane / 4);
    for (u32 lane = 0; lane < kLanes; ++lane)
      for (u32 i = 0; i < elements; ++i) {
        u32 row, column;
        accumulatorPlace(lane, i, row, column);
        u64 own = f.c == Ty::F16 ? undefinedBits(w, l.c[i / 2], 4, lane) >> (16 * (i & 1)) & 0xffff
                                 : undefinedBits(w, l.c[i], f.c == Ty::F64 ? 8 : 4, lane);
        if (own || (rows >> row & 1) || (columns >> column & 1))
          spoiled[lane] |= 1u << i;
      }
  }
  for (u32 lane = 0; lane < kLanes; ++lane)
    for (u32 r = 0; r < f.dRegs; ++r) {
      u64 bits;
      if (f.d == Ty::F16)
        bits = (spoiled[lane] >> (2 * r) & 1 ? 0xffff : 0) |
               (spoiled[lane] >> (2 * r + 1) & 1 ? 0xffff0000u : 0);
      else
        bits = spoiled[lane] >> r & 1 ? ~u64(0) : 0;
      setUndefinedBits(w, l.d[r], f.d == Ty::F64 ? 8 : 4, lane, bits);
    }
}

template <typename Element>
void gatherA(const Warp &w, const Form &f, const u32 *list, Element put) {
  u32 bits = elementBits(f.a), per = 32 / bits;
  for (u32 r = 0; r < f.aRegs; ++r) {
    const u32 *from = w.at<u32>(list[r]);
    u32 block = f.m == 16 ? r >> 1 : r, below = f.m == 16 ? 8 * (r & 1) : 0;
    for (u32 lane = 0; lane < kLanes; ++lane)
      for (u32 j = 0; j < per; ++j)
        put(lane / 4 + below, block * 4 * per + lane % 4 * per + j, from[lane] >> (j * bits));
  }
}
template <typename Element>
void gatherB(const Warp &w, const Form &f, const u32 *list, Element put) {
  u32 bits = elementBits(f.b), per = 32 / bits;
  for (u32 r = 0; r < f.bRegs; ++r) {
    const u32 *from = w.at<u32>(list[r]);
    for (u32 lane = 0; lane < kLanes; ++lane)
      for (u32 j = 0; j < per; ++j)
        put(r * 4 * per + lane % 4 * per + j, lane / 4, from[lane] >> (j * bits));
  }
}

/// A 16-bit operand register: eight consecutive elements of eight rows.
template <Ty kType> void eightRows(const u32 *from, float *to, u32 stride) {
  for (u32 g = 0; g < 8; ++g) {
#if defined(__AVX2__)
    __m128i raw = _mm_loadu_si128(reinterpret_cast<const __m128i *>(from + 4 * g));
    __m256 wide;
    if constexpr (kType == Ty::BF16)
      wide = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(raw), 16));
    else
      wide = _mm256_cvtph_ps(raw);
    _mm256_storeu_ps(to + g * stride, wide);
#else
    for (u32 t = 0; t < 4; ++t) {
      to[g * stride + 2 * t] = floatElement(kType, from[4 * g + t]);
      to[g * stride + 2 * t + 1] = floatElement(kType, from[4 * g + t] >> 16);
    }
#endif
  }
}

void loadC(const Warp &w, const Form &f, const u32 *list, float *c) {
  if (f.c != Ty::F16) {
    // Elements 2 * lane and 2 * lane + 1 of each half, row by row.
    for (u32 half = 0; half < f.m / 8; ++half) {
      const float *even = w.at<float>(list[2 * half]), *odd = w.at<float>(list[2 * half + 1]);
      float *to = c + half * 64;
      HADAL_LANES
      for (u32 lane = 0; lane < kLanes; ++lane) {
        to[2 * lane] = even[lane];
        to[2 * lane + 1] = odd[lane];
      }
    }
    return;
  }
  for (u32 half = 0; half < f.m / 8; ++half)
    for (u32 lane = 0; lane < kLanes; ++lane)
      for (u32 j = 0; j < 2; ++j)
        c[half * 64 + 2 * lane + j] = halfToFloat(u16(w.at<u32>(list[half])[lane] >> (16 * j)));
}
void storeD(Warp &w, const Form &f, const u32 *list, const float *c) {
  for (u32 half = 0; half < f.m / 8; ++half) {
    const float *from = c + half * 64;
    if (f.d == Ty::F16) {
      u32 *to = w.at<u32>(list[half]);
      for (u32 lane = 0; lane < kLanes; ++lane)
        to[lane] = floatToHalf(from[2 * lane]) | u32(floatToHalf(from[2 * lane + 1])) << 16;
      continue;
    }
    u32 *even = w.at<u32>(list[2 * half]), *odd = w.at<u32>(list[2 * half + 1]);
    HADAL_LANES
    for (u32 lane = 0; lane < kLanes; ++lane) {
      even[lane] = accumulatorBits(from[2 * lane]);
      odd[lane] = accumulatorBits(from[2 * lane + 1]);
    }
  }
}

/// f16 and bf16 with sums in f32, m16n8k8 and m16n8k16.
template <Ty kType, u32 kDepth>
void mmaColumns(Warp &w, const Inst &in, u32 mask) {
  if (mask != kFullMask && !converge(w, in, mask, w.valid))
    return;
  constexpr u32 kBlocks = kDepth / 8;
  const u32 *d = &w.launch->program->pool[in.list], *a = d + 4, *b = a + 2 * kBlocks,
            *c = b + kBlocks;
  Column left[kDepth], sum[8];
  for (u32 block = 0; block < kBlocks; ++block) {
    ColumnBits pairs[4];
    loadColumns(w.at<u32>(a[2 * block]), w.at<u32>(a[2 * block + 1]), pairs);
    for (u32 t = 0; t < 4; ++t) {
      widenHalves<kType>(pairs[t], left[block * 8 + 2 * t]);
      widenHalves<kType>(ColumnBits(pairs[t] >> 16), left[block * 8 + 2 * t + 1]);
    }
  }
  alignas(64) float right[8 * kDepth]; // by column
  for (u32 block = 0; block < kBlocks; ++block)
    eightRows<kType>(w.at<u32>(b[block]), right + block * 8, kDepth);
  for (u32 odd = 0; odd < 2; ++odd) {
    ColumnBits part[4];
    loadColumns(w.at<u32>(c[odd]), w.at<u32>(c[odd + 2]), part);
    for (u32 t = 0; t < 4; ++t)
      sum[2 * t + odd] = Column(part[t]);
  }
  for (u32 first = 0; first < 8; first += kColumnsAtOnce) {
    Column own[kColumnsAtOnce];
    for (u32 j = 0; j < kColumnsAtOnce; ++j)
      own[j] = sum[first + j];
    for (u32 k = 0; k < kDepth; ++k)
      for (u32 j = 0; j < kColumnsAtOnce; ++j)
        fusedMultiplyAdd(left[k], right[(first + j) * kDepth + k], own[j]);
    for (u32 j = 0; j < kColumnsAtOnce; ++j)
      sum[first + j] = own[j];
  }
  if (w.tracking) {
    Form f = decodeForm(in.imm);
    spoil(w, f, {d, a, b, c});
  }
  for (u32 odd = 0; odd < 2; ++odd) {
    ColumnBits part[4];
    for (u32 t = 0; t < 4; ++t)
      canonicalBits(sum[2 * t + odd], part[t]);
    storeColumns(w.at<u32>(d[odd]), w.at<u32>(d[odd + 2]), part);
  }
}
/// f16 and bf16, m16n8k8 and m16n8k16.
template <Ty kType> void mmaHalf(Warp &w, const Inst &in, u32 mask) {
  if (!converge(w, in, mask, w.valid))
    return;
  Form f = decodeForm(in.imm);
  Lists l = listsOf(w, in, f);
  Product32 p;
  p.m = 16;
  p.n = 8;
  p.k = f.k;
  for (u32 r = 0; r < f.aRegs; ++r)
    eightRows<kType>(w.at<u32>(l.a[r]), p.a + (r & 1) * 8 * f.k + (r >> 1) * 8, f.k);
  for (u32 r = 0; r < f.bRegs; ++r) {
    alignas(32) float columns[64]; // of eight depths each
    eightRows<kType>(w.at<u32>(l.b[r]), columns, 8);
    for (u32 g = 0; g < 8; ++g)
      for (u32 k = 0; k < 8; ++k)
        p.b[(r * 8 + k) * 8 + g] = columns[g * 8 + k];
  }
  loadC(w, f, l.c, p.c);
  p.run();
  if (w.tracking)
    spoil(w, f, l);
  storeD(w, f, l.d, p.c);
}

template <Ty kType> Handler pickHalf(const Form &f) {
  if (f.c != Ty::F32 || f.d != Ty::F32)
    return mmaHalf<kType>;
  return f.k == 8 ? mmaColumns<kType, 8> : mmaColumns<kType, 16>;
}

/// tf32 and 8-bit floats.
void mmaFloat(Warp &w, const Inst &in, u32 mask) {
  if (!converge(w, in, mask, w.valid))
    return;
  Form f = decodeForm(in.imm);
  Lists l = listsOf(w, in, f);
  Product32 p;
  p.m = f.m;
  p.n = 8;
  p.k = f.k;
  gatherA(w, f, l.a, [&](u32 row, u32 k, u32 raw) { p.a[row * f.k + k] = floatElement(f.a, raw); });
  gatherB(w, f, l.b,
          [&](u32 k, u32 column, u32 raw) { p.b[k * 8 + column] = floatElement(f.b, raw); });
  loadC(w, f, l.c, p.c);
  p.run();
  if (w.tracking)
    spoil(w, f, l);
  storeD(w, f, l.d, p.c);
}

/// Integers and single bits; sums wrap, or are clamped under .satfinite.
void mmaInteger(Warp &w, const Inst &in, u32 mask) {
  if (!converge(w, in, mask, w.valid))
    return;
  Form f = decodeForm(in.imm);
  Lists l = listsOf(w, in, f);
  static thread_local i32 a[16 * kMaxDepth], b[kMaxDepth * 8];
  bool bits = f.a == Ty::B1;
  gatherA(w, f, l.a, [&](u32 row, u32 k, u32 raw) {
    a[row * f.k + k] = bits ? i32(raw & 1) : integerElement(f.a, raw);
  });
  gatherB(w, f, l.b, [&](u32 k, u32 column, u32 raw) {
    b[k * 8 + column] = bits ? i32(raw & 1) : integerElement(f.b, raw);
  });
  i64 c[16 * 8];
  forAccumulator(f, [&](u32 i, u32 lane, u32 at) { c[at] = w.at<i32>(l.c[i])[lane]; });
  for (u32 row = 0; row < f.m; ++row) {
    i32 sum[8] = {};
    for (u32 k = 0; k < f.k; ++k) {
      i32 x = a[row * f.k + k];
      for (u32 j = 0; j < 8; ++j) {
        i32 y = b[k * 8 + j];
        sum[j] += !bits ? x * y : f.andPopc ? (x & y) : (x ^ y);
      }
    }
    for (u32 j = 0; j < 8; ++j)
      c[row * 8 + j] += sum[j];
  }
  if (w.tracking)
    spoil(w, f, l);
  forAccumulator(f, [&](u32 i, u32 lane, u32 at) {
    i64 x = c[at];
    if (f.satfinite)
      x = x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : x;
    w.at<u32>(l.d[i])[lane] = u32(x);
  });
}

void mmaDouble(Warp &w, const Inst &in, u32 mask) {
  if (!converge(w, in, mask, w.valid))
    return;
  Form f = decodeForm(in.imm);
  Lists l = listsOf(w, in, f);
  double a[16 * 16], b[16 * 8], c[16 * 8];
  for (u32 r = 0; r < f.aRegs; ++r)
    for (u32 lane = 0; lane < kLanes; ++lane) {
      u32 row = lane / 4 + (f.m == 16 ? 8 * (r & 1) : 0);
      u32 k = lane % 4 + 4 * (f.m == 16 ? r >> 1 : r);
      a[row * f.k + k] = w.at<double>(l.a[r])[lane];
    }
  for (u32 r = 0; r < f.bRegs; ++r)
    for (u32 lane = 0; lane < kLanes; ++lane)
      b[(r * 4 + lane % 4) * 8 + lane / 4] = w.at<double>(l.b[r])[lane];
  forAccumulator(f, [&](u32 i, u32 lane, u32 at) { c[at] = w.at<double>(l.c[i])[lane]; });
  for (u32 row = 0; row < f.m; ++row)
    for (u32 k = 0; k < f.k; ++k)
      for (u32 j = 0; j < 8; ++j)
        c[row * 8 + j] = __builtin_fma(a[row * f.k + k], b[k * 8 + j], c[row * 8 + j]);
  if (w.tracking)
    spoil(w, f, l);
  forAccumulator(f, [&](u32 i, u32 lane, u32 at) { w.at<double>(l.d[i])[lane] = c[at]; });
}

/// m8n8k4 of sm_70: four products, each by the eight lanes of a quad pair.
void mmaQuadPairs(Warp &w, const Inst &in, u32 mask) {
  if (!converge(w, in, mask, w.valid))
    return;
  Form f = decodeForm(in.imm);
  const u32 *pool = &w.launch->program->pool[in.list];
  u32 dRegs = f.d == Ty::F16 ? 4 : 8, cRegs = f.c == Ty::F16 ? 4 : 8;
  const u32 *ld = pool, *la = ld + dRegs, *lb = la + 2, *lc = lb + 2;
  u32 undefined = 0;
  for (u32 i = 0; w.tracking && i < 4 + cRegs; ++i)
    undefined |= *w.flags(la[i]);
  auto element = [&](const u32 *list, u32 lane, u32 i) {
    return halfToFloat(u16(w.at<u32>(list[i / 2])[lane] >> (16 * (i & 1))));
  };
  auto place = [](Ty type, u32 lane, u32 i, u32 &row, u32 &column) {
    u32 lower = lane >= 16 ? 4 : 0;
    if (type == Ty::F16) {
      row = lane % 4 + lower;
      column = i;
    } else {
      row = (lane & 1) + (i & 2) + lower;
      column = (i & 4) + (lane & 2) + (i & 1);
    }
  };
  for (u32 pair = 0; pair < 4; ++pair) {
    float a[8][4], b[4][8], c[8][8];
    auto lanes = [&](auto visit) {
      for (u32 x = 0; x < 8; ++x)
        visit(pair * 4 + x % 4 + (x >= 4 ? 16 : 0));
    };
    lanes([&](u32 lane) {
      u32 lower = lane >= 16 ? 4 : 0;
      for (u32 i = 0; i < 4; ++i) {
        float x = element(la, lane, i), y = element(lb, lane, i);
        if (f.rowA)
          a[lane % 4 + lower][i] = x;
        else
          a[i + lower][lane % 4] = x;
        if (f.rowB)
          b[lane % 4][i + lower] = y;
        else
          b[i][lane % 4 + lower] = y;
      }
      for (u32 i = 0; i < 8; ++i) {
        u32 row, column;
        place(f.c, lane, i, row, column);
        c[row][column] = f.c == Ty::F16 ? element(lc, lane, i) : w.at<float>(lc[i])[lane];
      }
    });
    for (u32 row = 0; row < 8; ++row)
      for (u32 k = 0; k < 4; ++k)
        for (u32 column = 0; column < 8; ++column)
          c[row][column] = __builtin_fmaf(a[row][k], b[k][column], c[row][column]);
    lanes([&](u32 lane) {
      for (u32 i = 0; i < 8; ++i) {
        u32 row, column;
        place(f.d, lane, i, row, column);
        float x = c[row][column];
        if (f.d != Ty::F16) {
          w.at<u32>(ld[i])[lane] = accumulatorBits(x);
          continue;
        }
        u32 &both = w.at<u32>(ld[i / 2])[lane];
        both = i & 1 ? (both & 0xffff) | u32(floatToHalf(x)) << 16 : u32(floatToHalf(x));
      }
    });
  }
  if (w.tracking)
    for (u32 r = 0; r < dRegs; ++r)
      for (u32 lane = 0; lane < kLanes; ++lane)
        setUndefinedBits(w, ld[r], 4, lane, undefined ? ~u64(0) : 0);
}

struct ShapeRow {
  u32 m, n, k;
  const char *name;
};
constexpr ShapeRow kShapes[] = {
    {8, 8, 4, "m8n8k4"},       {8, 8, 16, "m8n8k16"},    {8, 8, 32, "m8n8k32"},
    {8, 8, 128, "m8n8k128"},   {16, 8, 4, "m16n8k4"},    {16, 8, 8, "m16n8k8"},
    {16, 8, 16, "m16n8k16"},   {16, 8, 32, "m16n8k32"},  {16, 8, 64, "m16n8k64"},
    {16, 8, 128, "m16n8k128"}, {16, 8, 256, "m16n8k256"}};

bool shapeFits(const Form &f) {
  u32 k = f.k;
  switch (f.a) {
  case Ty::F16: return (f.m == 16 && (k == 8 || k == 16)) || (f.m == 8 && k == 4);
  case Ty::BF16: return f.m == 16 && (k == 8 || k == 16);
  case Ty::TF32: return f.m == 16 && (k == 4 || k == 8);
  case Ty::E4M3:
  case Ty::E5M2: return f.m == 16 && (k == 16 || k == 32);
  case Ty::S8:
  case Ty::U8: return (f.m == 8 && k == 16) || (f.m == 16 && (k == 16 || k == 32));
  case Ty::S4:
  case Ty::U4: return (f.m == 8 && k == 32) || (f.m == 16 && (k == 32 || k == 64));
  case Ty::B1: return (f.m == 8 && k == 128) || (f.m == 16 && (k == 128 || k == 256));
  case Ty::F64: return (f.m == 8 && k == 4) || (f.m == 16 && (k == 4 || k == 8 || k == 16));
  default: return false;
  }
}

/// Consumes the layouts of A and B.
void takeLayouts(Decoder &d, Form &f) {
  f.rowA = d.mod("row");
  bool rowB = d.mod("row");
  bool colA = d.mod("col"), colB = d.mod("col");
  // The first layout is A's; with one of each, order tells them apart.
  if (f.rowA && !rowB && colA && !colB) {
    std::string_view firstLayout;
    for (std::string_view m : d.ast().modifiers)
      if (firstLayout.empty() && (m == "row" || m == "col"))
        firstLayout = m;
    f.rowA = firstLayout == "row";
    f.rowB = !f.rowA;
  } else {
    f.rowA = f.rowB = rowB;
  }
}

bool isInteger(const Form &f) { return isIntegerElement(f.a) || f.a == Ty::B1; }
/// Products of quarter warps, as sm_70 has them.
bool isQuadPair(const Form &f) { return f.a == Ty::F16 && f.m == 8; }

/// Whether the types go together, and with the shape.
bool isDefined(const Form &f) {
  bool integer = isInteger(f);
  bool sameKind =
      f.a == f.b ||
      (isIntegerElement(f.a) && isIntegerElement(f.b) && elementBits(f.a) == elementBits(f.b)) ||
      (elementBits(f.a) == 8 && elementBits(f.b) == 8 && !integer && !isIntegerElement(f.b));
  bool goodC = integer ? f.c == Ty::S32 && f.d == Ty::S32
               : f.a == Ty::F64
                   ? f.c == Ty::F64 && f.d == Ty::F64
                   : (f.c == Ty::F32 || f.c == Ty::F16) && (f.d == Ty::F32 || f.d == Ty::F16);
  return shapeFits(f) && sameKind && goodC;
}

/// Consumes the registers of D, A, B and C, and sets the list to them.
bool takeRegisters(Decoder &d, const Form &f) {
  Form full = decodeForm(d.out.imm);
  u32 counts[4] = {full.dRegs, full.aRegs, full.bRegs, full.cRegs};
  if (isQuadPair(f)) {
    counts[0] = f.d == Ty::F16 ? 4 : 8;
    counts[1] = counts[2] = 2;
    counts[3] = f.c == Ty::F16 ? 4 : 8;
  }
  std::vector<u32> refs(counts[0]);
  // Sources are read before destinations are written: list them first.
  for (size_t o : {1, 2, 3, 0}) {
    auto parts = d.elements(o);
    if (parts.size() != counts[o])
      return d.failOperand(o, format("expected %u registers, got %zu", counts[o], parts.size()));
    Ty element = o == 0 ? f.d : o == 3 ? f.c : f.a;
    Ty type = element == Ty::F64 ? Ty::F64 : Ty::B32;
    for (size_t i = 0; i < parts.size(); ++i) {
      u32 ref = 0;
      if (o == 0) {
        if (!d.dstOf(*parts[i], type, ref))
          return false;
        refs[i] = ref;
        continue;
      }
      if (!d.srcOf(*parts[i], type, ref))
        return false;
      refs.push_back(ref);
    }
  }
  d.setList(refs);
  return true;
}

bool decodeMma(Decoder &d) {
  if (d.ast().has("sp") || d.ast().has("sp::ordered_metadata"))
    return d.fail("sparse products are not supported");
  d.mod("sync");
  if (!d.mod("aligned"))
    return d.fail("expected .sync.aligned");
  Form f{};
  for (const ShapeRow &row : kShapes)
    if (d.mod(row.name)) {
      f.m = row.m;
      f.n = row.n;
      f.k = row.k;
    }
  if (!f.m)
    return d.fail("unknown shape");
  takeLayouts(d, f);
  f.satfinite = d.mod("satfinite");
  d.mod("rn"); // of f64, the rounding there is
  d.mod("kind::f8f6f4");
  bool isXor = d.mod("xor");
  f.andPopc = d.mod("and");
  bool popc = d.mod("popc");
  f.d = d.type();
  f.a = d.type();
  f.b = d.type();
  f.c = d.type();
  if (f.c == Ty::None)
    return d.fail("expected four types");
  if ((f.a == Ty::B1) != popc || (popc && !isXor && !f.andPopc))
    return d.fail("expected .xor.popc or .and.popc with type b1");
  if (!isDefined(f))
    return d.fail("this shape is not defined for these types");
  if (!isQuadPair(f) && (!f.rowA || f.rowB))
    return d.fail("expected layouts .row.col");
  d.out.imm = encode(f);
  if (!d.finish(4) || !takeRegisters(d, f))
    return false;
  d.out.cls = Class::Matrix;
  d.out.shadow = Shadow::Own;
  d.out.run = isQuadPair(f)     ? mmaQuadPairs
              : f.a == Ty::F64  ? mmaDouble
              : isInteger(f)    ? mmaInteger
              : f.a == Ty::F16  ? pickHalf<Ty::F16>(f)
              : f.a == Ty::BF16 ? pickHalf<Ty::BF16>(f)
                                : mmaFloat;
  return true;
}

const OpRow kRows[] = {{"mma", decodeMma}};
} // namespace

const Level::Table kMatrixTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
