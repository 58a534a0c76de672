// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic: add to rem, carries, 24-bit forms, dot products.
#include "sim/exec/Arithmetic.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

template <typename T> using Unsigned = std::make_unsigned_t<T>;
template <typename T> constexpr u32 widthOf = sizeof(T) * 8;

/// The full product: high and low halves.
template <typename T> struct Product {
  static T high(T a, T b) {
    if constexpr (sizeof(T) == 8) {
      if constexpr (std::is_signed_v<T>)
        return T((__extension__(__int128)(a) * b) >> 64);
      else
        return T((__extension__(unsigned __int128)(a) * b) >> 64);
    } else {
      using Wide = std::conditional_t<std::is_signed_v<T>, i64, u64>;
      return T((Wide(a) * Wide(b)) >> widthOf<T>);
    }
  }
  static T low(T a, T b) {
    if constexpr (sizeof(T) == 2)
      return T(u32(a) * u32(b));
    else
      return T(Unsigned<T>(a) * Unsigned<T>(b));
  }
};

template <typename T> struct Add {
  static T apply(T a, T b) { return T(Unsigned<T>(a) + Unsigned<T>(b)); }
};
template <typename T> struct Sub {
  static T apply(T a, T b) { return T(Unsigned<T>(a) - Unsigned<T>(b)); }
};
template <typename T> struct MulLo {
  static T apply(T a, T b) { return Product<T>::low(a, b); }
};
template <typename T> struct MulHi {
  static T apply(T a, T b) { return Product<T>::high(a, b); }
};
template <typename T> struct MadLo {
  static T apply(T a, T b, T c) { return T(Unsigned<T>(Product<T>::low(a, b)) + Unsigned<T>(c)); }
};
template <typename T> struct MadHi {
  static T apply(T a, T b, T c) { return T(Unsigned<T>(Product<T>::high(a, b)) + Unsigned<T>(c)); }
};
template <typename W, typename T> struct MulWide {
  static W apply(T a, T b) { return W(Unsigned<W>(W(a)) * Unsigned<W>(W(b))); }
};
template <typename W, typename T> struct MadWide {
  static W apply(T a, T b, W c) {
    return W(Unsigned<W>(W(a)) * Unsigned<W>(W(b)) + Unsigned<W>(c));
  }
};
// Division by zero gives all ones and leaves the dividend as remainder, as the
// hardware does where PTX leaves the value open.
template <typename T> struct Div {
  static T apply(T a, T b) {
    if (b == 0)
      return T(~T(0));
    if constexpr (std::is_signed_v<T>)
      if (b == T(-1))
        return T(Unsigned<T>(0) - Unsigned<T>(a));
    return T(a / b);
  }
};
template <typename T> struct Rem {
  static T apply(T a, T b) {
    if (b == 0)
      return a;
    if constexpr (std::is_signed_v<T>)
      if (b == T(-1))
        return 0;
    return T(a % b);
  }
};
template <typename T> struct Min {
  static T apply(T a, T b) { return a < b ? a : b; }
};
template <typename T> struct Max {
  static T apply(T a, T b) { return a > b ? a : b; }
};
template <typename T> struct Abs {
  static T apply(T a) { return a < 0 ? T(Unsigned<T>(0) - Unsigned<T>(a)) : a; }
};
template <typename T> struct Neg {
  static T apply(T a) { return T(Unsigned<T>(0) - Unsigned<T>(a)); }
};
template <typename T> struct Sad {
  static T apply(T a, T b, T c) {
    return T(Unsigned<T>(c) +
             (a < b ? Unsigned<T>(b) - Unsigned<T>(a) : Unsigned<T>(a) - Unsigned<T>(b)));
  }
};
i32 clamp(i64 value) {
  return i32(value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : value);
}
struct AddSat {
  static i32 apply(i32 a, i32 b) { return clamp(i64(a) + b); }
};
struct SubSat {
  static i32 apply(i32 a, i32 b) { return clamp(i64(a) - b); }
};
struct MadHiSat {
  static i32 apply(i32 a, i32 b, i32 c) { return clamp(i64(Product<i32>::high(a, b)) + c); }
};
struct MinRelu {
  static i32 apply(i32 a, i32 b) {
    i32 m = a < b ? a : b;
    return m < 0 ? 0 : m;
  }
};
struct MaxRelu {
  static i32 apply(i32 a, i32 b) {
    i32 m = a > b ? a : b;
    return m < 0 ? 0 : m;
  }
};

