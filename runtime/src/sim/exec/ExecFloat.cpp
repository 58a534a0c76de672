// SPDX-License-Identifier: Apache-2.0
// f32 and f64 arithmetic and the approximate functions.
#include "sim/exec/FloatSupport.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

template <Arith kOp, typename T, bool kFtz, bool kSat> struct Two {
  static T apply(T a, T b) {
    a = in1<kFtz>(a);
    b = in1<kFtz>(b);
    T r;
    if constexpr (kOp == Arith::Add)
      r = a + b;
    else if constexpr (kOp == Arith::Sub)
      r = a - b;
    else if constexpr (kOp == Arith::Mul)
      r = a * b;
    else
      r = a / b;
    return out1<kFtz, kSat>(r);
  }
};
template <typename T, bool kFtz, bool kSat> struct Fma {
  static T apply(T a, T b, T c) {
    T r;
    if constexpr (sizeof(T) == 4)
      r = T(__builtin_fmaf(in1<kFtz>(a), in1<kFtz>(b), in1<kFtz>(c)));
    else
      r = T(__builtin_fma(a, b, c));
    return out1<kFtz, kSat>(r);
  }
};

template <Arith kOp, typename T, bool kFtz, bool kSat>
Handler pickTwo(Rounding rounding) {
  constexpr Handler run = binary<T, T, T, Two<kOp, T, kFtz, kSat>>;
  return rounding == Rounding::Nearest ? run : rounded<run>;
}
template <Arith kOp> Handler pickTwo32(bool ftz, bool sat, Rounding r) {
  return ftz ? (sat ? pickTwo<kOp, float, true, true>(r) : pickTwo<kOp, float, true, false>(r))
             : (sat ? pickTwo<kOp, float, false, true>(r) : pickTwo<kOp, float, false, false>(r));
}
template <typename T, bool kFtz, bool kSat> Handler pickFma(Rounding r) {
  constexpr Handler run = ternary<T, T, T, T, Fma<T, kFtz, kSat>>;
  return r == Rounding::Nearest ? run : rounded<run>;
}

/// minimum and maximum: a NaN loses unless .NaN is given; -0 < +0.
template <typename T, bool kMax, bool kFtz, bool kNaN, bool kXorSign>
struct MinMax {
  static T apply(T a, T b) {
    using U = Stored<T>;
    constexpr U top = U(1) << (sizeof(T) * 8 - 1);
    a = in1<kFtz>(a);
    b = in1<kFtz>(b);
    U sign = 0;
    if constexpr (kXorSign) {
      sign = (bitsAs<U>(a) ^ bitsAs<U>(b)) & top;
      a = bitsAs<T>(bitsAs<U>(a) & ~top);
      b = bitsAs<T>(bitsAs<U>(b) & ~top);
    }
    T nan = sizeof(T) == 4 ? T(bitsAs<float>(0x7fffffffu)) : T(bitsAs<double>(u64(0x7ff8) << 48));
    bool na = a != a, nb = b != b;
    bool less = a < b || (a == b && (bitsAs<U>(a) & top) > (bitsAs<U>(b) & top));
    T r = less == kMax ? b : a;
    r = na ? b : nb ? a : r;
    if ((na && nb) || (kNaN && (na || nb)))
      return nan;
    if constexpr (kXorSign)
      r = bitsAs<T>(bitsAs<U>(r) | sign);
    return r;
  }
};
template <typename T, bool kMax, bool kFtz>
Handler pickMinMax(bool nan, bool xorSign) {
  return nan ? (xorSign ? binary<T, T, T, MinMax<T, kMax, kFtz, true, true>>
                        : binary<T, T, T, MinMax<T, kMax, kFtz, true, false>>)
             : (xorSign ? binary<T, T, T, MinMax<T, kMax, kFtz, false, true>>
                        : binary<T, T, T, MinMax<T, kMax, kFtz, false, false>>);
}

template <typename T, bool kFtz> struct AbsOp {
  static T apply(T a) {
    using U = Stored<T>;
    return bitsAs<T>(U(bitsAs<U>(in1<kFtz>(a)) & ~(U(1) << (sizeof(T) * 8 - 1))));
  }
};
template <typename T, bool kFtz> struct NegOp {
  static T apply(T a) {
    using U = Stored<T>;
    return bitsAs<T>(U(bitsAs<U>(in1<kFtz>(a)) ^ (U(1) << (sizeof(T) * 8 - 1))));
  }
};

// div.approx and div.full are computed as quotients; .approx gives zero where
// the divisor is beyond 2^126, as PTX says.
template <bool kFtz, bool kApprox> struct DivApprox {
  static float apply(float a, float b) {
    a = in1<kFtz>(a);
    b = in1<kFtz>(b);
    if (kApprox) {
      u32 magnitude = bitsAs<u32>(b) & 0x7fffffff;
      if (magnitude > 0x7e800000 && magnitude < 0x7f800000) {
        u32 ma = bitsAs<u32>(a) & 0x7fffffff;
        if (ma >= 0x7f800000)
          return bitsAs<float>(0x7fffffffu);
        return bitsAs<float>((bitsAs<u32>(a) ^ bitsAs<u32>(b)) & 0x80000000u);
      }
    }
    return out1<kFtz, false>(a / b);
  }
};

