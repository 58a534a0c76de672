// SPDX-License-Identifier: Apache-2.0
// cvt and cvt.pack.
#include "sim/exec/SmallFloat.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

/// How a conversion is done; packed into Inst::imm.
struct Plan {
  Ty to, from;
  Rounding rounding;   // of the result, or of rounding to an integer
  u8 toBytes, fromBytes; // of the registers
  bool integral, ftz, sat, relu, satfinite;
};
static_assert(sizeof(Plan) <= 16);

Plan planOf(const Inst &in) {
  Plan plan;
  plan.to = Ty(in.imm & 255);
  plan.from = Ty(in.imm >> 8 & 255);
  plan.rounding = Rounding(in.imm >> 16 & 255);
  plan.toBytes = in.dw;
  plan.fromBytes = u8(in.imm >> 24 & 255);
  u32 flags = u32(in.imm >> 32);
  plan.integral = flags & 1;
  plan.ftz = flags & 2;
  plan.sat = flags & 4;
  plan.relu = flags & 8;
  plan.satfinite = flags & 16;
  return plan;
}

double roundIntegral(double x, Rounding mode) {
  switch (mode) {
  case Rounding::Zero: return std::trunc(x);
  case Rounding::Down: return std::floor(x);
  case Rounding::Up: return std::ceil(x);
  default: return std::nearbyint(x);
  }
}

u32 bitsOf(Ty type) { return sizeOf(type) * 8; }

/// The limits of an integer type, as a pair that fits both signs.
i64 leastOf(Ty type) { return isSigned(type) ? i64(~u64(0) << (bitsOf(type) - 1)) : 0; }
u64 mostOf(Ty type) {
  u32 bits = bitsOf(type) - (isSigned(type) ? 1 : 0);
  return bits == 64 ? ~u64(0) : (u64(1) << bits) - 1;
}

/// A value brought to the width of its register: extended by its sign.
u64 widen(u64 value, Ty type, u32 registerBytes) {
  u32 bits = bitsOf(type);
  if (bits < 64) {
    value &= (u64(1) << bits) - 1;
    if (isSigned(type) && (value >> (bits - 1) & 1))
      value |= ~u64(0) << bits;
  }
  return registerBytes == 8 ? value : value & ((u64(1) << (registerBytes * 8)) - 1);
}

double floatValue(u64 raw, Ty type) {
  switch (type) {
  case Ty::F16: return halfToFloat(u16(raw));
  case Ty::BF16: return brainToFloat(u16(raw));
  case Ty::F64: return bitsAs<double>(raw);
  default: return bitsAs<float>(u32(raw));
  }
}

u64 toFloatBits(const Plan &plan, double x) {
  if (plan.sat)
    x = saturate(x);
  if (plan.relu && x < 0)
    x = 0;
  if (plan.relu && x == 0)
    x = 0; // also of negative zero
  switch (plan.to) {
  case Ty::F64: return bitsAs<u64>(x);
  case Ty::F16: return roundTo(kF16, x, plan.rounding, plan.satfinite);
  case Ty::BF16: return roundTo(kBF16, x, plan.rounding, plan.satfinite);
  case Ty::TF32: {
    // Ten bits of mantissa in the layout of f32.
    constexpr FloatFormat tf32 = {8, 10, 0x3fbff, 0x3fc00, 0x3ffff, 18};
    u32 bits = roundTo(tf32, x, plan.rounding, plan.satfinite);
    return (bits & 0x3ffff) == 0x3ffff ? 0x7fffffff : bits << 13;
  }
  default: {
    u32 bits = roundTo(kF32, x, plan.rounding);
    return plan.ftz ? bitsAs<u32>(flush(bitsAs<float>(bits))) : bits;
  }
  }
}

