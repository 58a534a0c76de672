// SPDX-License-Identifier: Apache-2.0
// Loads and stores.
#include "sim/exec/LaneMath.h"
#include "sim/exec/MemoryAccess.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

// aux: bytes of an element | elements << 8 | state space << 16.
u32 elementBytes(const Inst &in) { return in.aux & 255; }
u32 elementCount(const Inst &in) { return in.aux >> 8 & 255; }
Space spaceOfInst(const Inst &in) { return Space(in.aux >> 16 & 255); }

/// The reference of element `e`: single elements are not in the pool.
u32 elementRef(const Warp &w, const Inst &in, u32 single, u32 e) {
  return in.count ? w.launch->program->pool[in.list + e] : single;
}

template <typename S, typename M> inline S widen(M value) {
  if constexpr (std::is_signed_v<M>)
    return S(std::make_signed_t<S>(value));
  else
    return S(value);
}
template <typename M, typename S> inline M narrow(S value) {
  if constexpr (sizeof(M) == sizeof(S))
    return value;
  else
    return M(value);
}

/// Copies `count` elements a lane, widening them to the registers. kCount is
/// the same number where it is known when this is compiled, or 0.
template <typename M, typename S, u32 kCount>
void loadElements(const Access &access, S *const *to, u32 count) {
  constexpr u32 size = sizeof(M);
  u32 n = kCount ? kCount : count;
  if (kCount && access.contiguous) {
    const u8 *from = access.at(0);
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      for (u32 e = 0; e < kCount; ++e) {
        M value;
        memcpy(&value, from + (i * kCount + e) * size, size);
        to[e][i] = widen<S>(value);
      }
    return;
  }
  auto one = [&](u32 i, const u8 *from) {
    for (u32 e = 0; e < n; ++e) {
      M value;
      memcpy(&value, from + e * size, size);
      to[e][i] = widen<S>(value);
    }
  };
  if (kCount && access.mask == kFullMask && access.together) {
    for (u32 i = 0; i < kLanes; ++i)
      one(i, reinterpret_cast<const u8 *>(access.address[i] + access.hostOffset));
    return;
  }
  for (u32 rest = access.mask; rest; rest &= rest - 1) {
    u32 i = firstLane(rest);
    one(i, access.at(i));
  }
}

template <typename M, typename S, u32 kCount>
void storeElements(const Access &access, const S *const *from, u32 count) {
  constexpr u32 size = sizeof(M);
  u32 n = kCount ? kCount : count;
  if (kCount && access.contiguous) {
    u8 *to = access.at(0);
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      for (u32 e = 0; e < kCount; ++e) {
        M value = narrow<M>(from[e][i]);
        memcpy(to + (i * kCount + e) * size, &value, size);
      }
    return;
  }
  auto one = [&](u32 i, u8 *to) {
    for (u32 e = 0; e < n; ++e) {
      M value = narrow<M>(from[e][i]);
      memcpy(to + e * size, &value, size);
    }
  };
  if (kCount && access.mask == kFullMask && access.together) {
    for (u32 i = 0; i < kLanes; ++i)
      one(i, reinterpret_cast<u8 *>(access.address[i] + access.hostOffset));
    return;
  }
  for (u32 rest = access.mask; rest; rest &= rest - 1) {
    u32 i = firstLane(rest);
    one(i, access.at(i));
  }
}

/// Whether a lane of the mask touches undefined bytes. kBytes: of a lane, or 0.
template <u32 kBytes> bool touchesUndefined(const Access &access) {
  if (!access.mayBeUndefined)
    return false;
  u32 bytes = kBytes ? kBytes : access.bytes;
  if (access.contiguous)
    return access.shadowed && !allZero(access.shadowAt(0), u64(bytes) * kLanes);
  if (kBytes && access.together) {
    if (!access.shadowed)
      return false;
    u64 any = 0;
    // Lanes outside of the mask have the address of one inside.
    for (u32 i = 0; i < kLanes; ++i) {
      const u8 *from = access.shadowAt(i);
      for (u32 part = 0; part < kBytes; part += 8) {
        u64 bits = 0;
        memcpy(&bits, from + part, kBytes < 8 ? kBytes : 8);
        any |= bits;
      }
    }
    return any != 0;
  }
  for (u32 rest = access.mask; rest; rest &= rest - 1) {
    const u8 *from = access.shadowAt(firstLane(rest));
    if (from && !allZero(from, bytes))
      return true;
  }
  return false;
}