/// Op on both halves of a word.
template <typename Op, typename T> struct Halves {
  static u32 apply(u32 a, u32 b) {
    return u32(u16(Op::apply(T(a), T(b)))) | u32(u16(Op::apply(T(a >> 16), T(b >> 16)))) << 16;
  }
};
struct MinReluHalf {
  static i16 apply(i16 a, i16 b) { return i16(MinRelu::apply(a, b)); }
};
struct MaxReluHalf {
  static i16 apply(i16 a, i16 b) { return i16(MaxRelu::apply(a, b)); }
};
template <template <typename> class Op> Handler pickHalves(Ty type) {
  if (type == Ty::U16x2)
    return binary<u32, u32, u32, Halves<Op<u16>, u16>>;
  if (type == Ty::S16x2)
    return binary<u32, u32, u32, Halves<Op<i16>, i16>>;
  return nullptr;
}

bool integerOnly(Decoder &d, Handler run, Ty type) {
  return run || d.fail(format("type %s is not supported", typeName(type)));
}

// add, sub, mad and mul with the condition code. As in hardware, a subtraction
// adds the complement: it leaves the carry clear where it borrows. Chains of sub.cc
// and subc cannot tell, but nvcc's 128-bit division reads it with addc.

enum class Carried : u8 { Add, Sub, MadLo, MadHi };
template <typename T, Carried kOp>
void carried(Warp &w, const Inst &in, u32 mask) {
  const T *a = w.at<T>(in.a), *b = w.at<T>(in.b), *c = w.at<T>(in.c);
  T *d = w.at<T>(in.d);
  bool takes = in.aux & 1, gives = in.aux & 2;
  u32 carry = w.frame->carry, result = 0;
  for (u32 i = 0; i < kLanes; ++i) {
    if (!(mask >> i & 1))
      continue;
    T x = a[i], y = b[i];
    if constexpr (kOp == Carried::MadLo || kOp == Carried::MadHi) {
      x = kOp == Carried::MadLo ? Product<T>::low(x, y)
          : in.flags & kSignedA ? T(Product<std::make_signed_t<T>>::high(std::make_signed_t<T>(x),
                                                                         std::make_signed_t<T>(y)))
                                : Product<T>::high(x, y);
      y = c[i];
    }
    T in1 = takes ? T(carry >> i & 1) : T(0);
    bool out;
    if constexpr (kOp == Carried::Sub) {
      T first = x - y, borrow = takes ? T(1) - in1 : T(0);
      d[i] = first - borrow;
      out = !(x < y || first < borrow);
    } else {
      T first = x + y;
      d[i] = first + in1;
      out = first < x || d[i] < first;
    }
    result |= u32(out) << i;
  }
  if (gives)
    w.frame->carry = (carry & ~mask) | result;
}

bool decodeCarried(Decoder &d, Carried op, bool takes) {
  bool gives = d.mod("cc");
  Ty type;
  if (!d.wantType(type))
    return false;
  u32 bytes = sizeOf(type);
  if (isFloat(type) || (bytes != 4 && bytes != 8))
    return d.fail("expected a 32- or 64-bit integer type");
  d.out.aux = u32(takes) | u32(gives) << 1;
  if (isSigned(type))
    d.out.flags |= kSignedA;
  bool wide = bytes == 8;
  Handler run = nullptr;
  switch (op) {
  case Carried::Add: run = wide ? carried<u64, Carried::Add> : carried<u32, Carried::Add>; break;
  case Carried::Sub: run = wide ? carried<u64, Carried::Sub> : carried<u32, Carried::Sub>; break;
  case Carried::MadLo:
    run = wide ? carried<u64, Carried::MadLo> : carried<u32, Carried::MadLo>;
    break;
  case Carried::MadHi:
    run = wide ? carried<u64, Carried::MadHi> : carried<u32, Carried::MadHi>;
    break;
  }
  if (op == Carried::MadLo || op == Carried::MadHi)
    return simple3(d, run, Class::Integer, type, type, type, type);
  return simple2(d, run, Class::Integer, type, type, type);
}

bool decodeAdd(Decoder &d) {
  if (d.ast().has("cc"))
    return decodeCarried(d, Carried::Add, false);
  Ty type;
  if (!d.wantType(type))
    return false;
  if (isFloat(type))
    return decodeAnyFloat(d, Arith::Add, type);
  if (d.mod("sat")) {
    if (type != Ty::S32)
      return d.fail(".sat needs type s32");
    return simple2(d, binary<i32, i32, i32, AddSat>, Class::Integer, type, type, type);
  }
  if (Handler run = pickHalves<Add>(type))
    return simple2(d, run, Class::Integer, type, type, type);
  Handler run = pickBinary<Add>(type);
  return integerOnly(d, run, type) &&
         simple2(d, run, Class::Integer, type, type, type, Shadow::Add);
}

