// SPDX-License-Identifier: Apache-2.0
// Logic, shifts, bit fields, byte permutation.
#include "sim/exec/Arithmetic.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

template <typename T> struct And {
  static T apply(T a, T b) { return a & b; }
};
template <typename T> struct Or {
  static T apply(T a, T b) { return a | b; }
};
template <typename T> struct Xor {
  static T apply(T a, T b) { return a ^ b; }
};
template <typename T> struct Not {
  static T apply(T a) { return T(~a); }
};
template <typename T> struct Cnot {
  static T apply(T a) { return T(a == 0 ? 1 : 0); }
};

// Predicates are one bit a lane in a word.
template <int kOp> void predicateLogic(Warp &w, const Inst &in, u32 mask) {
  u32 a = *w.at<u32>(in.a), b = *w.at<u32>(in.b);
  if (in.aux & 1)
    a = ~a;
  if (in.aux & 2)
    b = ~b;
  u32 r = kOp == 0 ? a & b : kOp == 1 ? a | b : kOp == 2 ? a ^ b : ~a;
  if (w.tracking) {
    u32 undefined = undefinedLogic(kOp, a, b, *w.flags(in.a), *w.flags(in.b));
    writePredicateFlags(w, in.d, undefined, mask);
  }
  writePredicate(w, in.d, r, mask);
}

template <template <typename> class Op, int kOp>
bool decodeLogic(Decoder &d, Shadow shadow) {
  Ty type;
  if (!d.wantType(type))
    return false;
  if (type == Ty::Pred) {
    d.out.run = predicateLogic<kOp>;
    d.out.cls = Class::Logic;
    d.out.shadow = Shadow::Own;
    bool notA = false, notB = false;
    if (!d.finish(3) || !d.predicate(1, d.out.a, notA) || !d.predicate(2, d.out.b, notB))
      return false;
    d.out.aux = u32(notA) | u32(notB) << 1;
    return d.dst(0, Ty::Pred, d.out.d);
  }
  Handler run = pickBinary<Op>(type);
  if (!run || type < Ty::B8 || type > Ty::B64)
    return d.fail("expected type b16, b32, b64 or pred");
  return simple2(d, run, Class::Logic, type, type, type, shadow);
}
bool decodeAnd(Decoder &d) { return decodeLogic<And, 0>(d, Shadow::And); }
bool decodeOr(Decoder &d) { return decodeLogic<Or, 1>(d, Shadow::Or); }
bool decodeXor(Decoder &d) { return decodeLogic<Xor, 2>(d, Shadow::Xor); }
bool decodeNot(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  if (type == Ty::Pred) {
    d.out.run = predicateLogic<3>;
    d.out.cls = Class::Logic;
    d.out.shadow = Shadow::Own;
    bool notA = false;
    if (!d.finish(2) || !d.predicate(1, d.out.a, notA))
      return false;
    d.out.aux = notA;
    return d.dst(0, Ty::Pred, d.out.d);
  }
  Handler run = pickUnary<Not>(type);
  if (!run)
    return d.fail("expected type b16, b32, b64 or pred");
  return simple1(d, run, Class::Logic, type, type, Shadow::Not);
}
bool decodeCnot(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  Handler run = pickUnary<Cnot>(type);
  return run ? simple1(d, run, Class::Logic, type, type) : d.fail("expected type b16, b32 or b64");
}