template <u32 kBytes> void defineBytes(const Access &access) {
  if (!access.mayBeUndefined || (access.together && !access.shadowed))
    return;
  u32 bytes = kBytes ? kBytes : access.bytes;
  if (access.contiguous) {
    // What is zero already is not written again: lines of the cache stay clean.
    u8 *shadow = access.shadowAt(0);
    if (!allZero(shadow, u64(bytes) * kLanes))
      memset(shadow, 0, u64(bytes) * kLanes);
    return;
  }
  if (kBytes && access.together) {
    for (u32 i = 0; i < kLanes; ++i)
      memset(access.shadowAt(i), 0, bytes);
    return;
  }
  for (u32 rest = access.mask; rest; rest &= rest - 1)
    if (u8 *to = access.shadowAt(firstLane(rest)))
      memset(to, 0, bytes);
}

void loadShadow(Warp &w, const Inst &in, Access &access) {
  u32 bytes = elementBytes(in), count = elementCount(in);
  for (u32 e = 0; e < count; ++e) {
    u32 ref = elementRef(w, in, in.d, e);
    for (u32 rest = access.mask; rest; rest &= rest - 1) {
      u32 i = firstLane(rest);
      const u8 *from = access.shadowAt(i);
      u64 bits = 0, high = 0;
      if (from && access.mayBeUndefined) {
        memcpy(&bits, from + e * bytes, bytes < 8 ? bytes : 8);
        if (bytes == 16)
          memcpy(&high, from + e * bytes + 8, 8);
      }
      if ((in.flags & kSignedA) && bytes < 8 && (bits >> (bytes * 8 - 1) & 1))
        bits |= ~u64(0) << (bytes * 8);
      if (!bits && !high && !w.tracking)
        continue;
      setUndefinedBits(w, ref, in.dw, i, bits | high);
      if (in.dw == 16 && (bits | high)) {
        memcpy(shadowOf(w, ref) + i * 16, &bits, 8);
        memcpy(shadowOf(w, ref) + i * 16 + 8, &high, 8);
      }
    }
  }
}

/// kCount: elements, or 0 for the number in Inst::aux.
template <typename M, typename S, u32 kCount = 0>
void load(Warp &w, const Inst &in, u32 mask) {
  u32 count = kCount ? kCount : elementCount(in);
  S *to[8];
  for (u32 e = 0; e < count; ++e)
    to[e] = w.at<S>(elementRef(w, in, in.d, e));
  forEachSpace(w, in, mask, spaceOfInst(in), u32(sizeof(M)) * count, AccessKind::Read,
               [&](Access &access) {
                 loadElements<M, S, kCount>(access, to, count);
                 if (touchesUndefined<kCount * u32(sizeof(M))>(access))
                   loadShadow(w, in, access);
                 else if (w.tracking)
                   for (u32 e = 0; e < count; ++e)
                     *w.flags(elementRef(w, in, in.d, e)) &= ~access.mask;
                 return true;
               });
}

template <typename S>
void load128(Warp &w, const Inst &in, u32 mask) {
  u32 count = elementCount(in);
  forEachSpace(w, in, mask, spaceOfInst(in), 16 * count, AccessKind::Read, [&](Access &access) {
    for (u32 e = 0; e < count; ++e)
      for (u32 rest = access.mask; rest; rest &= rest - 1) {
        u32 i = firstLane(rest);
        const u8 *from = access.at(i);
        memcpy(&w.at<U128>(elementRef(w, in, in.d, e))[i], from + e * 16, 16);
      }
    if (access.mayBeUndefined || w.tracking)
      loadShadow(w, in, access);
    return true;
  });
}

/// A parameter of the kernel is the same for all lanes.
template <typename M, typename S>
void loadParam(Warp &w, const Inst &in, u32 mask) {
  u32 count = elementCount(in);
  const std::vector<u8> &parameters = w.launch->parameters;
  u64 at = in.imm - kParamWindow;
  if (at + sizeof(M) * count > parameters.size()) {
    reportBounds(w, in, firstLane(mask), Space::Param, at, u32(sizeof(M)) * count,
                 AccessKind::Read);
    return;
  }
  for (u32 e = 0; e < count; ++e) {
    M value;
    memcpy(&value, parameters.data() + at + e * sizeof(M), sizeof(M));
    S wide;
    if constexpr (std::is_signed_v<M>)
      wide = S(std::make_signed_t<S>(value));
    else
      wide = S(value);
    u32 ref = elementRef(w, in, in.d, e);
    S t[kLanes];
    for (u32 i = 0; i < kLanes; ++i)
      t[i] = wide;
    commit(w.at<S>(ref), t, mask);
    if (w.tracking)
      *w.flags(ref) &= ~mask;
  }
}

