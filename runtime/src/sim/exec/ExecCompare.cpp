// SPDX-License-Identifier: Apache-2.0
// setp, set, selp, slct, testp, copysign.
#include "sim/exec/FloatSupport.h"
#include "sim/exec/SmallFloat.h"

#include <utility>

namespace hadal::HADAL_SIM_LEVEL {

namespace {

enum class Cmp : u8 { Eq, Ne, Lt, Le, Gt, Ge, Equ, Neu, Ltu, Leu, Gtu, Geu, Num, Nan };
constexpr const char *kComparisons =
    "eq ne lt le gt ge equ neu ltu leu gtu geu num nan lo ls hi hs";

template <Cmp kCmp, typename T> inline u32 compare(T a, T b) {
  bool unordered = false;
  if constexpr (std::is_floating_point_v<T>)
    unordered = a != a || b != b;
  switch (kCmp) {
  case Cmp::Eq: return a == b;
  case Cmp::Ne: return !unordered && a != b;
  case Cmp::Lt: return a < b;
  case Cmp::Le: return a <= b;
  case Cmp::Gt: return a > b;
  case Cmp::Ge: return a >= b;
  case Cmp::Equ: return unordered || a == b;
  case Cmp::Neu: return unordered || a != b;
  case Cmp::Ltu: return !(a >= b);
  case Cmp::Leu: return !(a > b);
  case Cmp::Gtu: return !(a <= b);
  case Cmp::Geu: return !(a < b);
  case Cmp::Num: return !unordered;
  case Cmp::Nan: return unordered;
  }
  return 0;
}

// T: the compared type; kFormat: 0 as is, 1 f32.ftz, 2 f16, 3 bf16.
template <typename T, int kFormat> inline auto operand(Stored<T> raw) {
  if constexpr (kFormat == 1)
    return flush(fromStored<float>(u32(raw)));
  else if constexpr (kFormat == 2)
    return halfToFloat(u16(raw));
  else if constexpr (kFormat == 3)
    return bitsAs<float>(u32(raw) << 16);
  else
    return fromStored<T>(raw);
}

template <Cmp kCmp, typename T, int kFormat>
u32 compareLanes(const void *left, const void *right) {
  auto *a = static_cast<const Stored<T> *>(left);
  auto *b = static_cast<const Stored<T> *>(right);
  u32 flags[kLanes];
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i)
    flags[i] = compare<kCmp>(operand<T, kFormat>(a[i]), operand<T, kFormat>(b[i]));
  return packMask(flags);
}

using Comparer = u32 (*)(const void *, const void *);

template <typename T, int kFormat> Comparer pickFloat(int cmp) {
  constexpr Comparer table[] = {
      compareLanes<Cmp::Eq, T, kFormat>,  compareLanes<Cmp::Ne, T, kFormat>,
      compareLanes<Cmp::Lt, T, kFormat>,  compareLanes<Cmp::Le, T, kFormat>,
      compareLanes<Cmp::Gt, T, kFormat>,  compareLanes<Cmp::Ge, T, kFormat>,
      compareLanes<Cmp::Equ, T, kFormat>, compareLanes<Cmp::Neu, T, kFormat>,
      compareLanes<Cmp::Ltu, T, kFormat>, compareLanes<Cmp::Leu, T, kFormat>,
      compareLanes<Cmp::Gtu, T, kFormat>, compareLanes<Cmp::Geu, T, kFormat>,
      compareLanes<Cmp::Num, T, kFormat>, compareLanes<Cmp::Nan, T, kFormat>};
  return cmp < 14 ? table[cmp] : nullptr;
}
template <typename T> Comparer pickInteger(int cmp) {
  constexpr Comparer table[] = {compareLanes<Cmp::Eq, T, 0>, compareLanes<Cmp::Ne, T, 0>,
                                compareLanes<Cmp::Lt, T, 0>, compareLanes<Cmp::Le, T, 0>,
                                compareLanes<Cmp::Gt, T, 0>, compareLanes<Cmp::Ge, T, 0>};
  if (cmp < 6)
    return table[cmp];
  // lo, ls, hi, hs of unsigned types
  return cmp >= 14 ? table[cmp - 14 + 2] : nullptr;
}
Comparer pickComparer(Ty type, int cmp, bool ftz) {
  switch (type) {
  case Ty::B16:
  case Ty::U16: return pickInteger<u16>(cmp);
  case Ty::B32:
  case Ty::U32: return pickInteger<u32>(cmp);
  case Ty::B64:
  case Ty::U64: return pickInteger<u64>(cmp);
  case Ty::S16: return pickInteger<i16>(cmp);
  case Ty::S32: return pickInteger<i32>(cmp);
  case Ty::S64: return pickInteger<i64>(cmp);
  case Ty::F16: return pickFloat<u16, 2>(cmp);
  case Ty::BF16: return pickFloat<u16, 3>(cmp);
  case Ty::F32: return ftz ? pickFloat<float, 1>(cmp) : pickFloat<float, 0>(cmp);
  case Ty::F64: return pickFloat<double, 0>(cmp);
  default: return nullptr;
  }
}

// imm holds the comparer; aux: 1 and, 2 or, 3 xor with c; 4: c negated.
u32 combine(Warp &w, const Inst &in, u32 result, bool complement) {
  if (complement)
    result = ~result;
  if (!(in.aux & 3))
    return result;
  u32 c = *w.at<u32>(in.c);
  if (in.aux & 4)
    c = ~c;
  return (in.aux & 3) == 1 ? result & c : (in.aux & 3) == 2 ? result | c : result ^ c;
}
// aux as for combine, and: 8 integers, 16 signed, the comparison << 8.
void setpFlags(Warp &w, const Inst &in, u32 mask, u32 raw) {
  u32 undefined = (*w.flags(in.a) | *w.flags(in.b)) & mask;
  if (undefined && (in.aux & 8)) {
    constexpr u8 orders[] = {0, 0, 1, 2, 2, 1}; // of eq ne lt le gt ge
    undefined = undefinedComparison(w, in, undefined, orders[in.aux >> 8], in.aux & 16);
  }
  u32 op = in.aux & 3, c = *w.at<u32>(in.c) ^ (in.aux & 4 ? ~0u : 0);
  auto combined = [&](u32 result) {
    return op ? undefinedLogic(int(op - 1), result, c, undefined, *w.flags(in.c)) : undefined;
  };
  u32 first = combined(raw), second = combined(~raw);
  writePredicateFlags(w, in.d, first, mask);
  writePredicateFlags(w, in.d2, second, mask);
}
void setp(Warp &w, const Inst &in, u32 mask) {
  u32 raw = Comparer(uintptr_t(in.imm))(w.at<u8>(in.a), w.at<u8>(in.b));
  if (w.tracking)
    setpFlags(w, in, mask, raw);
  u32 first = combine(w, in, raw, false);
  u32 second = in.d2 ? combine(w, in, raw, true) : 0;
  writePredicate(w, in.d, first, mask);
  if (in.d2)
    writePredicate(w, in.d2, second, mask);
}
void set(Warp &w, const Inst &in, u32 mask) {
  u32 r = combine(w, in, Comparer(uintptr_t(in.imm))(w.at<u8>(in.a), w.at<u8>(in.b)), false);
  u32 *d = w.at<u32>(in.d), t[kLanes];
  for (u32 i = 0; i < kLanes; ++i)
    t[i] = r >> i & 1 ? in.list : 0;
  commit(d, t, mask);
}
// f16x2: two comparisons. setp writes two predicates, set both halves.
void comparePair(Warp &w, const Inst &in, u32 out[2]) {
  const u32 *a = w.at<u32>(in.a), *b = w.at<u32>(in.b);
  for (u32 half = 0; half < 2; ++half) {
    u32 x[kLanes], y[kLanes];
    for (u32 i = 0; i < kLanes; ++i) {
      x[i] = a[i] >> (16 * half) & 0xffff;
      y[i] = b[i] >> (16 * half) & 0xffff;
    }
    out[half] = Comparer(uintptr_t(in.imm))(x, y);
  }
}
void setpPair(Warp &w, const Inst &in, u32 mask) {
  u32 r[2];
  comparePair(w, in, r);
  r[0] = combine(w, in, r[0], false);
  r[1] = combine(w, in, r[1], false);
  writePredicate(w, in.d, r[0], mask);
  if (in.d2)
    writePredicate(w, in.d2, r[1], mask);
}
void setPair(Warp &w, const Inst &in, u32 mask) {
  u32 r[2];
  comparePair(w, in, r);
  r[0] = combine(w, in, r[0], false);
  r[1] = combine(w, in, r[1], false);
  u32 *d = w.at<u32>(in.d), t[kLanes];
  for (u32 i = 0; i < kLanes; ++i)
    t[i] = (r[0] >> i & 1 ? in.list & 0xffff : 0) | (r[1] >> i & 1 ? in.list & 0xffff0000 : 0);
  commit(d, t, mask);
}

/// What setp and set share: `cmp{.boolOp}{.ftz}`, the destination's type where
/// there is one, the compared type, then the sources.
struct Comparison {
  int cmp = -1;
  Ty to = Ty::Pred, type = Ty::None;
  bool pair = false; // of halves
};
bool decodeComparison(Decoder &d, bool hasType, Comparison &result) {
  result.cmp = d.modOf(kComparisons);
  int boolOp = d.modOf("and or xor");
  bool ftz = d.mod("ftz");
  if (result.cmp < 0)
    return d.fail("expected a comparison");
  Ty &type = result.type;
  if ((hasType && !d.wantType(result.to)) || !d.wantType(type))
    return false;
  result.pair = type == Ty::F16x2 || type == Ty::BF16x2;
  Ty element = type == Ty::F16x2 ? Ty::F16 : type == Ty::BF16x2 ? Ty::BF16 : type;
  Comparer comparer = pickComparer(element, result.cmp, ftz);
  if (!comparer)
    return d.fail(format("this comparison is not defined for type %s", typeName(type)));
  d.out.imm = u64(uintptr_t(comparer));
  d.out.cls = Class::Compare;
  d.out.aw = d.out.bw = u8(sizeOf(type));
  if (!d.finish(boolOp < 0 ? 3 : 4) || !d.src(1, type, d.out.a) || !d.src(2, type, d.out.b))
    return false;
  if (boolOp < 0)
    return true;
  bool negated = false;
  if (!d.predicate(3, d.out.c, negated))
    return false;
  d.out.aux = u32(boolOp + 1) | u32(negated) << 2;
  return true;
}

bool decodeSetp(Decoder &d) {
  Comparison comparison;
  if (!decodeComparison(d, false, comparison))
    return false;
  d.out.run = comparison.pair ? setpPair : setp;
  if (!comparison.pair) {
    d.out.shadow = Shadow::Own;
    // lo, ls, hi, hs are the comparisons of unsigned integers.
    int cmp = comparison.cmp >= 14 ? comparison.cmp - 14 + 2 : comparison.cmp;
    if (!isFloat(comparison.type))
      d.out.aux |= 8 | u32(isSigned(comparison.type)) << 4 | u32(cmp) << 8;
  }
  return d.dstPair(0, Ty::Pred, d.out.d, d.out.d2);
}

bool decodeSet(Decoder &d) {
  Comparison comparison;
  if (!decodeComparison(d, true, comparison))
    return false;
  // What true is written as.
  switch (comparison.to) {
  case Ty::F32: d.out.list = 0x3f800000; break;
  case Ty::F16: d.out.list = 0x3c00; break;
  case Ty::BF16: d.out.list = 0x3f80; break;
  case Ty::F16x2: d.out.list = 0x3c003c00; break;
  case Ty::BF16x2: d.out.list = 0x3f803f80; break;
  case Ty::U16:
  case Ty::S16: d.out.list = 0xffff; break;
  case Ty::U32:
  case Ty::S32: d.out.list = ~0u; break;
  default: return d.fail("expected an integer or float type to set");
  }
  d.out.run = comparison.pair ? setPair : set;
  d.out.dw = u8(sizeOf(comparison.to));
  return d.dst(0, comparison.to, d.out.d);
}

template <typename S> void selp(Warp &w, const Inst &in, u32 mask) {
  const S *a = w.at<S>(in.a), *b = w.at<S>(in.b);
  S *d = w.at<S>(in.d);
  u32 p = *w.at<u32>(in.c);
  S t[kLanes];
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i)
    t[i] = (p >> i & 1) ? a[i] : b[i];
  commit(d, t, mask);
}
bool decodeSelp(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  u32 bytes = sizeOf(type);
  if (bytes < 2 || bytes > 8)
    return d.fail("expected a 16-, 32- or 64-bit type");
  d.out.run = bytes == 8 ? selp<u64> : selp<u32>;
  d.out.cls = Class::Compare;
  d.out.shadow = Shadow::Select;
  d.out.dw = d.out.aw = d.out.bw = u8(bytes);
  bool negated = false;
  if (!d.finish(4) || !d.src(1, type, d.out.a) || !d.src(2, type, d.out.b) ||
      !d.predicate(3, d.out.c, negated))
    return false;
  if (negated) {
    std::swap(d.out.a, d.out.b);
  }
  return d.dst(0, type, d.out.d);
}

