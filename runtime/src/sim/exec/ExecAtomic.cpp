// SPDX-License-Identifier: Apache-2.0
// atom and red on global and shared memory.
#include "sim/exec/MemoryAccess.h"
#include "sim/exec/SmallFloat.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

enum class Rmw : u8 { And, Or, Xor, Cas, Exch, Add, Inc, Dec, Min, Max };

template <typename T> T integerRmw(Rmw op, T old, T b, T c) {
  using U = std::make_unsigned_t<T>;
  switch (op) {
  case Rmw::And: return old & b;
  case Rmw::Or: return old | b;
  case Rmw::Xor: return old ^ b;
  case Rmw::Cas: return old == b ? c : old;
  case Rmw::Exch: return b;
  case Rmw::Add: return T(U(old) + U(b));
  case Rmw::Inc: return old >= b ? T(0) : T(old + 1);
  case Rmw::Dec: return old == 0 || old > b ? b : T(old - 1);
  case Rmw::Min: return old < b ? old : b;
  case Rmw::Max: return old > b ? old : b;
  }
  return old;
}
float addFloat(float a, float b, bool ftz) {
  if (ftz)
    return flush(canonical(flush(a) + flush(b)));
  return canonical(a + b);
}
u16 half16(Rmw op, bool brain, u16 a, u16 b) {
  auto load = [&](u16 v) { return brain ? brainToFloat(v) : halfToFloat(v); };
  if (op == Rmw::Add)
    return brain
               ? u16(roundTo(kBF16, addToOdd(double(load(a)), double(load(b))), Rounding::Nearest))
               : floatToHalf(load(a) + load(b));
  float x = load(a), y = load(b);
  if (x != x)
    return y != y ? u16(0x7fff) : b;
  if (y != y)
    return a;
  bool less = x < y || (x == y && (a & 0x8000) > (b & 0x8000));
  return less == (op == Rmw::Max) ? b : a;
}

/// New value of the bits `old`. aux: op | type << 8; flags: ftz.
template <typename U> U apply(const Inst &in, U old, U b, U c) {
  auto op = Rmw(in.aux & 255);
  switch (Ty(in.aux >> 8 & 255)) {
  case Ty::S32: return U(u32(integerRmw<i32>(op, i32(old), i32(b), i32(c))));
  case Ty::S64: return U(integerRmw<i64>(op, i64(old), i64(b), i64(c)));
  case Ty::F32:
    return U(
        bitsAs<u32>(addFloat(bitsAs<float>(u32(old)), bitsAs<float>(u32(b)), in.flags & kNegateC)));
  case Ty::F64: return U(bitsAs<u64>(bitsAs<double>(u64(old)) + bitsAs<double>(u64(b))));
  case Ty::F16: return U(half16(op, false, u16(old), u16(b)));
  case Ty::BF16: return U(half16(op, true, u16(old), u16(b)));
  case Ty::F16x2:
  case Ty::BF16x2: {
    bool brain = Ty(in.aux >> 8 & 255) == Ty::BF16x2;
    u32 lo = half16(op, brain, u16(old), u16(b)),
        hi = half16(op, brain, u16(u32(old) >> 16), u16(u32(b) >> 16));
    return U(lo | hi << 16);
  }
  default: return integerRmw<U>(op, old, b, c);
  }
}

/// M: the bits in memory; S: the register's.
template <typename M, typename S>
void atomic(Warp &w, const Inst &in, u32 mask) {
  w.polls = true;
  Space space = Space(in.aux >> 16 & 255);
  bool returns = in.d != kNoOperand;
  forEachSpace(w, in, mask, space, u32(sizeof(M)), AccessKind::Atomic, [&](Access &access) {
    const S *b = w.at<S>(in.b), *c = w.at<S>(in.c);
    S old[kLanes] = {};
    for (u32 rest = access.mask; rest; rest &= rest - 1) {
      u32 i = firstLane(rest);
      u8 *host = access.at(i), *shadow = access.shadowAt(i);
      M before, after;
      if (w.launch->concurrent && access.space == Space::Global) {
        M *at = reinterpret_cast<M *>(host);
        before = __atomic_load_n(at, __ATOMIC_ACQUIRE);
        do
          after = apply<M>(in, before, M(b[i]), M(c[i]));
        while (!__atomic_compare_exchange_n(at, &before, after, false, __ATOMIC_ACQ_REL,
                                            __ATOMIC_ACQUIRE));
      } else {
        memcpy(&before, host, sizeof(M));
        after = apply<M>(in, before, M(b[i]), M(c[i]));
        memcpy(host, &after, sizeof(M));
      }
      w.progress |= before != after;
      if (in.spin)
        w.changed |= before != after;
      old[i] = S(before);
          // What is there decides the result, but for an exchange.
      u64 bits = 0;
      if (shadow && access.mayBeUndefined)
        memcpy(&bits, shadow, sizeof(M));
      if (bits || w.tracking) {
        u64 operand =
            undefinedBits(w, in.b, u32(sizeof(S)), i) | undefinedBits(w, in.c, u32(sizeof(S)), i);
        u64 result = Rmw(in.aux & 255) == Rmw::Exch ? operand : bits | operand ? ~u64(0) : 0;
        if (shadow && (bits || result)) {
          u8 bytes[8];
          memcpy(bytes, &result, 8);
          storeShadow(w, access, i, bytes);
        }
        if (returns)
          setUndefinedBits(w, in.d, u32(sizeof(S)), i, bits ? ~u64(0) : 0);
      }
    }
    if (returns)
      commit(w.at<S>(in.d), old, access.mask);
    return true;
  });
}