/// min and max, with their modifiers.
bool decodeMinMax(Decoder &d, bool isMax, Class cls, Ty type, bool ftz) {
  bool nan = d.mod("NaN"), xorSign = d.mod("xorsign");
  if (xorSign && !d.mod("abs"))
    return d.fail("expected .xorsign.abs");
  Handler run = type == Ty::F64 ? (isMax ? pickMinMax<double, true, false>(nan, xorSign)
                                         : pickMinMax<double, false, false>(nan, xorSign))
                : ftz           ? (isMax ? pickMinMax<float, true, true>(nan, xorSign)
                                         : pickMinMax<float, false, true>(nan, xorSign))
                                : (isMax ? pickMinMax<float, true, false>(nan, xorSign)
                                         : pickMinMax<float, false, false>(nan, xorSign));
  return simple2(d, run, cls, type, type, type);
}

/// div.approx and div.full of f32.
Handler pickDivApprox(bool approx, bool ftz) {
  return approx ? (ftz ? binary<float, float, float, DivApprox<true, true>>
                       : binary<float, float, float, DivApprox<false, true>>)
                : (ftz ? binary<float, float, float, DivApprox<true, false>>
                       : binary<float, float, float, DivApprox<false, false>>);
}

template <Arith kOp> Handler pickOfType(bool isDouble, bool ftz, bool sat, Rounding rounding) {
  return isDouble ? pickTwo<kOp, double, false, false>(rounding)
                  : pickTwo32<kOp>(ftz, sat, rounding);
}

/// add, sub, mul and div.
Handler pickArithmetic(Arith op, bool isDouble, bool ftz, bool sat, Rounding rounding) {
  switch (op) {
  case Arith::Add: return pickOfType<Arith::Add>(isDouble, ftz, sat, rounding);
  case Arith::Sub: return pickOfType<Arith::Sub>(isDouble, ftz, sat, rounding);
  case Arith::Mul: return pickOfType<Arith::Mul>(isDouble, ftz, sat, rounding);
  case Arith::Div: return pickOfType<Arith::Div>(isDouble, ftz, sat, rounding);
  default: return nullptr;
  }
}

} // namespace

bool decodeFloat(Decoder &d, Arith op, Ty type) {
  bool isDouble = type == Ty::F64;
  if (!isDouble && type != Ty::F32)
    return d.fail(format("type %s is not supported", typeName(type)));
  bool ftz = d.mod("ftz");
  if (ftz && isDouble)
    return d.fail(".ftz needs type f32");
  Class cls = isDouble ? Class::Float64 : Class::Float32;
  if (op == Arith::Min || op == Arith::Max)
    return decodeMinMax(d, op == Arith::Max, cls, type, ftz);
  if (op == Arith::Abs)
    return simple1(d,
                   isDouble ? unary<double, double, AbsOp<double, false>>
                   : ftz    ? unary<float, float, AbsOp<float, true>>
                            : unary<float, float, AbsOp<float, false>>,
                   cls, type, type);
  if (op == Arith::Neg)
    return simple1(d,
                   isDouble ? unary<double, double, NegOp<double, false>>
                   : ftz    ? unary<float, float, NegOp<float, true>>
                            : unary<float, float, NegOp<float, false>>,
                   cls, type, type);
  if (op == Arith::Div && !isDouble)
    if (int approx = d.modOf("approx full"); approx >= 0)
      return simple2(d, pickDivApprox(approx == 0, ftz), Class::Special, type, type, type);
  Rounding rounding = takeRounding(d, Rounding::None);
  if (rounding == Rounding::None) {
    if (op == Arith::Div || op == Arith::Fma)
      if (!(op == Arith::Fma && d.ast().opcode == "mad" && !isDouble))
        return d.fail("expected a rounding: .rn, .rz, .rm or .rp");
    rounding = Rounding::Nearest;
  }
  bool sat = d.mod("sat");
  if (sat && isDouble)
    return d.fail(".sat needs type f32");
  d.out.aux = u32(rounding);
  if (Handler run = pickArithmetic(op, isDouble, ftz, sat, rounding))
    return simple2(d, run, cls, type, type, type);
  Handler fma =
      isDouble ? pickFma<double, false, false>(rounding)
      : ftz
          ? (sat ? pickFma<float, true, true>(rounding) : pickFma<float, true, false>(rounding))
          : (sat ? pickFma<float, false, true>(rounding) : pickFma<float, false, false>(rounding));
  return simple3(d, fma, cls, type, type, type, type);
}