u64 convertLane(const Plan &plan, u64 raw) {
  if (isFloat(plan.from)) {
    double x = floatValue(raw, plan.from);
    if (plan.ftz && plan.from == Ty::F32)
      x = flush(float(x));
    if (isFloat(plan.to)) {
      if (plan.integral)
        x = roundIntegral(x, plan.rounding);
      return toFloatBits(plan, x);
    }
    if (x != x)
      return 0;
    x = roundIntegral(x, plan.rounding);
    i64 least = leastOf(plan.to);
    u64 most = mostOf(plan.to);
    u64 value;
    if (x <= double(least))
      value = u64(least);
    else if (x >= double(most)) // 2^63 and 2^64 lie beyond the largest
      value = most;
    else
      value = x < 0 ? u64(i64(x)) : u64(x);
    return widen(value, plan.to, plan.toBytes);
  }
  u64 value = widen(raw, plan.from, 8);
  bool negative = isSigned(plan.from) && i64(value) < 0;
  if (!isFloat(plan.to)) {
    if (plan.sat) {
      if (negative)
        value = i64(value) < leastOf(plan.to) ? u64(leastOf(plan.to)) : value;
      else if (value > mostOf(plan.to))
        value = mostOf(plan.to);
    }
    return widen(value, plan.to, plan.toBytes);
  }
  u64 magnitude = negative ? 0 - value : value;
  if (plan.to == Ty::F64) {
    // 64 bits into 53: to the nearest, then a step where another rounding asks.
    double x = double(magnitude);
    if (plan.rounding != Rounding::Nearest) {
      bool above = x >= 0x1p64 || u64(x) > magnitude;
      bool below = !above && u64(x) < magnitude;
      bool wantUp = plan.rounding == (negative ? Rounding::Down : Rounding::Up);
      if (above && !wantUp)
        x = std::nextafter(x, 0.0);
      if (below && wantUp)
        x = std::nextafter(x, HUGE_VAL);
    }
    return bitsAs<u64>(negative ? -x : x);
  }
  double x = addToOdd(double(magnitude >> 32) * 0x1p32, double(magnitude & ~0u));
  return toFloatBits(plan, negative ? -x : x);
}

void convert(Warp &w, const Inst &in, u32 mask) {
  Plan plan = planOf(in);
  u64 t[kLanes];
  for (u32 i = 0; i < kLanes; ++i)
    t[i] = mask >> i & 1
               ? convertLane(plan, plan.fromBytes == 8 ? w.at<u64>(in.a)[i] : w.at<u32>(in.a)[i])
               : 0;
  if (in.dw == 8) {
    commit(w.at<u64>(in.d), t, mask);
  } else {
    u32 narrow[kLanes];
    for (u32 i = 0; i < kLanes; ++i)
      narrow[i] = u32(t[i]);
    commit(w.at<u32>(in.d), narrow, mask);
  }
}