template <typename S, typename C, bool kFtz> struct Slct {
  static S apply(S a, S b, C c) {
    if constexpr (std::is_same_v<C, float>)
      return in1<kFtz>(c) >= 0 ? a : b;
    else
      return c >= 0 ? a : b;
  }
};
bool decodeSlct(Decoder &d) {
  bool ftz = d.mod("ftz");
  Ty type = d.type(), by = d.type();
  u32 bytes = sizeOf(type);
  if (bytes < 2 || bytes > 8 || (by != Ty::S32 && by != Ty::F32))
    return d.fail("expected a 16- to 64-bit type, then s32 or f32");
  Handler run;
  if (bytes == 8)
    run = by == Ty::S32 ? ternary<u64, u64, u64, i32, Slct<u64, i32, false>>
          : ftz         ? ternary<u64, u64, u64, float, Slct<u64, float, true>>
                        : ternary<u64, u64, u64, float, Slct<u64, float, false>>;
  else
    run = by == Ty::S32 ? ternary<u32, u32, u32, i32, Slct<u32, i32, false>>
          : ftz         ? ternary<u32, u32, u32, float, Slct<u32, float, true>>
                        : ternary<u32, u32, u32, float, Slct<u32, float, false>>;
  return simple3(d, run, Class::Compare, type, type, type, by);
}

