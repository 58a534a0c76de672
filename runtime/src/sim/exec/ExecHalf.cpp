// SPDX-License-Identifier: Apache-2.0
// Arithmetic on f16, bf16 and their pairs.
#include "sim/exec/SmallFloat.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

/// The float next to a double, rounded to odd: a second rounding to a format of
/// at most 22 bits then gives the correctly rounded result.
inline float toOddFloat(double x) {
  float f = float(x);
  u32 bits = bitsAs<u32>(f);
  double back = f;
  bool exact = back == x || x != x || (bits & 1) || (bits & 0x7f800000) == 0x7f800000;
  bool low = std::fabs(back) < std::fabs(x);
  return exact ? f : bitsAs<float>(low ? bits + 1 : bits - 1);
}

struct Half {
  static float load(u16 v) { return halfToFloat(v); }
  static u16 store(float x) { return floatToHalf(x); }
  static u16 store(double x) { return floatToHalf(toOddFloat(x)); }
  static constexpr u16 kLeast = 0x0400; // smallest normal
  static constexpr u16 kOne = 0x3c00;
};
struct Brain {
  static float load(u16 v) { return brainToFloat(v); }
  static u16 store(float x) { return floatToBrain(x); }
  static u16 store(double x) { return floatToBrain(toOddFloat(x)); }
  static constexpr u16 kLeast = 0x0080;
  static constexpr u16 kOne = 0x3f80;
};
constexpr u16 kNaN16 = 0x7fff;

template <typename F> bool isNaN(u16 v) {
  float x = F::load(v);
  return x != x;
}
template <typename F> u16 flush16(u16 v) { return (v & 0x7fff) < F::kLeast ? u16(v & 0x8000) : v; }

// Bits of Inst::aux.
enum : u32 { kFtz = 1, kSat = 2, kRelu = 4, kNaN = 8, kXorSign = 16 };

template <typename F> u16 finishLane(u16 v, u32 how) {
  if (how & kFtz)
    v = flush16<F>(v);
  if (how & kSat) {
    if (isNaN<F>(v) || (v & 0x8000))
      return 0;
    return v > F::kOne ? F::kOne : v;
  }
  if ((how & kRelu) && (v & 0x8000) && !isNaN<F>(v))
    return 0;
  return v;
}

template <typename F, Arith kOp> u16 lane(u16 a, u16 b, u16 c, u32 how) {
  if constexpr (kOp == Arith::Neg || kOp == Arith::Abs) {
    if (how & kFtz)
      a = flush16<F>(a);
    if (isNaN<F>(a))
      return kNaN16;
    return kOp == Arith::Neg ? a ^ 0x8000 : a & 0x7fff;
  }
  if (how & kFtz) {
    a = flush16<F>(a);
    b = flush16<F>(b);
    c = flush16<F>(c);
  }
  if constexpr (kOp == Arith::Min || kOp == Arith::Max) {
    u16 sign = 0;
    if (how & kXorSign) {
      sign = (a ^ b) & 0x8000;
      a &= 0x7fff;
      b &= 0x7fff;
    }
    float x = F::load(a), y = F::load(b);
    bool na = x != x, nb = y != y;
    bool less = x < y || (x == y && (a & 0x8000) > (b & 0x8000));
    u16 r = less == (kOp == Arith::Max) ? b : a;
    r = na ? b : nb ? a : r;
    r = finishLane<F>(u16(r | sign), how);
    bool none = (na && nb) || ((how & kNaN) && (na || nb));
    return none ? kNaN16 : r;
  }
  float x = F::load(a), y = F::load(b), z = F::load(c);
  u16 r;
  if constexpr (std::is_same_v<F, Half>) {
    // Sums and products of f16 are close enough in f32, and products exact.
    if constexpr (kOp == Arith::Add)
      r = F::store(x + y);
    else if constexpr (kOp == Arith::Sub)
      r = F::store(x - y);
    else if constexpr (kOp == Arith::Mul)
      r = F::store(x * y);
    else
      r = F::store(addToOdd(x * y, z));
  } else {
    if constexpr (kOp == Arith::Add)
      r = F::store(addToOdd(double(x), double(y)));
    else if constexpr (kOp == Arith::Sub)
      r = F::store(addToOdd(double(x), -double(y)));
    else if constexpr (kOp == Arith::Mul)
      r = F::store(double(x) * double(y));
    else
      r = F::store(addToOdd(double(x) * double(y), double(z)));
  }
  return finishLane<F>(r, how);
}