/// Hands undefined bits of the registers on to memory.
void storeFlags(Warp &w, const Inst &in, Access &access) {
  u32 count = elementCount(in), size = elementBytes(in);
  for (u32 rest = access.mask; rest; rest &= rest - 1) {
    u32 i = firstLane(rest);
    u8 bits[64] = {};
    for (u32 e = 0; e < count; ++e) {
      u32 ref = elementRef(w, in, in.b, e);
      u64 b = undefinedBits(w, ref, in.dw, i);
      memcpy(bits + e * size, &b, size < 8 ? size : 8);
      if (size == 16 && (*w.flags(ref) >> i & 1))
        memcpy(bits + e * 16, shadowOf(w, ref) + i * 16, 16);
    }
    storeShadow(w, access, i, bits);
  }
}

template <typename M, typename S, u32 kCount = 0>
void store(Warp &w, const Inst &in, u32 mask) {
  u32 count = kCount ? kCount : elementCount(in);
  const S *from[8];
  u32 flags = 0;
  for (u32 e = 0; e < count; ++e) {
    u32 ref = elementRef(w, in, in.b, e);
    from[e] = w.at<S>(ref);
    if (w.tracking)
      flags |= *w.flags(ref);
  }
  forEachSpace(w, in, mask, spaceOfInst(in), u32(sizeof(M)) * count, AccessKind::Write,
               [&](Access &access) {
                 storeElements<M, S, kCount>(access, from, count);
                 if (flags & access.mask)
                   storeFlags(w, in, access);
                 else
                   defineBytes<kCount * u32(sizeof(M))>(access);
                 return true;
               });
}

/// Volatile, relaxed and ordered accesses to global memory meet those of other
/// host threads: they are single, and order what is around them.
u64 readStrong(const u8 *from, u32 bytes, bool global) {
  u64 value = 0;
  if (!global) {
    memcpy(&value, from, bytes);
    return value;
  }
  switch (bytes) {
  case 1: return __atomic_load_n(from, __ATOMIC_ACQUIRE);
  case 2: return __atomic_load_n(reinterpret_cast<const u16 *>(from), __ATOMIC_ACQUIRE);
  case 4: return __atomic_load_n(reinterpret_cast<const u32 *>(from), __ATOMIC_ACQUIRE);
  default: return __atomic_load_n(reinterpret_cast<const u64 *>(from), __ATOMIC_ACQUIRE);
  }
}
void writeStrong(u8 *to, u64 value, u32 bytes, bool global) {
  if (!global) {
    memcpy(to, &value, bytes);
    return;
  }
  switch (bytes) {
  case 1: __atomic_store_n(to, u8(value), __ATOMIC_RELEASE); break;
  case 2: __atomic_store_n(reinterpret_cast<u16 *>(to), u16(value), __ATOMIC_RELEASE); break;
  case 4: __atomic_store_n(reinterpret_cast<u32 *>(to), u32(value), __ATOMIC_RELEASE); break;
  default: __atomic_store_n(reinterpret_cast<u64 *>(to), value, __ATOMIC_RELEASE);
  }
}

void loadStrong(Warp &w, const Inst &in, u32 mask) {
  u32 bytes = elementBytes(in), count = elementCount(in), width = 64 - 8 * bytes;
  forEachSpace(w, in, mask, spaceOfInst(in), bytes * count, AccessKind::Read, [&](Access &access) {
    bool global = access.space == Space::Global, undefined = false;
        // Lanes that look at one place see one value, as one request brings it.
    u64 seen[8] = {}, last = ~access.address[firstLane(access.mask)];
    for (u32 rest = access.mask; rest; rest &= rest - 1) {
      u32 i = firstLane(rest);
      bool again = access.address[i] == last;
      last = access.address[i];
      for (u32 e = 0; e < count; ++e) {
        if (!again)
          seen[e] = readStrong(access.at(i) + e * bytes, bytes, global);
        u64 value = seen[e];
        if (in.flags & kSignedA)
          value = u64(i64(value << width) >> width);
        u32 ref = elementRef(w, in, in.d, e);
        if (in.dw == 8)
          w.at<u64>(ref)[i] = value;
        else
          w.at<u32>(ref)[i] = u32(value);
      }
      const u8 *shadow = access.mayBeUndefined ? access.shadowAt(i) : nullptr;
      for (u32 b = 0; shadow && b < bytes * count; ++b)
        undefined |= __atomic_load_n(shadow + b, __ATOMIC_RELAXED) != 0;
    }
    if (undefined)
      loadShadow(w, in, access);
    else if (w.tracking)
      for (u32 e = 0; e < count; ++e)
        *w.flags(elementRef(w, in, in.d, e)) &= ~access.mask;
    return true;
  });
}