/// Elements side by side, each read and written for itself. list: destinations,
/// then sources; count: of both; dw: bytes of an element.
template <typename M>
void atomicVector(Warp &w, const Inst &in, u32 mask) {
  w.polls = true;
  u32 elements = in.dw / u32(sizeof(M));
  const u32 *refs = w.launch->program->pool.data() + in.list;
  bool returns = in.count > elements;
  const u32 *sources = refs + (returns ? elements : 0);
  forEachSpace(w, in, mask, Space(in.aux >> 16 & 255), in.dw, AccessKind::Atomic,
               [&](Access &access) {
                 for (u32 rest = access.mask; rest; rest &= rest - 1) {
                   u32 i = firstLane(rest);
                   u8 shadows[16] = {};
                   bool undefined = false;
                   for (u32 e = 0; e < elements; ++e) {
                     M before, after;
                     M *at = reinterpret_cast<M *>(access.at(i)) + e;
                     M operand = M(w.at<u32>(sources[e])[i]);
                     before = __atomic_load_n(at, __ATOMIC_ACQUIRE);
                     do
                       after = apply<M>(in, before, operand, M(0));
                     while (!__atomic_compare_exchange_n(at, &before, after, false,
                                                         __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
                     w.progress |= before != after;
                     if (in.spin)
                       w.changed |= before != after;
                     u64 bits = 0;
                     if (access.mayBeUndefined && access.shadowAt(i))
                       memcpy(&bits, access.shadowAt(i) + e * sizeof(M), sizeof(M));
                     bool spoilt = bits || (w.tracking && undefinedBits(w, sources[e], 4, i));
                     memset(shadows + e * sizeof(M), spoilt ? 0xff : 0, sizeof(M));
                     undefined |= spoilt;
                     if (returns) {
                       w.at<u32>(refs[e])[i] = u32(before);
                       if (bits || w.tracking)
                         setUndefinedBits(w, refs[e], 4, i, bits ? ~u64(0) : 0);
                     }
                   }
                   if (undefined)
                     storeShadow(w, access, i, shadows);
                 }
                 return true;
               });
}

// atom.cas and atom.exch of 128 bits.
void atomic128(Warp &w, const Inst &in, u32 mask) {
  w.polls = true;
  static std::atomic_flag busy = ATOMIC_FLAG_INIT;
  forEachSpace(w, in, mask, Space(in.aux >> 16 & 255), 16, AccessKind::Atomic, [&](Access &access) {
    while (busy.test_and_set(std::memory_order_acquire))
      ;
    for (u32 rest = access.mask; rest; rest &= rest - 1) {
      u32 i = firstLane(rest);
      u8 *host = access.at(i);
      U128 old, b = w.at<U128>(in.b)[i], c = w.at<U128>(in.c)[i];
      memcpy(&old, host, 16);
      bool exchange = Rmw(in.aux & 255) == Rmw::Exch;
      U128 next = exchange ? b : old.lo == b.lo && old.hi == b.hi ? c : old;
      memcpy(host, &next, 16);
      w.progress = true;
      w.changed = true;
      w.at<U128>(in.d)[i] = old;
    }
    if (w.tracking)
      *w.flags(in.d) &= ~access.mask;
    busy.clear(std::memory_order_release);
    return true;
  });
}

/// Of vectors, sums of f32, and sums and extremes of 16-bit floats.
bool decodeVector(Decoder &d, bool returns, Rmw op, Ty type, u32 count) {
  u32 bytes = sizeOf(type) * count;
  bool good = type == Ty::F32
                  ? op == Rmw::Add
                  : isHalf(type) && (op == Rmw::Add || op == Rmw::Min || op == Rmw::Max);
  if (!good)
    return d.fail(format("this operation is not defined for vectors of %s", typeName(type)));
  if (bytes > 16)
    return d.fail(format("expected a vector of at most 16 bytes, got %u", bytes));
  size_t first = returns ? 1 : 0;
  auto sources = d.elements(first + 1);
  auto results = returns ? d.elements(0) : std::vector<const Operand *>();
  if (sources.size() != count || (returns && results.size() != count))
    return d.fail(format("expected %u elements, got %zu", count, sources.size()));
  std::vector<u32> refs;
  for (const Operand *result : results) {
    refs.emplace_back();
    if (!d.dstOf(*result, type, refs.back()))
      return false;
  }
  for (const Operand *source : sources) {
    refs.emplace_back();
    if (!d.srcOf(*source, type, refs.back()))
      return false;
  }
  d.setList(refs);
  d.out.dw = u8(bytes);
  d.out.run = sizeOf(type) == 2 ? atomicVector<u16> : atomicVector<u32>;
  return true;
}

bool decodeAtomic(Decoder &d, bool returns) {
  // What the race check of global memory calls the order.
  constexpr u8 orders[] = {2, 2, 3, 4, 6};
  u8 order = orders[d.modOf("relaxed acquire release acq_rel") + 1];
  int scope = d.modOf("cta cluster gpu sys");
  Space space = Space::Generic;
  int where = d.modOf("global shared shared::cta shared::cluster");
  if (where >= 0)
    space = where == 0 ? Space::Global : Space::Shared;
  int op = d.modOf("and or xor cas exch add inc dec min max");
  bool ftz = !d.mod("noftz");
  bool hint = d.mod("L2::cache_hint");
  int vector = d.modOf("v2 v4 v8");
  if (op < 0)
    return d.fail("expected an operation");
  if (vector >= 0 && !d.needsTarget(90))
    return false;
  Ty type;
  if (!d.wantType(type))
    return false;
  auto rmw = Rmw(op);
  u32 bytes = sizeOf(type);
  bool good;
  switch (rmw) {
  case Rmw::And:
  case Rmw::Or:
  case Rmw::Xor: good = type == Ty::B32 || type == Ty::B64; break;
  case Rmw::Cas:
    good = type == Ty::B16 || type == Ty::B32 || type == Ty::B64 || type == Ty::B128 ||
           type == Ty::U32 || type == Ty::U64 || type == Ty::S32 || type == Ty::S64;
    break;
  case Rmw::Exch: good = bytes >= 4 && type != Ty::F16x2 && type != Ty::BF16x2; break;
  case Rmw::Add:
    good = type == Ty::U32 || type == Ty::S32 || type == Ty::U64 || type == Ty::S64 ||
           isHalf(type) || type == Ty::F32 || type == Ty::F64;
    break;
  case Rmw::Inc:
  case Rmw::Dec: good = type == Ty::U32; break;
  default:
    good = type == Ty::U32 || type == Ty::S32 || type == Ty::U64 || type == Ty::S64 || isHalf(type);
  }
  if (!good)
    return d.fail(format("this operation is not defined for type %s", typeName(type)));
  if (!returns && (rmw == Rmw::Cas || rmw == Rmw::Exch))
    return d.fail("this operation returns a value");
  size_t first = returns ? 1 : 0;
  size_t operands = first + 2 + (rmw == Rmw::Cas) + hint;
  if (!d.finish(operands) || !d.address(first, space))
    return false;
  // atom to the frame's memory makes no sense to PTX either.
  if (space == Space::Local || space == Space::Const || space == Space::Param)
    return d.fail("expected global or shared memory");
  d.out.cls = Class::Atomic;
  d.out.shadow = Shadow::Own;
  // An exchange or comparison of floats is one of bits.
  Ty as = rmw == Rmw::Exch || rmw == Rmw::Cas ? (bytes == 2   ? Ty::B16
                                                 : bytes == 4 ? Ty::B32
                                                              : Ty::B64)
                                              : type;
  d.out.aux = u32(op) | u32(as) << 8 | u32(space) << 16;
  d.out.dw = u8(bytes);
  d.out.bw = order;
  d.out.cw = u8(scope + 1);
  // f32 in global memory flushes subnormals; in shared memory it does not.
  if (type == Ty::F32 && ftz && space != Space::Shared)
    d.out.flags |= kNegateC;
  if (vector >= 0)
    return space == Space::Shared ? d.fail("vectors are for global memory")
                                  : decodeVector(d, returns, rmw, type, 2u << vector);
  d.out.run = bytes == 2   ? atomic<u16, u32>
              : bytes == 4 ? atomic<u32, u32>
              : bytes == 8 ? atomic<u64, u64>
                           : atomic128;
  if (!d.src(first + 1, type, d.out.b) || (rmw == Rmw::Cas && !d.src(first + 2, type, d.out.c)))
    return false;
  return !returns || d.dst(0, type, d.out.d);
}
bool decodeAtom(Decoder &d) { return decodeAtomic(d, true); }
bool decodeRed(Decoder &d) { return decodeAtomic(d, false); }

const OpRow kRows[] = {{"atom", decodeAtom}, {"red", decodeRed}};
} // namespace

const Level::Table kAtomicTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