// Shift amounts beyond the width shift everything out.
template <typename T> struct Shl {
  static T apply(T a, u32 n) {
    return n >= sizeof(T) * 8 ? T(0) : T(std::make_unsigned_t<T>(a) << n);
  }
};
template <typename T> struct Shr {
  static T apply(T a, u32 n) {
    constexpr u32 width = sizeof(T) * 8;
    if (n >= width) {
      if constexpr (std::is_signed_v<T>)
        return T(a < 0 ? -1 : 0);
      else
        return T(0);
    }
    return T(a >> n);
  }
};
template <template <typename> class Op> Handler pickShift(Ty type) {
  switch (type) {
  case Ty::B16:
  case Ty::U16: return binary<u16, u16, u32, Op<u16>>;
  case Ty::B32:
  case Ty::U32: return binary<u32, u32, u32, Op<u32>>;
  case Ty::B64:
  case Ty::U64: return binary<u64, u64, u32, Op<u64>>;
  case Ty::S16: return binary<i16, i16, u32, Op<i16>>;
  case Ty::S32: return binary<i32, i32, u32, Op<i32>>;
  case Ty::S64: return binary<i64, i64, u32, Op<i64>>;
  default: return nullptr;
  }
}
bool decodeShl(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  Handler run = pickShift<Shl>(type);
  return run ? simple2(d, run, Class::Logic, type, type, Ty::U32, Shadow::Shl)
             : d.fail("expected type b16, b32 or b64");
}
bool decodeShr(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  Handler run = pickShift<Shr>(type);
  return run ? simple2(d, run, Class::Logic, type, type, Ty::U32,
                       isSigned(type) ? Shadow::ShrS : Shadow::ShrU)
             : d.fail("expected a 16-, 32- or 64-bit integer type");
}

// Funnel shifts of hi:lo; clamp to 32 or wrap modulo 32.
template <bool kLeft, bool kWrap> struct Shf {
  static u32 apply(u32 lo, u32 hi, u32 n) {
    n = kWrap ? n & 31 : n > 32 ? 32 : n;
    u64 both = u64(hi) << 32 | lo;
    return kLeft ? u32(both << n >> 32) : u32(both >> n);
  }
};
bool decodeShf(Decoder &d) {
  int side = d.modOf("l r"), mode = d.modOf("clamp wrap");
  if (side < 0 || mode < 0 || d.type() != Ty::B32)
    return d.fail("expected .l or .r, .clamp or .wrap, .b32");
  bool left = side == 0, wrap = mode == 1;
  Handler run = left ? (wrap ? ternary<u32, u32, u32, u32, Shf<true, true>>
                             : ternary<u32, u32, u32, u32, Shf<true, false>>)
                     : (wrap ? ternary<u32, u32, u32, u32, Shf<false, true>>
                             : ternary<u32, u32, u32, u32, Shf<false, false>>);
  if (left)
    d.out.flags |= kSignedA;
  if (wrap)
    d.out.flags |= kNegateC;
  return simple3(d, run, Class::Logic, Ty::B32, Ty::B32, Ty::B32, Ty::U32, Shadow::Shf);
}

void lop3(Warp &w, const Inst &in, u32 mask) {
  const u32 *a = w.at<u32>(in.a), *b = w.at<u32>(in.b), *c = w.at<u32>(in.c);
  u32 t[kLanes];
  u32 table = u32(in.imm);
  // One term for each set bit of the table.
  u32 keep[8];
  for (u32 i = 0; i < 8; ++i)
    keep[i] = table >> i & 1 ? ~0u : 0;
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i) {
    u32 x = a[i], y = b[i], z = c[i];
    u32 hi = (y & ((z & keep[7]) | (~z & keep[6]))) | (~y & ((z & keep[5]) | (~z & keep[4])));
    u32 lo = (y & ((z & keep[3]) | (~z & keep[2]))) | (~y & ((z & keep[1]) | (~z & keep[0])));
    t[i] = (x & hi) | (~x & lo);
  }
  commit(w.at<u32>(in.d), t, mask);
  if (in.d2) { // lop3.BoolOp: p = (d != 0) BoolOp q
    u32 q = *w.at<u32>(in.e), r = 0;
    if (in.aux & 2)
      q = ~q;
    for (u32 i = 0; i < kLanes; ++i)
      r |= u32(t[i] != 0) << i;
    writePredicate(w, in.d2, in.aux & 1 ? r & q : r | q, mask);
  }
}
bool decodeLop3(Decoder &d) {
  int boolOp = d.modOf("or and");
  if (d.type() != Ty::B32)
    return d.fail("expected type b32");
  d.out.run = lop3;
  d.out.cls = Class::Logic;
  d.out.shadow = Shadow::Lop3;
  d.out.dw = d.out.aw = d.out.bw = d.out.cw = 4;
  i64 table = 0;
  if (!d.finish(boolOp < 0 ? 5 : 6) || !d.src(1, Ty::B32, d.out.a) || !d.src(2, Ty::B32, d.out.b) ||
      !d.src(3, Ty::B32, d.out.c) || !d.immediate(4, table))
    return false;
  if (table < 0 || table > 255)
    return d.failOperand(4, "expected a table from 0 to 255");
  d.out.imm = u64(table);
  if (boolOp < 0)
    return d.dst(0, Ty::B32, d.out.d);
  bool negated = false;
  if (!d.predicate(5, d.out.e, negated) || !d.dstPair(0, Ty::B32, d.out.d, d.out.d2))
    return false;
  d.out.aux = u32(boolOp == 1) | u32(negated) << 1;
  return true;
}

