// SPDX-License-Identifier: Apache-2.0
// mov, cvta, isspacep, special registers, address arithmetic between spaces.
#include "sim/exec/ExecSupport.h"
#include "sim/support/AddressSpace.h"

#include <chrono>

namespace hadal::HADAL_SIM_LEVEL {

namespace {

template <typename S> struct Same {
  static S apply(S a) { return a; }
};

void movePredicate(Warp &w, const Inst &in, u32 mask) {
  u32 p = *w.at<u32>(in.a);
  writePredicate(w, in.d, in.aux ? ~p : p, mask);
}

void move128(Warp &w, const Inst &in, u32 mask) {
  const U128 *a = w.at<U128>(in.a);
  U128 *d = w.at<U128>(in.d);
  for (u32 i = 0; i < kLanes; ++i)
    if (mask >> i & 1)
      d[i] = a[i];
}

/// The address of a variable of the frame.
void frameAddress(Warp &w, const Inst &in, u32 mask) {
  u64 address = in.imm + w.frame->localBase;
  for (u32 i = 0; i < kLanes; ++i)
    if (mask >> i & 1) {
      if (in.dw == 8)
        w.at<u64>(in.d)[i] = address;
      else
        w.at<u32>(in.d)[i] = u32(address);
    }
}

void clockRegister(Warp &w, const Inst &in, u32 mask) {
  auto which = SpecialRegister(in.aux);
  // Time advances with what the warp executes, so that runs can be repeated,
  // and with every look at it.
  bool timer = which == SpecialRegister::GlobalTimer || which == SpecialRegister::GlobalTimerLo ||
               which == SpecialRegister::GlobalTimerHi;
  u64 value = w.executed++ * kLanes * (timer ? 32 : 1);
  if (which == SpecialRegister::ClockHi || which == SpecialRegister::GlobalTimerHi)
    value >>= 32;
  w.polls = true;
  w.progress = true; // a loop that waits for a time ends
  for (u32 i = 0; i < kLanes; ++i)
    if (mask >> i & 1) {
      if (in.dw == 8)
        w.at<u64>(in.d)[i] = value;
      else
        w.at<u32>(in.d)[i] = u32(value);
    }
}

template <typename D, typename P>
void packDefined(Warp &w, const Inst &in, const u32 *list, u32 mask) {
  D t[kLanes] = {};
  for (u32 e = 0; e < in.count; ++e) {
    const P *from = w.at<P>(list[e]);
    D keep = in.aw == 8 ? ~D(0) : D((u64(1) << (in.aw * 8)) - 1);
    u32 shift = e * in.aw * 8;
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      t[i] |= (D(from[i]) & keep) << shift;
  }
  commit(w.at<D>(in.d), t, mask);
}
template <typename P, typename S>
void unpackDefined(Warp &w, const Inst &in, const u32 *list, u32 mask) {
  S from[kLanes];
  memcpy(from, w.at<S>(in.a), sizeof(from));
  for (u32 e = 0; e < in.count; ++e) {
    P t[kLanes];
    S keep = in.dw == 8 ? ~S(0) : S((u64(1) << (in.dw * 8)) - 1);
    u32 shift = e * in.dw * 8;
    HADAL_LANES
    for (u32 i = 0; i < kLanes; ++i)
      t[i] = P(from[i] >> shift & keep);
    commit(w.at<P>(list[e]), t, mask);
  }
}

// mov between a vector in braces and a scalar of their total width.
void pack(Warp &w, const Inst &in, u32 mask) {
  const u32 *list = &w.launch->program->pool[in.list];
  u32 part = in.aw;
  u32 undefinedLanes = 0;
  if (w.tracking)
    for (u32 e = 0; e < in.count; ++e)
      undefinedLanes |= *w.flags(list[e]);
  if (!(undefinedLanes & mask) && in.dw <= 8) {
    in.dw == 8 ? packDefined<u64, u32>(w, in, list, mask)
               : packDefined<u32, u32>(w, in, list, mask);
    if (w.tracking)
      defineLanes(w, in.d, in.dw, mask);
    return;
  }
  for (u32 i = 0; i < kLanes; ++i) {
    if (!(mask >> i & 1))
      continue;
    u8 bytes[16] = {}, undefined[16] = {};
    bool flagged = false;
    for (u32 e = 0; e < in.count; ++e) {
      u64 value = part == 8 ? w.at<u64>(list[e])[i] : w.at<u32>(list[e])[i];
      memcpy(bytes + e * part, &value, part);
      if (w.tracking) {
        u64 bits = undefinedBits(w, list[e], part, i);
        memcpy(undefined + e * part, &bits, part);
        flagged |= bits != 0;
      }
    }
    if (in.dw == 16)
      memcpy(&w.at<U128>(in.d)[i], bytes, 16);
    else if (in.dw == 8)
      memcpy(&w.at<u64>(in.d)[i], bytes, 8);
    else
      memcpy(&w.at<u32>(in.d)[i], bytes, 4);
    if (w.tracking) {
      u64 low = 0, high = 0;
      memcpy(&low, undefined, 8);
      memcpy(&high, undefined + 8, 8);
      setUndefinedBits(w, in.d, in.dw, i, in.dw == 16 && flagged ? low | high : low);
      if (in.dw == 16 && flagged)
        memcpy(shadowOf(w, in.d) + i * 16, undefined, 16);
    }
  }
}
void unpack(Warp &w, const Inst &in, u32 mask) {
  const u32 *list = &w.launch->program->pool[in.list];
  u32 part = in.dw;
  if (in.aw <= 8 && !(w.tracking && (*w.flags(in.a) & mask))) {
    in.aw == 8 ? unpackDefined<u32, u64>(w, in, list, mask)
               : unpackDefined<u32, u32>(w, in, list, mask);
    if (w.tracking)
      for (u32 e = 0; e < in.count; ++e)
        defineLanes(w, list[e], part, mask);
    return;
  }
  for (u32 i = 0; i < kLanes; ++i) {
    if (!(mask >> i & 1))
      continue;
    u8 bytes[16] = {}, undefined[16] = {};
    if (in.aw == 16)
      memcpy(bytes, &w.at<U128>(in.a)[i], 16);
    else if (in.aw == 8)
      memcpy(bytes, &w.at<u64>(in.a)[i], 8);
    else
      memcpy(bytes, &w.at<u32>(in.a)[i], 4);
    if (w.tracking && (*w.flags(in.a) >> i & 1))
      memcpy(undefined, shadowOf(w, in.a) + i * (in.aw < 4 ? 4 : in.aw), in.aw);
    for (u32 e = 0; e < in.count; ++e) {
      u64 value = 0, bits = 0;
      memcpy(&value, bytes + e * part, part);
      memcpy(&bits, undefined + e * part, part);
      if (part == 8)
        w.at<u64>(list[e])[i] = value;
      else
        w.at<u32>(list[e])[i] = u32(value);
      if (w.tracking)
        setUndefinedBits(w, list[e], part, i, bits);
    }
  }
}

Ty unsignedOf(u32 bytes) {
  return bytes == 1   ? Ty::B8
         : bytes == 2 ? Ty::B16
         : bytes == 4 ? Ty::B32
         : bytes == 8 ? Ty::B64
                      : Ty::B128;
}

bool decodeVectorMove(Decoder &d, Ty type, bool packs) {
  u32 total = sizeOf(type);
  auto parts = d.elements(packs ? 1 : 0);
  if (parts.empty() || total % parts.size() || parts.size() > 8)
    return d.fail("the vector does not divide the type");
  u32 part = total / u32(parts.size());
  if (part != 1 && part != 2 && part != 4 && part != 8)
    return d.fail("the vector does not divide the type");
  std::vector<u32> refs;
  if (!packs && !d.src(1, type, d.out.a))
    return false;
  for (const Operand *operand : parts) {
    u32 ref = 0;
    if (packs ? !d.srcOf(*operand, unsignedOf(part), ref)
              : !d.dstOf(*operand, unsignedOf(part), ref))
      return false;
    refs.push_back(ref);
  }
  d.setList(refs);
  d.out.run = packs ? pack : unpack;
  d.out.shadow = Shadow::Own;
  d.out.dw = u8(packs ? total : part);
  d.out.aw = u8(packs ? part : total);
  return !packs || d.dst(0, type, d.out.d);
}

bool decodeMov(Decoder &d) {
  Ty type;
  d.mod("v2");
  d.mod("v4");
  if (!d.wantType(type) || !d.finish(2))
    return false;
  d.out.cls = Class::Move;
  const Operand &source = d.operand(1);
  if (type == Ty::Pred) {
    bool negated = false;
    if (!d.predicate(1, d.out.a, negated))
      return false;
    d.out.run = movePredicate;
    d.out.aux = negated;
    return d.dst(0, type, d.out.d);
  }
  u32 bytes = sizeOf(type);
  if (bytes == 1)
    return d.fail("8-bit types cannot be moved");
  if (source.kind == Operand::Vector)
    return decodeVectorMove(d, type, true);
  if (d.operand(0).kind == Operand::Vector)
    return decodeVectorMove(d, type, false);
  if (source.kind == Operand::Special && source.special >= u32(SpecialRegister::FirstDynamic)) {
    d.out.run = clockRegister;
    d.out.aux = source.special;
    d.out.dw = u8(bytes);
    return d.dst(0, type, d.out.d);
  }
  if (source.kind == Operand::Special && bytes == 8 &&
      source.special != u32(SpecialRegister::GridId) &&
      source.special != u32(SpecialRegister::CurrentGraphExec))
    return d.failOperand(1, "expected a 32-bit type for this register");
  if (source.kind == Operand::Symbol && Decoder::isInFrame(*source.variable)) {
    d.out.run = frameAddress;
    d.out.imm = d.symbolAddress(*source.variable) + u64(source.offset);
    d.out.dw = u8(bytes);
    if (bytes != 4 && bytes != 8)
      return d.fail("expected a 32- or 64-bit type for an address");
    return d.dst(0, type, d.out.d);
  }
  if (bytes == 16)
    return simple1(d, move128, Class::Move, type, type, Shadow::Copy);
  return simple1(d, bytes == 8 ? unary<u64, u64, Same<u64>> : unary<u32, u32, Same<u32>>,
                 Class::Move, type, type, Shadow::Copy);
}

template <typename S> void convertAddress(Warp &w, const Inst &in, u32 mask) {
  const S *a = w.at<S>(in.a);
  S t[kLanes];
  S delta = S(in.imm);
  HADAL_LANES
  for (u32 i = 0; i < kLanes; ++i)
    t[i] = a[i] + delta;
  commit(w.at<S>(in.d), t, mask);
}
u64 windowOf(Space space) {
  switch (space) {
  case Space::Shared: return kSharedWindow;
  case Space::Local: return kLocalWindow;
  default: return 0; // global, const and param addresses are generic ones
  }
}
int takeSpace(Decoder &d) {
  return d.modOf("global shared local const param shared::cta shared::cluster "
                 "param::entry");
}
Space spaceOf(int index) {
  constexpr Space spaces[] = {Space::Global, Space::Shared, Space::Local,  Space::Const,
                              Space::Param,  Space::Shared, Space::Shared, Space::Param};
  return spaces[index];
}
bool decodeCvta(Decoder &d) {
  bool to = d.mod("to");
  int space = takeSpace(d);
  Ty type = d.type();
  if (space < 0 || (type != Ty::U64 && type != Ty::U32))
    return d.fail("expected a state space and type u32 or u64");
  u64 window = windowOf(spaceOf(space));
  const Operand &source = d.operandCount() > 1 ? d.operand(1) : d.operand(0);
  d.out.imm = to ? 0 - window : window;
  if (source.kind == Operand::Symbol && Decoder::isInFrame(*source.variable)) {
    d.out.run = frameAddress;
    d.out.cls = Class::Integer;
    d.out.imm += d.symbolAddress(*source.variable) + u64(source.offset);
    d.out.dw = u8(sizeOf(type));
    return d.finish(2) && d.dst(0, type, d.out.d);
  }
  return simple1(d, type == Ty::U64 ? convertAddress<u64> : convertAddress<u32>, Class::Integer,
                 type, type, Shadow::Copy);
}

void isSpace(Warp &w, const Inst &in, u32 mask) {
  u32 r = 0;
  for (u32 i = 0; i < kLanes; ++i) {
    u64 a = in.aw == 8 ? w.at<u64>(in.a)[i] : w.at<u32>(in.a)[i];
    bool inside = false;
    switch (Space(in.aux)) {
    case Space::Shared: inside = a - kSharedWindow < kWindowBytes; break;
    case Space::Local: inside = a - kLocalWindow < kWindowBytes; break;
    case Space::Param: inside = a - kParamWindow < kWindowBytes; break;
    case Space::Const: {
      Buffer *buffer = w.launch->memory->find(a);
      inside = buffer && buffer->readOnly && !buffer->mapped;
      break;
    }
    default: inside = a >= kGlobalBase; break;
    }
    r |= u32(inside) << i;
  }
  writePredicate(w, in.d, r, mask);
}
bool decodeIsspacep(Decoder &d) {
  int space = takeSpace(d);
  if (space < 0)
    return d.fail("expected a state space");
  d.out.aux = u32(spaceOf(space));
  if (d.operandCount() != 2)
    return d.finish(2);
  Ty type = d.bytesOf(d.operand(1)) == 4 ? Ty::B32 : Ty::B64;
  return simple1(d, isSpace, Class::Compare, Ty::Pred, type);
}

const OpRow kRows[] = {
    {"mov", decodeMov},
    {"cvta", decodeCvta},
    {"isspacep", decodeIsspacep},
};
} // namespace

const Level::Table kMoveTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