// Conversions that compilers emit most, in vector code.
struct S32ToF32 {
  static float apply(i32 a) { return float(a); }
};
struct U32ToF32 {
  static float apply(u32 a) { return float(a); }
};
struct F32ToF16 {
  static u16 apply(float a) { return floatToHalf(a); }
};
struct F16ToF32 {
  static float apply(u16 a) { return canonical(halfToFloat(a)); }
};
struct F32ToBF16 {
  static u16 apply(float a) { return floatToBrain(a); }
};
struct BF16ToF32 {
  static float apply(u16 a) { return canonical(brainToFloat(a)); }
};
struct S32ToS64 {
  static i64 apply(i32 a) { return a; }
};
struct U32ToU64 {
  static u64 apply(u32 a) { return a; }
};
struct U64ToU32 {
  static u32 apply(u64 a) { return u32(a); }
};
struct Low16 {
  static u32 apply(u32 a) { return a & 0xffff; }
};
struct Low8 {
  static u32 apply(u32 a) { return a & 0xff; }
};
struct S16ToS32 {
  static i32 apply(i16 a) { return a; }
};
struct F32ToF64 {
  static double apply(float a) { return a; }
};
struct S8ToS32 {
  static i32 apply(u32 a) { return i8(a); }
};
struct S32ToF64 {
  static double apply(i32 a) { return a; }
};
struct U32ToF64 {
  static double apply(u32 a) { return a; }
};
struct F64ToF32 {
  static float apply(double a) { return canonical(float(a)); }
};
template <Rounding kMode, bool kFtz> inline float integral(float x) {
  x = in1<kFtz>(x);
  switch (kMode) {
  case Rounding::Zero: return std::trunc(x);
  case Rounding::Down: return std::floor(x);
  case Rounding::Up: return std::ceil(x);
  default: return std::nearbyint(x);
  }
}
template <Rounding kMode, bool kFtz> struct Integral {
  static float apply(float a) { return canonical(integral<kMode, kFtz>(a)); }
};
template <Rounding kMode, bool kFtz> struct F32ToS32 {
  static i32 apply(float a) {
    a = integral<kMode, kFtz>(a);
    bool inside = a >= -2147483648.0f && a < 2147483648.0f;
    i32 r = i32(inside ? a : 0.0f);
    return a >= 2147483648.0f ? INT32_MAX : a < -2147483648.0f ? INT32_MIN : r;
  }
};
template <Rounding kMode, bool kFtz> struct F32ToU32 {
  static u32 apply(float a) {
    a = integral<kMode, kFtz>(a);
    bool inside = a > 0.0f && a < 4294967296.0f;
    u32 r = u32(i64(inside ? a : 0.0f));
    return a >= 4294967296.0f ? ~0u : r;
  }
};
/// The handler for the plan's rounding and flushing.
template <typename D, template <Rounding, bool> class Op>
Handler pickRounding(const Plan &p) {
  constexpr Handler table[] = {
      unary<D, float, Op<Rounding::Nearest, false>>, unary<D, float, Op<Rounding::Zero, false>>,
      unary<D, float, Op<Rounding::Down, false>>,    unary<D, float, Op<Rounding::Up, false>>,
      unary<D, float, Op<Rounding::Nearest, true>>,  unary<D, float, Op<Rounding::Zero, true>>,
      unary<D, float, Op<Rounding::Down, true>>,     unary<D, float, Op<Rounding::Up, true>>};
  return p.rounding <= Rounding::Up ? table[u32(p.rounding) + 4 * p.ftz] : nullptr;
}

Handler quick(const Plan &p) {
  if (p.sat || p.relu || p.satfinite)
    return nullptr;
  bool narrow = p.toBytes <= 4 && p.fromBytes <= 4;
  bool nearest = p.rounding == Rounding::Nearest;
  if (p.from == Ty::F32 && narrow) {
    if (p.to == Ty::S32)
      return pickRounding<i32, F32ToS32>(p);
    if (p.to == Ty::U32)
      return pickRounding<u32, F32ToU32>(p);
    if (p.to == Ty::F32 && p.integral)
      return pickRounding<float, Integral>(p);
  }
  if (p.ftz)
    return nullptr;
  if (p.to == Ty::F32 && p.from == Ty::S32 && nearest && narrow)
    return unary<float, i32, S32ToF32>;
  if (p.to == Ty::F32 && p.from == Ty::U32 && nearest && narrow)
    return unary<float, u32, U32ToF32>;
  if (p.to == Ty::F16 && p.from == Ty::F32 && nearest && narrow && !p.integral)
    return unary<u16, float, F32ToF16>;
  if (p.to == Ty::BF16 && p.from == Ty::F32 && nearest && narrow && !p.integral)
    return unary<u16, float, F32ToBF16>;
  if (p.to == Ty::F32 && p.from == Ty::F16 && narrow && !p.integral)
    return unary<float, u16, F16ToF32>;
  if (p.to == Ty::F32 && p.from == Ty::BF16 && narrow && !p.integral)
    return unary<float, u16, BF16ToF32>;
  if (p.to == Ty::F64 && p.from == Ty::F32 && p.fromBytes == 4 && !p.integral)
    return unary<double, float, F32ToF64>;
  if (p.to == Ty::F32 && p.from == Ty::F64 && nearest && p.toBytes == 4 && !p.integral)
    return unary<float, double, F64ToF32>;
  if (p.to == Ty::F64 && p.fromBytes == 4 && p.from == Ty::S32)
    return unary<double, i32, S32ToF64>;
  if (p.to == Ty::F64 && p.fromBytes == 4 && p.from == Ty::U32)
    return unary<double, u32, U32ToF64>;
  bool toInt = !isFloat(p.to), fromInt = !isFloat(p.from);
  if (!toInt || !fromInt)
    return nullptr;
  if (sizeOf(p.to) == 8 && p.fromBytes == 4 && p.toBytes == 8 && sizeOf(p.from) == 4)
    return isSigned(p.from) ? unary<i64, i32, S32ToS64> : unary<u64, u32, U32ToU64>;
  if (sizeOf(p.to) == 4 && p.fromBytes == 8 && p.toBytes == 4 && sizeOf(p.from) == 8)
    return unary<u32, u64, U64ToU32>;
  if (p.from == Ty::S8 && narrow && p.toBytes == 4 && sizeOf(p.to) == 4)
    return unary<i32, u32, S8ToS32>;
  // A narrow signed result fills its register with its sign.
  if (!narrow || (isSigned(p.to) && sizeOf(p.to) < p.toBytes && sizeOf(p.to) <= sizeOf(p.from)))
    return nullptr;
  if (p.from == Ty::S16 && p.toBytes == 4 && sizeOf(p.to) == 4)
    return unary<i32, i16, S16ToS32>;
  if ((p.from == Ty::U16 && sizeOf(p.to) >= 2) || (p.to == Ty::U16 && sizeOf(p.from) >= 2))
    return unary<u32, u32, Low16>;
  if (p.from == Ty::U8 || p.to == Ty::U8)
    return unary<u32, u32, Low8>;
  return nullptr;
}