u32 permute(u32 a, u32 b, u32 selector) {
  u64 both = u64(b) << 32 | a;
  u32 result = 0;
  for (u32 i = 0; i < 4; ++i) {
    u32 nibble = selector >> (4 * i) & 15;
    u32 byte = u32(both >> (8 * (nibble & 7))) & 255;
    if (nibble & 8)
      byte = byte & 0x80 ? 255 : 0;
    result |= byte << (8 * i);
  }
  return result;
}
// prmt.mode: the selector of each value of the two low bits of c.
constexpr u32 kModes[6][4] = {
    {0x3210, 0x4321, 0x5432, 0x6543}, // f4e
    {0x5670, 0x6701, 0x7012, 0x0123}, // b4e
    {0x0000, 0x1111, 0x2222, 0x3333}, // rc8
    {0x3210, 0x3211, 0x3222, 0x3333}, // ecl
    {0x0000, 0x1110, 0x2210, 0x3210}, // ecr
    {0x1010, 0x3232, 0x1010, 0x3232}, // rc16
};
struct Prmt {
  static u32 apply(const Inst &in, u32 a, u32 b, u32 c) {
    return permute(a, b, in.aux ? kModes[in.aux - 1][c & 3] : c);
  }
};
bool decodePrmt(Decoder &d) {
  if (d.type() != Ty::B32)
    return d.fail("expected type b32");
  d.out.aux = u32(d.modOf("f4e b4e rc8 ecl ecr rc16") + 1);
  return simple3(d, ternaryWith<u32, u32, Prmt>, Class::Logic, Ty::B32, Ty::B32, Ty::B32, Ty::B32,
                 Shadow::Prmt);
}

template <typename T> struct Bfe {
  static T apply(T a, u32 b, u32 c) {
    constexpr u32 top = sizeof(T) * 8 - 1;
    using U = std::make_unsigned_t<T>;
    u32 position = b & 255, length = c & 255;
    if (length == 0)
      return 0;
    u32 last = position + length - 1 < top ? position + length - 1 : top;
    U sign = std::is_signed_v<T> ? U(a) >> last & 1 : 0;
    U field = position > top ? U(0) : U(U(a) >> position);
    U keep = length > top ? ~U(0) : U((U(1) << length) - 1);
    // Bits beyond the top of the source repeat the sign.
    u32 available = position > top ? 0 : top + 1 - position;
    U known = available > top ? ~U(0) : U((U(1) << available) - 1);
    field &= keep & known;
    return T(sign ? field | ~(keep & known) : field);
  }
};
bool decodeBfe(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  Handler run = type == Ty::U32   ? ternary<u32, u32, u32, u32, Bfe<u32>>
                : type == Ty::S32 ? ternary<i32, i32, u32, u32, Bfe<i32>>
                : type == Ty::U64 ? ternary<u64, u64, u32, u32, Bfe<u64>>
                : type == Ty::S64 ? ternary<i64, i64, u32, u32, Bfe<i64>>
                                  : Handler(nullptr);
  if (!run)
    return d.fail("expected type u32, s32, u64 or s64");
  if (isSigned(type))
    d.out.flags |= kSignedA;
  return simple3(d, run, Class::Logic, type, type, Ty::U32, Ty::U32, Shadow::Bfe);
}