template <typename T> u32 classify(T x, u32 kind) {
  using U = Stored<T>;
  constexpr u32 mantissa = sizeof(T) == 4 ? 23 : 52;
  constexpr U exponents = sizeof(T) == 4 ? U(0xff) : U(0x7ff);
  U bits = bitsAs<U>(x);
  U exponent = bits >> mantissa & exponents;
  U fraction = bits & ((U(1) << mantissa) - 1);
  switch (kind) {
  case 0: return exponent != exponents;                   // finite
  case 1: return exponent == exponents && fraction == 0;  // infinite
  case 2: return !(exponent == exponents && fraction);    // number
  case 3: return exponent == exponents && fraction != 0;  // notanumber
  case 4: return exponent != exponents && exponent != 0;  // normal
  default: return exponent == 0 && fraction != 0;         // subnormal
  }
}
template <typename T> void testp(Warp &w, const Inst &in, u32 mask) {
  const Stored<T> *a = w.at<Stored<T>>(in.a);
  u32 r = 0;
  for (u32 i = 0; i < kLanes; ++i)
    r |= classify(fromStored<T>(a[i]), in.aux) << i;
  writePredicate(w, in.d, r, mask);
}
bool decodeTestp(Decoder &d) {
  int kind = d.modOf("finite infinite number notanumber normal subnormal");
  Ty type = d.type();
  if (kind < 0 || (type != Ty::F32 && type != Ty::F64))
    return d.fail("expected a property and type f32 or f64");
  d.out.aux = u32(kind);
  return simple1(d, type == Ty::F32 ? testp<float> : testp<double>, Class::Compare, Ty::Pred, type);
}

template <typename U> struct Copysign {
  static U apply(U a, U b) {
    constexpr U top = U(1) << (sizeof(U) * 8 - 1);
    return (b & ~top) | (a & top);
  }
};
bool decodeCopysign(Decoder &d) {
  Ty type = d.type();
  if (type != Ty::F32 && type != Ty::F64)
    return d.fail("expected type f32 or f64");
  return simple2(d,
                 type == Ty::F32 ? binary<u32, u32, u32, Copysign<u32>>
                                 : binary<u64, u64, u64, Copysign<u64>>,
                 Class::Compare, type, type, type);
}

const OpRow kRows[] = {
    {"setp", decodeSetp}, {"set", decodeSet},     {"selp", decodeSelp},
    {"slct", decodeSlct}, {"testp", decodeTestp}, {"copysign", decodeCopysign},
};
} // namespace

const Level::Table kCompareTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