namespace {

bool decodeFma(Decoder &d) {
  Ty type;
  return d.wantType(type) && decodeAnyFloat(d, Arith::Fma, type);
}

// Approximate functions: the host's, rounded to f32, within PTX's bounds.
struct Rcp {
  template <typename T> static T f(T x) { return T(1) / x; }
};
struct Sqrt {
  // Compilers take the square root of a negative number for a number.
  static float f(float x) { return x < 0 ? bitsAs<float>(0x7fffffffu) : std::sqrt(x); }
  static double f(double x) { return std::sqrt(x); }
};
struct Rsqrt {
  static float f(float x) { return float(1.0 / std::sqrt(double(x))); }
  static double f(double x) { return 1.0 / std::sqrt(x); }
};
struct Sin {
  static float f(float x) { return std::sin(x); }
};
struct Cos {
  static float f(float x) { return std::cos(x); }
};
struct Lg2 {
  static float f(float x) { return std::log2(x); }
};
struct Ex2 {
  static float f(float x) { return std::exp2(x); }
};
struct Tanh {
  static float f(float x) { return std::tanh(x); }
};

template <typename F, typename T, bool kFtz> struct Fn {
  static T apply(T x) { return out1<kFtz, false>(F::f(in1<kFtz>(x))); }
};
/// rcp.approx.ftz.f64 and rsqrt: the low 32 bits neither matter nor are given.
template <typename F> struct Gross {
  static double apply(double x) {
    u64 bits = bitsAs<u64>(x) & ~u64(0xffffffff);
    if ((bits & (u64(0x7ff) << 52)) == 0)
      bits &= u64(1) << 63;
    double r = F::f(bitsAs<double>(bits));
    bits = bitsAs<u64>(r);
    if (r != r)
      return bitsAs<double>(u64(0x7fffffff) << 32);
    if ((bits & (u64(0x7ff) << 52)) == 0)
      bits &= u64(1) << 63;
    return bitsAs<double>(bits & ~u64(0xffffffff));
  }
};

template <typename F> Handler pickFn32(bool ftz) {
  return ftz ? unary<float, float, Fn<F, float, true>> : unary<float, float, Fn<F, float, false>>;
}

template <typename F> bool decodeRoot(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  bool ftz = d.mod("ftz"), approx = d.mod("approx");
  if (type == Ty::F64 && approx && ftz)
    return simple1(d, unary<double, double, Gross<F>>, Class::Special, type, type);
  if (type == Ty::F32 && approx)
    return simple1(d, pickFn32<F>(ftz), Class::Special, type, type);
  Rounding rounding = takeRounding(d, Rounding::None);
  if (rounding == Rounding::None || (type != Ty::F32 && type != Ty::F64) ||
      (ftz && type == Ty::F64))
    return d.fail("expected .approx or a rounding, and type f32 or f64");
  d.out.aux = u32(rounding);
  if (type == Ty::F64)
    return simple1(d, rounded<unary<double, double, Fn<F, double, false>>>, Class::Float64, type,
                   type);
  return simple1(d,
                 ftz ? rounded<unary<float, float, Fn<F, float, true>>>
                     : rounded<unary<float, float, Fn<F, float, false>>>,
                 Class::Special, type, type);
}
bool decodeRsqrt(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  bool ftz = d.mod("ftz");
  if (!d.mod("approx"))
    return d.fail("expected .approx");
  if (type == Ty::F64)
    return simple1(d,
                   ftz ? unary<double, double, Gross<Rsqrt>>
                       : unary<double, double, Fn<Rsqrt, double, false>>,
                   Class::Special, type, type);
  if (type != Ty::F32)
    return d.fail("expected type f32 or f64");
  return simple1(d, pickFn32<Rsqrt>(ftz), Class::Special, type, type);
}

} // namespace

bool decodeHalfFunction(Decoder &d, Ty type, float (*function)(float));

namespace {
template <typename F> bool decodeFn(Decoder &d) {
  Ty type;
  if (!d.wantType(type))
    return false;
  if (!d.mod("approx"))
    return d.fail("expected .approx");
  if (isHalf(type))
    return decodeHalfFunction(d, type, F::f);
  bool ftz = d.mod("ftz");
  if (type != Ty::F32)
    return d.fail("expected type f32");
  return simple1(d, pickFn32<F>(ftz), Class::Special, type, type);
}

const OpRow kRows[] = {
    {"fma", decodeFma},     {"rcp", decodeRoot<Rcp>}, {"sqrt", decodeRoot<Sqrt>},
    {"rsqrt", decodeRsqrt}, {"sin", decodeFn<Sin>},   {"cos", decodeFn<Cos>},
    {"lg2", decodeFn<Lg2>}, {"ex2", decodeFn<Ex2>},   {"tanh", decodeFn<Tanh>},
};
} // namespace

const Level::Table kFloatTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