template <typename T> void bfi(Warp &w, const Inst &in, u32 mask) {
  constexpr u32 width = sizeof(T) * 8;
  const T *a = w.at<T>(in.a), *b = w.at<T>(in.b);
  const u32 *c = w.at<u32>(in.c), *e = w.at<u32>(in.e);
  T t[kLanes];
  for (u32 i = 0; i < kLanes; ++i) {
    u32 position = c[i] & 255, length = e[i] & 255;
    T keep = length >= width ? ~T(0) : T((T(1) << length) - 1);
    if (position >= width)
      keep = 0;
    else
      keep = T(keep << position);
    t[i] = T((b[i] & ~keep) | ((position >= width ? T(0) : T(a[i] << position)) & keep));
  }
  commit(w.at<T>(in.d), t, mask);
}
bool decodeBfi(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  if (type != Ty::B32 && type != Ty::B64)
    return d.fail("expected type b32 or b64");
  d.out.run = type == Ty::B32 ? bfi<u32> : bfi<u64>;
  d.out.cls = Class::Logic;
  d.out.shadow = Shadow::Bfi;
  d.out.dw = d.out.aw = d.out.bw = u8(sizeOf(type));
  d.out.cw = 4;
  return d.finish(5) && d.src(1, type, d.out.a) && d.src(2, type, d.out.b) &&
         d.src(3, Ty::U32, d.out.c) && d.src(4, Ty::U32, d.out.e) && d.dst(0, type, d.out.d);
}

template <typename T, bool kShift> struct Bfind {
  static u32 apply(T a) {
    using U = std::make_unsigned_t<T>;
    U bits = std::is_signed_v<T> && a < 0 ? U(~a) : U(a);
    if (!bits)
      return ~0u;
    constexpr u32 top = sizeof(T) * 8 - 1;
    u32 at = sizeof(T) == 8 ? 63 - u32(__builtin_clzll(bits)) : 31 - u32(__builtin_clz(u32(bits)));
    return kShift ? top - at : at;
  }
};
template <bool kShift> Handler pickBfind(Ty type) {
  switch (type) {
  case Ty::U32: return unary<u32, u32, Bfind<u32, kShift>>;
  case Ty::S32: return unary<u32, i32, Bfind<i32, kShift>>;
  case Ty::U64: return unary<u32, u64, Bfind<u64, kShift>>;
  case Ty::S64: return unary<u32, i64, Bfind<i64, kShift>>;
  default: return nullptr;
  }
}
bool decodeBfind(Decoder &d) {
  bool shift = d.mod("shiftamt");
  Ty type;
  if (!d.wantType(type))
    return false;
  Handler run = shift ? pickBfind<true>(type) : pickBfind<false>(type);
  return run ? simple1(d, run, Class::Logic, Ty::U32, type)
             : d.fail("expected type u32, s32, u64 or s64");
}

/// The n-th set bit of `mask` from `base`, upwards for n > 0, downwards for
/// n < 0; n = 0 asks whether the bit at base is set.
struct Fns {
  static u32 apply(u32 mask, u32 base, i32 offset) {
    if (base > 31)
      return ~0u;
    if (offset == 0)
      return mask >> base & 1 ? base : ~0u;
    i32 step = offset < 0 ? -1 : 1, count = 0, wanted = offset < 0 ? -offset : offset;
    if (offset == INT32_MIN)
      return ~0u;
    for (i32 at = i32(base); at >= 0 && at < 32; at += step)
      if ((mask >> at & 1) && ++count == wanted)
        return u32(at);
    return ~0u;
  }
};
bool decodeFns(Decoder &d) {
  if (d.type() != Ty::B32)
    return d.fail("expected type b32");
  return simple3(d, ternary<u32, u32, u32, i32, Fns>, Class::Logic, Ty::B32, Ty::B32, Ty::B32,
                 Ty::S32);
}