bool decodeSub(Decoder &d) {
  if (d.ast().has("cc"))
    return decodeCarried(d, Carried::Sub, false);
  Ty type;
  if (!d.wantType(type))
    return false;
  if (isFloat(type))
    return decodeAnyFloat(d, Arith::Sub, type);
  if (d.mod("sat")) {
    if (type != Ty::S32)
      return d.fail(".sat needs type s32");
    return simple2(d, binary<i32, i32, i32, SubSat>, Class::Integer, type, type, type);
  }
  Handler run = pickBinary<Sub>(type);
  return integerOnly(d, run, type) &&
         simple2(d, run, Class::Integer, type, type, type, Shadow::Sub);
}
bool decodeAddc(Decoder &d) { return decodeCarried(d, Carried::Add, true); }
bool decodeSubc(Decoder &d) { return decodeCarried(d, Carried::Sub, true); }

Ty widened(Ty type) {
  switch (type) {
  case Ty::U16: return Ty::U32;
  case Ty::S16: return Ty::S32;
  case Ty::U32: return Ty::U64;
  case Ty::S32: return Ty::S64;
  default: return Ty::None;
  }
}

bool decodeMul(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  if (isFloat(type))
    return decodeAnyFloat(d, Arith::Mul, type);
  int half = d.modOf("lo hi wide");
  if (half < 0)
    return d.fail("expected .lo, .hi or .wide");
  if (half == 2) {
    Ty wide = widened(type);
    Handler run = type == Ty::U16   ? binary<u32, u16, u16, MulWide<u32, u16>>
                  : type == Ty::S16 ? binary<i32, i16, i16, MulWide<i32, i16>>
                  : type == Ty::U32 ? binary<u64, u32, u32, MulWide<u64, u32>>
                  : type == Ty::S32 ? binary<i64, i32, i32, MulWide<i64, i32>>
                                    : Handler(nullptr);
    return integerOnly(d, run, type) &&
           simple2(d, run, Class::Integer, wide, type, type, Shadow::Carry);
  }
  Handler run = half == 0 ? pickBinary<MulLo>(type) : pickBinary<MulHi>(type);
  return integerOnly(d, run, type) &&
         simple2(d, run, Class::Integer, type, type, type, half == 0 ? Shadow::Carry : Shadow::All);
}

bool decodeMad(Decoder &d) {
  if (d.ast().has("cc")) {
    int half = d.modOf("lo hi");
    return half < 0 ? d.fail("expected .lo or .hi")
                    : decodeCarried(d, half ? Carried::MadHi : Carried::MadLo, false);
  }
  Ty type;
  if (!d.wantType(type))
    return false;
  if (isFloat(type))
    return decodeAnyFloat(d, Arith::Fma, type);
  int half = d.modOf("lo hi wide");
  if (half < 0)
    return d.fail("expected .lo, .hi or .wide");
  if (d.mod("sat")) {
    if (half != 1 || type != Ty::S32)
      return d.fail(".sat needs .hi and type s32");
    return simple3(d, ternary<i32, i32, i32, i32, MadHiSat>, Class::Integer, type, type, type,
                   type);
  }
  if (half == 2) {
    Ty wide = widened(type);
    Handler run = type == Ty::U16   ? ternary<u32, u16, u16, u32, MadWide<u32, u16>>
                  : type == Ty::S16 ? ternary<i32, i16, i16, i32, MadWide<i32, i16>>
                  : type == Ty::U32 ? ternary<u64, u32, u32, u64, MadWide<u64, u32>>
                  : type == Ty::S32 ? ternary<i64, i32, i32, i64, MadWide<i64, i32>>
                                    : Handler(nullptr);
    return integerOnly(d, run, type) &&
           simple3(d, run, Class::Integer, wide, type, type, wide, Shadow::Carry);
  }
  Handler run = half == 0 ? pickTernary<MadLo>(type) : pickTernary<MadHi>(type);
  return integerOnly(d, run, type) && simple3(d, run, Class::Integer, type, type, type, type,
                                              half == 0 ? Shadow::Carry : Shadow::All);
}

