// SPDX-License-Identifier: Apache-2.0
// Templates from which the handlers of instructions are made. Everything that
// includes this is compiled once for each level of the host's instruction set.
#ifndef HADAL_SIM_EXEC_EXECSUPPORT_H
#define HADAL_SIM_EXEC_EXECSUPPORT_H

#include "sim/check/Undefined.h"
#include "sim/decode/Decoder.h"
#include "sim/machine/Machine.h"

#include <cmath>
#include <cstring>
#include <type_traits>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#ifndef HADAL_SIM_LEVEL
#define HADAL_SIM_LEVEL sim_generic
#endif

// Iterations over lanes are independent: destination and source registers are
// the same or do not overlap.
#if defined(__clang__)
#define HADAL_LANES _Pragma("clang loop vectorize(assume_safety)")
#else
#define HADAL_LANES _Pragma("GCC ivdep")
#endif

// Whether all lanes take part, as they nearly always do: what is for all of them then lies in line, without a
// jump to it, and is as fast wherever the linker puts it. A function would lose the hint.
#define HADAL_ALL_LANES(mask) __builtin_expect((mask) == kFullMask, 1)

namespace hadal::HADAL_SIM_LEVEL {

using namespace hadal::sim;

template <typename To, typename From> inline To bitsAs(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof(To));
  return to;
}

/// A lane of 128 bits.
struct U128 {
  u64 lo, hi;
};

/// What a lane of T is stored as: 32 bits at least.
template <typename T>
using Stored =
    std::conditional_t<(sizeof(T) <= 4), u32, std::conditional_t<sizeof(T) == 8, u64, U128>>;

template <typename T> inline T fromStored(Stored<T> raw) {
  if constexpr (sizeof(T) == sizeof(raw))
    return bitsAs<T>(raw);
  else
    return T(raw); // truncates
}
template <typename T> inline Stored<T> toStored(T value) {
  if constexpr (sizeof(T) == sizeof(Stored<T>))
    return bitsAs<Stored<T>>(value);
  else
    return Stored<T>(std::make_unsigned_t<T>(value)); // zero-extends
}

/// Writes the lanes of `mask`.
template <typename S> inline void commit(S *to, const S *from, u32 mask) {
  if constexpr (sizeof(S) <= 8) {
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i) {
      // Two values, not two places: a choice of places would be a gather.
      S next = from[i], old = to[i];
      to[i] = (mask >> i & 1) ? next : old;
    }
  } else {
    for (u32 i = 0; i < kLanes; ++i)
      if (mask >> i & 1)
        to[i] = from[i];
  }
}

/// One bit a lane from lanes of zeros and ones.
inline u32 packMask(const u32 *flags) {
  u32 result = 0;
#if defined(__AVX2__)
  for (u32 i = 0; i < kLanes; i += 8) {
    __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(flags + i));
    v = _mm256_slli_epi32(v, 31);
    result |= u32(_mm256_movemask_ps(_mm256_castsi256_ps(v))) << i;
  }
#else
  for (u32 i = 0; i < kLanes; ++i)
    result |= (flags[i] & 1) << i;
#endif
  return result;
}

inline void writePredicate(Warp &w, u32 ref, u32 value, u32 mask) {
  u32 *p = w.at<u32>(ref);
  *p = (*p & ~mask) | (value & mask);
}

/// The undefined lanes of a predicate that is written.
inline void writePredicateFlags(Warp &w, u32 ref, u32 undefined, u32 mask) {
  if (ref == kSinkOperand || ref == kNoOperand)
    return;
  u32 *flags = w.flags(ref);
  *flags = (*flags & ~mask) | (undefined & mask);
}

// Op: static D apply(A), (A, B), (A, B, C) on single lanes.

template <typename D, typename A, typename Op>
void unary(Warp &w, const Inst &in, u32 mask) {
  const Stored<A> *a = w.at<Stored<A>>(in.a);
  Stored<D> *d = w.at<Stored<D>>(in.d);
  if (HADAL_ALL_LANES(mask)) {
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      d[i] = toStored<D>(Op::apply(fromStored<A>(a[i])));
    return;
  }
  Stored<D> t[kLanes];
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i)
    t[i] = toStored<D>(Op::apply(fromStored<A>(a[i])));
  commit(d, t, mask);
}

template <typename D, typename A, typename B, typename Op>
void binary(Warp &w, const Inst &in, u32 mask) {
  const Stored<A> *a = w.at<Stored<A>>(in.a);
  const Stored<B> *b = w.at<Stored<B>>(in.b);
  Stored<D> *d = w.at<Stored<D>>(in.d);
  if (HADAL_ALL_LANES(mask)) {
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      d[i] = toStored<D>(Op::apply(fromStored<A>(a[i]), fromStored<B>(b[i])));
    return;
  }
  Stored<D> t[kLanes];
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i)
    t[i] = toStored<D>(Op::apply(fromStored<A>(a[i]), fromStored<B>(b[i])));
  commit(d, t, mask);
}