void storeStrong(Warp &w, const Inst &in, u32 mask) {
  u32 bytes = elementBytes(in), count = elementCount(in), flags = 0;
  for (u32 e = 0; w.tracking && e < count; ++e)
    flags |= *w.flags(elementRef(w, in, in.b, e));
  forEachSpace(w, in, mask, spaceOfInst(in), bytes * count, AccessKind::Write, [&](Access &access) {
    bool global = access.space == Space::Global;
        // Whoever sees the value must see that it is defined.
    if (flags & access.mask)
      storeFlags(w, in, access);
    for (u32 rest = access.mask; rest; rest &= rest - 1) {
      u32 i = firstLane(rest);
      u8 *shadow = access.mayBeUndefined && !(flags & access.mask) ? access.shadowAt(i) : nullptr;
      for (u32 b = 0; shadow && b < bytes * count; ++b)
        if (__atomic_load_n(shadow + b, __ATOMIC_RELAXED))
          __atomic_store_n(shadow + b, u8(0), __ATOMIC_RELAXED);
      for (u32 e = 0; e < count; ++e) {
        u32 ref = elementRef(w, in, in.b, e);
        u64 value = in.dw == 8 ? w.at<u64>(ref)[i] : w.at<u32>(ref)[i];
        writeStrong(access.at(i) + e * bytes, value, bytes, global);
      }
    }
    return true;
  });
}

// Modifiers that change nothing but caching, or that order accesses more
// strictly than this machine ever reorders them.
bool takeMemoryModifiers(Decoder &d) {
  d.mod("mmio");
  int order = d.modOf("weak volatile relaxed acquire release");
  if (order >= 1)
    d.out.flags |= kVolatile;
  // What the race check of global memory makes of the access.
  int scope = d.modOf("cta cluster gpu sys");
  d.out.e = kNoOperand;
  d.out.bw = u8(order < 0 ? 0 : order);
  d.out.cw = u8(scope + 1);
  d.mod("nc");
  d.modOf("ca cg cs lu cv wb wt");
  d.modOf("L1::evict_normal L1::evict_unchanged L1::evict_first "
          "L1::evict_last L1::no_allocate");
  d.modOf("L2::evict_normal L2::evict_first L2::evict_last");
  d.modOf("L2::64B L2::128B L2::256B");
  return d.mod("L2::cache_hint");
}

int takeSpace(Decoder &d, Space &space) {
  int index = d.modOf("global shared local const param shared::cta "
                      "param::entry param::func shared::cluster");
  constexpr Space spaces[] = {Space::Global, Space::Shared, Space::Local,
                              Space::Const,  Space::Param,  Space::Shared,
                              Space::Param,  Space::Param,  Space::Shared};
  space = index < 0 ? Space::Generic : spaces[index];
  return index;
}

/// One, two or four whole registers a lane are the common case.
template <typename T> Handler pickLoad(u32 count) {
  return count == 1   ? load<T, T, 1>
         : count == 2 ? load<T, T, 2>
         : count == 4 ? load<T, T, 4>
                      : load<T, T>;
}
template <typename T> Handler pickStore(u32 count) {
  return count == 1   ? store<T, T, 1>
         : count == 2 ? store<T, T, 2>
         : count == 4 ? store<T, T, 4>
                      : store<T, T>;
}
template <bool kStore>
Handler pick(u32 bytes, u32 count, bool isSignedType, u32 regBytes);
template <> Handler pick<false>(u32 bytes, u32 count, bool s, u32 reg) {
  if (bytes == 16)
    return load128<U128>;
  if (reg == 8)
    switch (bytes) {
    case 1: return s ? load<i8, u64> : load<u8, u64>;
    case 2: return s ? load<i16, u64> : load<u16, u64>;
    case 4: return s ? load<i32, u64> : load<u32, u64>;
    default: return pickLoad<u64>(count);
    }
  bool one = count == 1;
  switch (bytes) {
  case 1: return s ? load<i8, u32> : one ? load<u8, u32, 1> : load<u8, u32>;
  case 2: return s ? load<i16, u32> : one ? load<u16, u32, 1> : load<u16, u32>;
  default: return pickLoad<u32>(count);
  }
}
Handler pickParam(u32 bytes, bool s, u32 reg) {
  if (reg == 8)
    switch (bytes) {
    case 1: return s ? loadParam<i8, u64> : loadParam<u8, u64>;
    case 2: return s ? loadParam<i16, u64> : loadParam<u16, u64>;
    case 4: return s ? loadParam<i32, u64> : loadParam<u32, u64>;
    case 8: return loadParam<u64, u64>;
    default: return nullptr;
    }
  switch (bytes) {
  case 1: return s ? loadParam<i8, u32> : loadParam<u8, u32>;
  case 2: return s ? loadParam<i16, u32> : loadParam<u16, u32>;
  case 4: return loadParam<u32, u32>;
  default: return nullptr;
  }
}
template <> Handler pick<true>(u32 bytes, u32 count, bool, u32 reg) {
  if (bytes == 16)
    return store<U128, U128>;
  if (reg == 8)
    switch (bytes) {
    case 1: return store<u8, u64>;
    case 2: return store<u16, u64>;
    case 4: return store<u32, u64>;
    default: return pickStore<u64>(count);
    }
  switch (bytes) {
  case 1: return count == 1 ? store<u8, u32, 1> : store<u8, u32>;
  case 2: return count == 1 ? store<u16, u32, 1> : store<u16, u32>;
  default: return pickStore<u32>(count);
  }
}