// Two floats into one register: d = {a in the upper half, b in the lower}.
void packTwo(Warp &w, const Inst &in, u32 mask) {
  Plan plan = planOf(in);
  const float *a = w.at<float>(in.a), *b = w.at<float>(in.b);
  u32 t[kLanes];
  auto one = [&](float x) -> u32 {
    double v = x;
    if (plan.relu && !(v > 0) && v == v)
      v = 0;
    switch (plan.to) {
    case Ty::F16x2: return roundTo(kF16, v, plan.rounding, plan.satfinite);
    case Ty::BF16x2: return roundTo(kBF16, v, plan.rounding, plan.satfinite);
    case Ty::E4M3x2: return roundTo(kE4M3, v, plan.rounding, true);
    default: return roundTo(kE5M2, v, plan.rounding, true);
    }
  };
  u32 width = plan.to == Ty::F16x2 || plan.to == Ty::BF16x2 ? 16 : 8;
  if (width == 16 && plan.rounding == Rounding::Nearest && !plan.relu && !plan.satfinite) {
    if (plan.to == Ty::F16x2) {
      HADAL_LANES
      for (u32 i = 0; i < kLanes; ++i)
        t[i] = u32(floatToHalf(a[i])) << 16 | floatToHalf(b[i]);
    } else {
      HADAL_LANES
      for (u32 i = 0; i < kLanes; ++i)
        t[i] = u32(floatToBrain(a[i])) << 16 | floatToBrain(b[i]);
    }
  } else {
    for (u32 i = 0; i < kLanes; ++i)
      t[i] = mask >> i & 1 ? one(a[i]) << width | one(b[i]) : 0;
  }
  commit(w.at<u32>(in.d), t, mask);
}

// f16x2 to a pair of 8-bit floats and back.
void convertPair(Warp &w, const Inst &in, u32 mask) {
  Plan plan = planOf(in);
  const u32 *a = w.at<u32>(in.a);
  u32 t[kLanes];
  for (u32 i = 0; i < kLanes; ++i) {
    u32 r = 0;
    for (u32 half = 0; half < 2; ++half) {
      if (plan.to == Ty::F16x2) {
        u8 v = u8(a[i] >> (8 * half));
        float x = plan.from == Ty::E4M3x2 ? e4m3ToFloat(v) : e5m2ToFloat(v);
        if (plan.relu && !(x > 0) && x == x)
          x = 0;
        r |= u32(floatToHalf(x)) << (16 * half);
      } else {
        double x = halfToFloat(u16(a[i] >> (16 * half)));
        if (plan.relu && !(x > 0) && x == x)
          x = 0;
        r |= roundTo(plan.to == Ty::E4M3x2 ? kE4M3 : kE5M2, x, plan.rounding, true) << (8 * half);
      }
    }
    t[i] = r;
  }
  commit(w.at<u32>(in.d), t, mask);
}