template <typename F, Arith kOp, bool kPair>
void half(Warp &w, const Inst &in, u32 mask) {
  const u32 *a = w.at<u32>(in.a), *b = w.at<u32>(in.b), *c = w.at<u32>(in.c);
  u32 t[kLanes];
  auto one = [&](u32 i, u32 how) {
    u32 r = lane<F, kOp>(u16(a[i]), u16(b[i]), u16(c[i]), how);
    if constexpr (kPair)
      r |= u32(lane<F, kOp>(u16(a[i] >> 16), u16(b[i] >> 16), u16(c[i] >> 16), how)) << 16;
    return r;
  };
  if (in.aux == 0) { // without modifiers, in vector code
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      t[i] = one(i, 0);
  } else {
    for (u32 i = 0; i < kLanes; ++i)
      t[i] = one(i, in.aux);
  }
  commit(w.at<u32>(in.d), t, mask);
}

template <Arith kOp> Handler pick(Ty type) {
  switch (type) {
  case Ty::F16: return half<Half, kOp, false>;
  case Ty::F16x2: return half<Half, kOp, true>;
  case Ty::BF16: return half<Brain, kOp, false>;
  default: return half<Brain, kOp, true>;
  }
}

template <typename F, bool kPair>
void function(Warp &w, const Inst &in, u32 mask) {
  auto f = reinterpret_cast<float (*)(float)>(uintptr_t(in.imm));
  const u32 *a = w.at<u32>(in.a);
  u32 t[kLanes];
  auto flushed = [&](u16 v) { return in.aux & kFtz ? flush16<F>(v) : v; };
  for (u32 i = 0; i < kLanes; ++i) {
    t[i] = F::store(f(F::load(flushed(u16(a[i])))));
    if constexpr (kPair)
      t[i] |= u32(F::store(f(F::load(flushed(u16(a[i] >> 16)))))) << 16;
  }
  commit(w.at<u32>(in.d), t, mask);
}

} // namespace

bool decodeHalfFunction(Decoder &d, Ty type, float (*f)(float)) {
  d.out.aux = d.mod("ftz") ? kFtz : 0;
  if (type == Ty::F16 || type == Ty::F16x2)
    d.out.aux = 0; // only .ftz.bf16 flushes, and bf16 has the range of f32
  d.out.imm = u64(uintptr_t(f));
  Handler run = type == Ty::F16     ? function<Half, false>
                : type == Ty::F16x2 ? function<Half, true>
                : type == Ty::BF16  ? function<Brain, false>
                                    : function<Brain, true>;
  return simple1(d, run, Class::Special, type, type);
}

bool decodeHalf(Decoder &d, Arith op, Ty type) {
  u32 how = d.mod("ftz") ? u32(kFtz) : 0;
  d.mod("rn");
  if (d.mod("sat"))
    how |= kSat;
  if (d.mod("relu"))
    how |= kRelu;
  if (op == Arith::Min || op == Arith::Max) {
    if (d.mod("NaN"))
      how |= kNaN;
    if (d.mod("xorsign")) {
      d.mod("abs");
      how |= kXorSign;
    }
  }
  d.out.aux = how;
  switch (op) {
  case Arith::Add: return simple2(d, pick<Arith::Add>(type), Class::Float16, type, type, type);
  case Arith::Sub: return simple2(d, pick<Arith::Sub>(type), Class::Float16, type, type, type);
  case Arith::Mul: return simple2(d, pick<Arith::Mul>(type), Class::Float16, type, type, type);
  case Arith::Min: return simple2(d, pick<Arith::Min>(type), Class::Float16, type, type, type);
  case Arith::Max: return simple2(d, pick<Arith::Max>(type), Class::Float16, type, type, type);
  case Arith::Fma:
    return simple3(d, pick<Arith::Fma>(type), Class::Float16, type, type, type, type);
  case Arith::Abs: return simple1(d, pick<Arith::Abs>(type), Class::Float16, type, type);
  case Arith::Neg: return simple1(d, pick<Arith::Neg>(type), Class::Float16, type, type);
  default: return d.fail(format("type %s is not supported", typeName(type)));
  }
}

const Level::Table kHalfTable = {nullptr, 0};

} // namespace hadal::HADAL_SIM_LEVEL