template <typename D, typename A, typename B, typename C, typename Op>
void ternary(Warp &w, const Inst &in, u32 mask) {
  const Stored<A> *a = w.at<Stored<A>>(in.a);
  const Stored<B> *b = w.at<Stored<B>>(in.b);
  const Stored<C> *c = w.at<Stored<C>>(in.c);
  Stored<D> *d = w.at<Stored<D>>(in.d);
  if (HADAL_ALL_LANES(mask)) {
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      d[i] = toStored<D>(Op::apply(fromStored<A>(a[i]), fromStored<B>(b[i]), fromStored<C>(c[i])));
    return;
  }
  Stored<D> t[kLanes];
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i)
    t[i] = toStored<D>(Op::apply(fromStored<A>(a[i]), fromStored<B>(b[i]), fromStored<C>(c[i])));
  commit(d, t, mask);
}

// As above with the instruction at hand: static D apply(const Inst &, A...).

template <typename D, typename A, typename Op>
void unaryWith(Warp &w, const Inst &in, u32 mask) {
  const Stored<A> *a = w.at<Stored<A>>(in.a);
  Stored<D> t[kLanes];
  for (u32 i = 0; i < kLanes; ++i)
    t[i] = toStored<D>(Op::apply(in, fromStored<A>(a[i])));
  commit(w.at<Stored<D>>(in.d), t, mask);
}
template <typename D, typename A, typename Op>
void binaryWith(Warp &w, const Inst &in, u32 mask) {
  const Stored<A> *a = w.at<Stored<A>>(in.a);
  const Stored<A> *b = w.at<Stored<A>>(in.b);
  Stored<D> t[kLanes];
  for (u32 i = 0; i < kLanes; ++i)
    t[i] = toStored<D>(Op::apply(in, fromStored<A>(a[i]), fromStored<A>(b[i])));
  commit(w.at<Stored<D>>(in.d), t, mask);
}
template <typename D, typename A, typename Op>
void ternaryWith(Warp &w, const Inst &in, u32 mask) {
  const Stored<A> *a = w.at<Stored<A>>(in.a);
  const Stored<A> *b = w.at<Stored<A>>(in.b);
  const Stored<A> *c = w.at<Stored<A>>(in.c);
  Stored<D> t[kLanes];
  for (u32 i = 0; i < kLanes; ++i)
    t[i] =
        toStored<D>(Op::apply(in, fromStored<A>(a[i]), fromStored<A>(b[i]), fromStored<A>(c[i])));
  commit(w.at<Stored<D>>(in.d), t, mask);
}

/// Decodes `op d, a;`, `op d, a, b;` or `op d, a, b, c;` whose operands have
/// the given types, the handler already chosen.
inline bool simple1(Decoder &d, Handler run, Class cls, Ty dt, Ty at, Shadow shadow = Shadow::All) {
  d.out.run = run;
  d.out.cls = cls;
  d.out.shadow = shadow;
  d.out.dw = u8(sizeOf(dt));
  d.out.aw = u8(sizeOf(at));
  return d.finish(2) && d.src(1, at, d.out.a) && d.dst(0, dt, d.out.d);
}
inline bool simple2(Decoder &d, Handler run, Class cls, Ty dt, Ty at, Ty bt,
                    Shadow shadow = Shadow::All) {
  d.out.run = run;
  d.out.cls = cls;
  d.out.shadow = shadow;
  d.out.dw = u8(sizeOf(dt));
  d.out.aw = u8(sizeOf(at));
  d.out.bw = u8(sizeOf(bt));
  return d.finish(3) && d.src(1, at, d.out.a) && d.src(2, bt, d.out.b) && d.dst(0, dt, d.out.d);
}
inline bool simple3(Decoder &d, Handler run, Class cls, Ty dt, Ty at, Ty bt, Ty ct,
                    Shadow shadow = Shadow::All) {
  d.out.run = run;
  d.out.cls = cls;
  d.out.shadow = shadow;
  d.out.dw = u8(sizeOf(dt));
  d.out.aw = u8(sizeOf(at));
  d.out.bw = u8(sizeOf(bt));
  d.out.cw = u8(sizeOf(ct));
  return d.finish(4) && d.src(1, at, d.out.a) && d.src(2, bt, d.out.b) && d.src(3, ct, d.out.c) &&
         d.dst(0, dt, d.out.d);
}

/// The lanes of a mask operand arrive together (ExecWarp.cpp); `mask` becomes
/// those that execute. False when they wait, or after a report.
bool gatherLanes(Warp &w, const Inst &in, u32 maskRef, u32 &mask);

inline u32 firstLane(u32 mask) { return u32(__builtin_ctz(mask)); }
inline u32 popCount(u32 mask) { return u32(__builtin_popcount(mask)); }

// The tables of the instruction set, one a file.
extern const Level::Table kIntegerTable, kBitTable, kFloatTable, kHalfTable, kConvertTable,
    kCompareTable, kMoveTable, kMemoryTable, kHintTable, kAtomicTable, kMbarrierTable, kAsyncTable,
    kMatrixTable, kMatrixMoveTable, kWmmaTable, kWarpTable, kControlTable, kVideoTable;
void runWarp(Warp &warp);
extern const Level kLevel;

} // namespace hadal::HADAL_SIM_LEVEL

#endif // HADAL_SIM_EXEC_EXECSUPPORT_H