template <typename T> struct Popc {
  static u32 apply(T a) { return u32(__builtin_popcountll(a)); }
};
template <typename T> struct Clz {
  static u32 apply(T a) {
    if (a == 0)
      return sizeof(T) * 8;
    return sizeof(T) == 8 ? u32(__builtin_clzll(a)) : u32(__builtin_clz(u32(a)));
  }
};
template <typename T> struct Brev {
  static T apply(T a) {
    T r = 0;
    for (u32 i = 0; i < sizeof(T) * 8; ++i)
      r |= T(a >> i & 1) << (sizeof(T) * 8 - 1 - i);
    return r;
  }
};
template <template <typename> class Op> bool decodeCount(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  Handler run = type == Ty::B32   ? unary<u32, u32, Op<u32>>
                : type == Ty::B64 ? unary<u32, u64, Op<u64>>
                                  : Handler(nullptr);
  return run ? simple1(d, run, Class::Logic, Ty::U32, type) : d.fail("expected type b32 or b64");
}
bool decodePopc(Decoder &d) { return decodeCount<Popc>(d); }
bool decodeClz(Decoder &d) { return decodeCount<Clz>(d); }
bool decodeBrev(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  Handler run = type == Ty::B32   ? unary<u32, u32, Brev<u32>>
                : type == Ty::B64 ? unary<u64, u64, Brev<u64>>
                                  : Handler(nullptr);
  return run ? simple1(d, run, Class::Logic, type, type) : d.fail("expected type b32 or b64");
}
/// bmsk: a mask of b bits from bit a.
template <bool kWrap> struct Bmsk {
  static u32 apply(u32 a, u32 b) {
    if (kWrap) {
      a &= 31;
      b &= 31;
    }
    if (a > 31 || b == 0)
      return 0;
    return (b > 31 ? ~0u : (1u << b) - 1) << a;
  }
};
bool decodeBmsk(Decoder &d) {
  int mode = d.modOf("clamp wrap");
  if (mode < 0 || d.type() != Ty::B32)
    return d.fail("expected .clamp or .wrap, .b32");
  return simple2(d, mode ? binary<u32, u32, u32, Bmsk<true>> : binary<u32, u32, u32, Bmsk<false>>,
                 Class::Logic, Ty::B32, Ty::B32, Ty::B32);
}
/// szext: sign- or zero-extends the low b bits.
template <bool kSigned, bool kWrap> struct Szext {
  static u32 apply(u32 a, u32 b) {
    u32 n = kWrap ? b & 31 : b;
    if (n > 31)
      return a;
    if (n == 0)
      return 0;
    u32 keep = (1u << n) - 1;
    return kSigned && (a >> (n - 1) & 1) ? a | ~keep : a & keep;
  }
};
bool decodeSzext(Decoder &d) {
  int mode = d.modOf("clamp wrap");
  Ty type = d.type();
  if (mode < 0 || (type != Ty::U32 && type != Ty::S32))
    return d.fail("expected .clamp or .wrap, .u32 or .s32");
  Handler run = type == Ty::S32 ? (mode ? binary<u32, u32, u32, Szext<true, true>>
                                        : binary<u32, u32, u32, Szext<true, false>>)
                                : (mode ? binary<u32, u32, u32, Szext<false, true>>
                                        : binary<u32, u32, u32, Szext<false, false>>);
  return simple2(d, run, Class::Logic, type, type, Ty::U32);
}

const OpRow kRows[] = {
    {"and", decodeAnd},     {"or", decodeOr},     {"xor", decodeXor},     {"not", decodeNot},
    {"cnot", decodeCnot},   {"shl", decodeShl},   {"shr", decodeShr},     {"shf", decodeShf},
    {"lop3", decodeLop3},   {"prmt", decodePrmt}, {"bfe", decodeBfe},     {"bfi", decodeBfi},
    {"bfind", decodeBfind}, {"fns", decodeFns},   {"popc", decodePopc},   {"clz", decodeClz},
    {"brev", decodeBrev},   {"bmsk", decodeBmsk}, {"szext", decodeSzext},
};
} // namespace

const Level::Table kBitTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