Class classOf(Space space, bool stores) {
  switch (space) {
  case Space::Shared: return stores ? Class::StoreShared : Class::LoadShared;
  case Space::Local: return stores ? Class::StoreLocal : Class::LoadLocal;
  case Space::Const:
  case Space::Param: return Class::LoadConst;
  default: return stores ? Class::Store : Class::Load;
  }
}

template <bool kStore> bool decodeAccess(Decoder &d) {
  Space space = Space::Generic;
  takeSpace(d, space);
  bool hint = takeMemoryModifiers(d);
  if (!kStore && d.mod("unified"))
    return d.fail(".unified is not supported");
  int vector = d.modOf("v2 v4 v8");
  Ty type;
  if (!d.wantType(type))
    return false;
  if (type == Ty::Pred)
    return d.fail("predicates cannot be in memory");
  size_t data = kStore ? 1 : 0, where = kStore ? 0 : 1;
  if (!d.finish(hint ? 3 : 2))
    return false;
  auto parts = d.elements(data);
  u32 count = vector < 0 ? 1 : 2u << vector;
  if (parts.size() != count)
    return d.fail(format("expected %u elements, got %zu", count, parts.size()));
  u32 bytes = sizeOf(type);
  if (bytes * count > 32)
    return d.fail("expected a vector of at most 32 bytes");
  u8 order = d.out.bw, scope = d.out.cw;
  if (!d.address(where, space))
    return false;
  // Registers may be wider than the type; all of one vector are alike.
  u32 widest = 4;
  for (const Operand *part : parts)
    if (part->kind == Operand::Register && d.bytesOf(*part) > widest)
      widest = d.bytesOf(*part);
  if (bytes == 8)
    widest = 8;
  if (bytes == 16)
    widest = 16;
  std::vector<u32> refs;
  for (const Operand *part : parts) {
    u32 ref = 0;
    Ty as = type;
    if (part->kind == Operand::Register && widest == 8 && bytes < 8 && d.bytesOf(*part) != 8)
      return d.fail("expected registers of one width");
    if (kStore ? !d.srcOf(*part,
                          part->kind == Operand::Register ? as
                          : widest == 8                   ? Ty::B64
                                                          : as,
                          ref, true)
               : !d.dstOf(*part, as, ref, true))
      return false;
    refs.push_back(ref);
  }
  if (count > 1)
    d.setList(refs);
  else if (kStore)
    d.out.b = refs[0];
  else
    d.out.d = refs[0];
  bool direct = !kStore && space == Space::Param && d.out.a == kNoOperand;
  Handler run = direct ? pickParam(bytes, isSigned(type), widest) : nullptr;
  d.out.run = run ? run : pick<kStore>(bytes, count, isSigned(type), widest);
  if (!run && (d.out.flags & kVolatile) && bytes < 16)
    d.out.run = kStore ? storeStrong : loadStrong;
  d.out.cls = classOf(space, kStore);
  d.out.shadow = Shadow::Own;
  d.out.aux = bytes | count << 8 | u32(space) << 16;
  d.out.dw = u8(widest);
  d.out.bw = order;
  d.out.cw = scope;
  if (isSigned(type))
    d.out.flags |= kSignedA;
  if (kStore && (space == Space::Const || space == Space::Param))
    return d.fail("expected a writable state space");
  return true;
}
bool decodeLd(Decoder &d) { return decodeAccess<false>(d); }
bool decodeSt(Decoder &d) { return decodeAccess<true>(d); }

const OpRow kRows[] = {{"ld", decodeLd}, {"ldu", decodeLd}, {"st", decodeSt}};
} // namespace

const Level::Table kMemoryTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