// cvt.pack: two 32-bit integers saturated into the low part of d.
void packIntegers(Warp &w, const Inst &in, u32 mask) {
  u32 bits = u32(in.imm & 255);
  bool s = in.imm >> 8;
  const u32 *a = w.at<u32>(in.a), *b = w.at<u32>(in.b), *c = w.at<u32>(in.c);
  u32 *d = w.at<u32>(in.d), t[kLanes];
  i64 least = s ? -(i64(1) << (bits - 1)) : 0;
  i64 most = s ? (i64(1) << (bits - 1)) - 1 : (i64(1) << bits) - 1;
  auto clampTo = [&](u32 raw) {
    i64 x = in.flags & kSignedA ? i64(i32(raw)) : i64(raw);
    x = x < least ? least : x > most ? most : x;
    return u32(x) & ((1u << bits) - 1);
  };
  for (u32 i = 0; i < kLanes; ++i) {
    u32 pair = clampTo(a[i]) << bits | clampTo(b[i]);
    t[i] = bits == 16 ? pair : (c[i] << (2 * bits)) | pair;
  }
  commit(d, t, mask);
}

bool decodePack(Decoder &d) {
  d.mod("sat");
  int to = d.modOf("u16 s16 u8 s8 u4 s4 u2 s2");
  Ty from = d.type();
  if ((from != Ty::S32 && from != Ty::U32) || to < 0)
    return d.fail("expected two integer types, the second s32 or u32");
  u32 bits = 16u >> (to / 2);
  d.out.run = packIntegers;
  d.out.cls = Class::Convert;
  d.out.imm = bits | u64(to & 1) << 8;
  d.out.dw = d.out.aw = d.out.bw = d.out.cw = 4;
  if (from == Ty::S32)
    d.out.flags |= kSignedA;
  // Narrow results are pushed into c, whose type is named.
  bool hasC = bits != 16;
  if (hasC)
    d.mod("b32");
  if (!d.finish(hasC ? 4 : 3) || !d.src(1, from, d.out.a) || !d.src(2, from, d.out.b) ||
      (hasC && !d.src(3, Ty::B32, d.out.c)))
    return false;
  return d.dst(0, Ty::B32, d.out.d);
}

/// Leaves the plan in the instruction, as planOf finds it.
void setPlan(Inst &out, const Plan &p) {
  out.dw = p.toBytes;
  out.imm = u64(p.to) | u64(p.from) << 8 | u64(p.rounding) << 16 | u64(p.fromBytes) << 24 |
            u64(u32(p.integral) | u32(p.ftz) << 1 | u32(p.sat) << 2 | u32(p.relu) << 3 |
                u32(p.satfinite) << 4)
                << 32;
}

bool isPair(Ty type) {
  return type == Ty::F16x2 || type == Ty::BF16x2 || type == Ty::E4M3x2 || type == Ty::E5M2x2;
}

/// Conversions to pairs.
bool decodeToPair(Decoder &d, Plan &p) {
  if (p.from == Ty::F32) {
    p.toBytes = p.fromBytes = 4;
    setPlan(d.out, p);
    d.out.dw = u8(sizeOf(p.to));
    d.out.aw = d.out.bw = 4;
    d.out.run = packTwo;
    return d.finish(3) && d.src(1, Ty::F32, d.out.a) && d.src(2, Ty::F32, d.out.b) &&
           d.dst(0, p.to, d.out.d);
  }
  bool fromEight = p.from == Ty::E4M3x2 || p.from == Ty::E5M2x2;
  if (!(p.to == Ty::F16x2 && fromEight) && !(p.from == Ty::F16x2 && sizeOf(p.to) == 2))
    return d.fail("these types cannot be converted");
  p.toBytes = p.fromBytes = 4;
  setPlan(d.out, p);
  return simple1(d, convertPair, Class::Convert, p.to, p.from);
}