bool decodeMadc(Decoder &d) {
  int half = d.modOf("lo hi");
  return half < 0 ? d.fail("expected .lo or .hi")
                  : decodeCarried(d, half ? Carried::MadHi : Carried::MadLo, true);
}

// 24-bit forms: bits 31..16 (hi) or 31..0 (lo) of the 48-bit product.
template <bool kSigned> i64 product24(u32 a, u32 b) {
  if constexpr (kSigned)
    return i64(i32(a << 8) >> 8) * i64(i32(b << 8) >> 8);
  else
    return i64(u64(a & 0xffffff) * u64(b & 0xffffff));
}
template <bool kSigned, bool kHigh> struct Mul24 {
  static u32 apply(u32 a, u32 b) { return u32(u64(product24<kSigned>(a, b)) >> (kHigh ? 16 : 0)); }
};
template <bool kSigned, bool kHigh> struct Mad24 {
  static u32 apply(u32 a, u32 b, u32 c) { return Mul24<kSigned, kHigh>::apply(a, b) + c; }
};
struct Mad24HiSat {
  static i32 apply(i32 a, i32 b, i32 c) {
    return clamp(i64(i32(Mul24<true, true>::apply(u32(a), u32(b)))) + c);
  }
};
bool decode24(Decoder &d, bool mad) {
  int half = d.modOf("lo hi");
  bool sat = d.mod("sat");
  Ty type;
  if (half < 0)
    return d.fail("expected .lo or .hi");
  if (!d.wantType(type))
    return false;
  if (type != Ty::U32 && type != Ty::S32)
    return d.fail("expected type u32 or s32");
  bool s = type == Ty::S32, h = half == 1;
  if (sat) {
    if (!mad || !s || !h)
      return d.fail(".sat needs mad24.hi.s32");
    return simple3(d, ternary<i32, i32, i32, i32, Mad24HiSat>, Class::Integer, type, type, type,
                   type);
  }
  if (mad) {
    Handler run = s ? (h ? ternary<u32, u32, u32, u32, Mad24<true, true>>
                         : ternary<u32, u32, u32, u32, Mad24<true, false>>)
                    : (h ? ternary<u32, u32, u32, u32, Mad24<false, true>>
                         : ternary<u32, u32, u32, u32, Mad24<false, false>>);
    return simple3(d, run, Class::Integer, type, type, type, type);
  }
  Handler run =
      s ? (h ? binary<u32, u32, u32, Mul24<true, true>> : binary<u32, u32, u32, Mul24<true, false>>)
        : (h ? binary<u32, u32, u32, Mul24<false, true>>
             : binary<u32, u32, u32, Mul24<false, false>>);
  return simple2(d, run, Class::Integer, type, type, type);
}
bool decodeMul24(Decoder &d) { return decode24(d, false); }
bool decodeMad24(Decoder &d) { return decode24(d, true); }

bool decodeSad(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  Handler run = pickTernary<Sad>(type);
  return integerOnly(d, run, type) && simple3(d, run, Class::Integer, type, type, type, type);
}

bool decodeDiv(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  if (isFloat(type))
    return decodeAnyFloat(d, Arith::Div, type);
  Handler run = pickBinary<Div>(type);
  return integerOnly(d, run, type) && simple2(d, run, Class::Integer, type, type, type);
}
bool decodeRem(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  Handler run = pickBinary<Rem>(type);
  return integerOnly(d, run, type) && simple2(d, run, Class::Integer, type, type, type);
}

bool decodeMinMax(Decoder &d, bool isMax) {
  Ty type;
  if (!d.wantType(type))
    return false;
  if (isFloat(type))
    return decodeAnyFloat(d, isMax ? Arith::Max : Arith::Min, type);
  if (d.mod("relu")) {
    if (type == Ty::S16x2)
      return simple2(d,
                     isMax ? binary<u32, u32, u32, Halves<MaxReluHalf, i16>>
                           : binary<u32, u32, u32, Halves<MinReluHalf, i16>>,
                     Class::Integer, type, type, type);
    if (type != Ty::S32)
      return d.fail(".relu needs type s32 or s16x2");
    return simple2(d, isMax ? binary<i32, i32, i32, MaxRelu> : binary<i32, i32, i32, MinRelu>,
                   Class::Integer, type, type, type);
  }
  Handler run = isMax ? pickHalves<Max>(type) : pickHalves<Min>(type);
  if (!run)
    run = isMax ? pickBinary<Max>(type) : pickBinary<Min>(type);
  return integerOnly(d, run, type) && simple2(d, run, Class::Integer, type, type, type);
}
bool decodeMin(Decoder &d) { return decodeMinMax(d, false); }
bool decodeMax(Decoder &d) { return decodeMinMax(d, true); }