/// PTX demands a rounding where a float result may be inexact, and an integer
/// rounding for results that are integers.
bool checkRounding(Decoder &d, const Plan &p, bool isDirect) {
  bool toFloat = isFloat(p.to), fromFloat = isFloat(p.from);
  if (fromFloat && !toFloat && !p.integral)
    return d.fail("expected .rni, .rzi, .rmi or .rpi");
  if (!fromFloat && toFloat && !isDirect)
    return d.fail("expected .rn, .rz, .rm or .rp");
  if (!fromFloat && !toFloat && (isDirect || p.integral))
    return d.fail("no rounding between integers");
  if (fromFloat && toFloat && sizeOf(p.to) < sizeOf(p.from) && !isDirect)
    return d.fail("expected .rn, .rz, .rm or .rp");
  return true;
}

/// How undefined bits pass between integers: only those of the narrower type count.
void setIntegerShadow(Inst &out, const Plan &p) {
  out.shadow = isSigned(p.from) ? Shadow::CopySigned : Shadow::Copy;
  if (sizeOf(p.from) < p.fromBytes)
    out.aw = p.fromBytes == 8 ? 8 : u8(sizeOf(p.from));
  if (sizeOf(p.to) < p.toBytes && sizeOf(p.to) < sizeOf(p.from))
    out.shadow = Shadow::Truncate;
  out.aux = sizeOf(p.to) | u32(isSigned(p.to)) << 8;
}

bool decodeCvt(Decoder &d) {
  if (d.mod("pack"))
    return decodePack(d);
  Plan p{};
  int integral = d.modOf("rni rzi rmi rpi");
  int direct = d.modOf("rn rz rm rp rna");
  p.ftz = d.mod("ftz");
  p.relu = d.mod("relu");
  p.satfinite = d.mod("satfinite");
  p.sat = d.mod("sat");
  p.to = d.type();
  p.from = d.type();
  if (p.to == Ty::None || p.from == Ty::None)
    return d.fail("expected two types");
  if (p.to == Ty::Pred || p.from == Ty::Pred)
    return d.fail("predicates cannot be converted");
  p.integral = integral >= 0;
  p.rounding = integral >= 0 ? Rounding(integral)
               : direct >= 0 ? Rounding(direct)
                             : Rounding::Nearest;
  d.out.cls = Class::Convert;
  if (isPair(p.to))
    return decodeToPair(d, p);
  if (isPair(p.from) || p.from == Ty::TF32 || (p.to == Ty::TF32 && p.from != Ty::F32))
    return d.fail("these types cannot be converted");
  if (!checkRounding(d, p, direct >= 0) || !d.finish(2))
    return false;
  Ty fromReg = d.registerType(d.operand(1)), toReg = d.registerType(d.operand(0));
  p.fromBytes = u8(fromReg == Ty::None ? sizeOf(p.from) : sizeOf(fromReg));
  p.toBytes = u8(toReg == Ty::None ? sizeOf(p.to) : sizeOf(toReg));
  if (p.fromBytes < sizeOf(p.from) || p.toBytes < sizeOf(p.to))
    return d.fail("a register is narrower than its type");
  if (p.fromBytes > 8 || p.toBytes > 8)
    return d.fail("expected registers of at most 64 bits");
  setPlan(d.out, p);
  d.out.aw = p.fromBytes;
  if (p.toBytes == 0 || p.fromBytes == 0)
    return d.fail("expected registers with a size");
  Handler fast = quick(p);
  d.out.run = fast ? fast : convert;
  d.out.shadow = Shadow::All;
  if (!isFloat(p.to) && !isFloat(p.from) && !p.sat)
    setIntegerShadow(d.out, p);
  return d.src(1, p.from, d.out.a, true) && d.dst(0, p.to, d.out.d, true);
}

const OpRow kRows[] = {{"cvt", decodeCvt}};
} // namespace

const Level::Table kConvertTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