bool decodeAbs(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  if (isFloat(type))
    return decodeAnyFloat(d, Arith::Abs, type);
  Handler run = isSigned(type) ? pickUnary<Abs>(type) : nullptr;
  return integerOnly(d, run, type) && simple1(d, run, Class::Integer, type, type);
}
bool decodeNeg(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  if (isFloat(type))
    return decodeAnyFloat(d, Arith::Neg, type);
  Handler run = isSigned(type) ? pickUnary<Neg>(type) : nullptr;
  return integerOnly(d, run, type) && simple1(d, run, Class::Integer, type, type, Shadow::Carry);
}

// Dot products of bytes, and of halves with bytes.
template <bool kSignedA_, bool kSignedB> struct Dp4a {
  static u32 apply(u32 a, u32 b, u32 c) {
    for (u32 i = 0; i < 4; ++i) {
      u32 x = kSignedA_ ? u32(i32(i8(a >> (8 * i)))) : a >> (8 * i) & 255;
      u32 y = kSignedB ? u32(i32(i8(b >> (8 * i)))) : b >> (8 * i) & 255;
      c += x * y;
    }
    return c;
  }
};
template <bool kSignedA_, bool kSignedB, bool kHigh> struct Dp2a {
  static u32 apply(u32 a, u32 b, u32 c) {
    for (u32 i = 0; i < 2; ++i) {
      u32 byte = b >> (8 * i + (kHigh ? 16 : 0));
      u32 x = kSignedA_ ? u32(i32(i16(a >> (16 * i)))) : a >> (16 * i) & 0xffff;
      u32 y = kSignedB ? u32(i32(i8(byte))) : byte & 255;
      c += x * y;
    }
    return c;
  }
};
bool decodeDp(Decoder &d, bool four) {
  int half = four ? 0 : d.modOf("lo hi");
  Ty ta = d.type(), tb = d.type();
  if (half < 0)
    return d.fail("expected .lo or .hi");
  if ((ta != Ty::S32 && ta != Ty::U32) || (tb != Ty::S32 && tb != Ty::U32))
    return d.fail("expected types u32 or s32");
  bool sa = ta == Ty::S32, sb = tb == Ty::S32;
  Handler run;
  if (four)
    run = sa ? (sb ? ternary<u32, u32, u32, u32, Dp4a<true, true>>
                   : ternary<u32, u32, u32, u32, Dp4a<true, false>>)
             : (sb ? ternary<u32, u32, u32, u32, Dp4a<false, true>>
                   : ternary<u32, u32, u32, u32, Dp4a<false, false>>);
  else if (half == 0)
    run = sa ? (sb ? ternary<u32, u32, u32, u32, Dp2a<true, true, false>>
                   : ternary<u32, u32, u32, u32, Dp2a<true, false, false>>)
             : (sb ? ternary<u32, u32, u32, u32, Dp2a<false, true, false>>
                   : ternary<u32, u32, u32, u32, Dp2a<false, false, false>>);
  else
    run = sa ? (sb ? ternary<u32, u32, u32, u32, Dp2a<true, true, true>>
                   : ternary<u32, u32, u32, u32, Dp2a<true, false, true>>)
             : (sb ? ternary<u32, u32, u32, u32, Dp2a<false, true, true>>
                   : ternary<u32, u32, u32, u32, Dp2a<false, false, true>>);
  return simple3(d, run, Class::Integer, Ty::B32, Ty::B32, Ty::B32, Ty::B32);
}
bool decodeDp4a(Decoder &d) { return decodeDp(d, true); }
bool decodeDp2a(Decoder &d) { return decodeDp(d, false); }

const OpRow kRows[] = {
    {"add", decodeAdd},     {"sub", decodeSub},   {"addc", decodeAddc}, {"subc", decodeSubc},
    {"mul", decodeMul},     {"mad", decodeMad},   {"madc", decodeMadc}, {"mul24", decodeMul24},
    {"mad24", decodeMad24}, {"sad", decodeSad},   {"div", decodeDiv},   {"rem", decodeRem},
    {"min", decodeMin},     {"max", decodeMax},   {"abs", decodeAbs},   {"neg", decodeNeg},
    {"dp4a", decodeDp4a},   {"dp2a", decodeDp2a},
};
} // namespace

const Level::Table kIntegerTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
