// SPDX-License-Identifier: Apache-2.0
// Carries undefined bits through register-to-register instructions.
#include "sim/check/Undefined.h"

#include <cstdlib>
#include <cstring>

namespace hadal::sim {

namespace {

u64 widthMask(u32 bytes) { return bytes >= 8 ? ~u64(0) : (u64(1) << (bytes * 8)) - 1; }

/// The value of a lane, up to 64 bits.
u64 valueOf(const Warp &warp, u32 operand, u32 bytes, u32 lane) {
  if (operand == kNoOperand)
    return 0;
  if (bytes <= 4)
    return warp.at<u32>(operand)[lane];
  return warp.at<u64>(operand)[lane * (bytes / 8)];
}

u8 *at(Warp &warp, u32 operand, u32 bytes, u32 lane) {
  return shadowOf(warp, operand) + lane * (bytes < 4 ? 4 : bytes);
}

/// All bits from the lowest set bit of `bits` upwards.
u64 upward(u64 bits) { return bits | (0 - bits); }

u64 lop3(u32 table, u64 a, u64 b, u64 c, u64 ua, u64 ub, u64 uc) {
  // A result bit is undefined if the undefined inputs can change it.
  u64 result = 0;
  for (u32 bit = 0; bit < 32; ++bit) {
    u32 seen = 0;
    for (u32 index = 0; index < 8; ++index) {
      u32 va = index >> 2 & 1, vb = index >> 1 & 1, vc = index & 1;
      if ((!(ua >> bit & 1) && va != (a >> bit & 1)) ||
          (!(ub >> bit & 1) && vb != (b >> bit & 1)) || (!(uc >> bit & 1) && vc != (c >> bit & 1)))
        continue;
      seen |= table >> index & 1 ? 1 : 2;
    }
    result |= u64(seen == 3) << bit;
  }
  return result;
}

u64 prmt(u64 selector, u64 ua, u64 ub) {
  u64 both = (ua & 0xffffffff) | ub << 32, result = 0;
  for (u32 i = 0; i < 4; ++i) {
    u32 nibble = u32(selector >> (i * 4)) & 15;
    u64 byte = both >> ((nibble & 7) * 8) & 0xff;
    if (nibble & 8)
      byte = byte & 0x80 ? 0xff : 0;
    result |= byte << (i * 8);
  }
  return result;
}

u64 shift(Shadow kind, u64 bits, u64 amount, u32 bytes) {
  u32 width = bytes * 8;
  if (kind == Shadow::Shl)
    return amount >= width ? 0 : bits << amount;
  if (kind == Shadow::ShrU)
    return amount >= width ? 0 : (bits & widthMask(bytes)) >> amount;
  i64 wide = bytes == 8 ? i64(bits) : bytes == 4 ? i64(i32(u32(bits))) : i64(i16(u16(bits)));
  return u64(wide >> (amount >= width ? width - 1 : amount));
}

/// The origins of an operand's lanes; null if none was ever asked for.
u32 *originsOf(const Warp &warp, u32 operand) {
  u32 *all = warp.frame->origins;
  return all ? all + slotOf(operand) * u64(kLanes) : nullptr;
}

} // namespace

u32 originOf(Warp &warp, u32 operand, u32 lane) {
  Frame &frame = *warp.frame;
  if (!frame.origins) {
    frame.origins = static_cast<u32 *>(calloc(frame.capacity, kSlotBytes));
    if (!frame.origins)
      abort();
  }
  u32 &origin = originsOf(warp, operand)[lane];
  if (!origin)
    origin = ++warp.lastOrigin;
  return origin;
}

void setOrigin(Warp &warp, u32 operand, u32 lane, u32 origin) {
  if (slotOf(operand) >= kFirstSlot)
    originsOf(warp, operand)[lane] = origin;
}

u8 *shadowOf(Warp &warp, u32 operand) {
  Frame &frame = *warp.frame;
  if (!frame.shadow) {
    frame.shadow = static_cast<u8 *>(aligned_alloc(64, frame.capacity * kSlotBytes));
    if (!frame.shadow)
      abort();
    // Where a flag was set before this existed, all bits are undefined.
    memset(frame.shadow, 0xff, frame.capacity * kSlotBytes);
  }
  return frame.shadow + (operand & kAreaMask);
}

u64 undefinedBits(Warp &warp, u32 operand, u32 bytes, u32 lane) {
  if (!(*warp.flags(operand) >> lane & 1))
    return 0;
  u64 bits = 0;
  memcpy(&bits, at(warp, operand, bytes, lane), bytes < 8 ? bytes : 8);
  return bits & widthMask(bytes);
}

void setUndefinedBits(Warp &warp, u32 operand, u32 bytes, u32 lane, u64 bits) {
  if (operand == kSinkOperand || operand == kNoOperand)
    return;
  bits &= widthMask(bytes);
  u32 &flags = *warp.flags(operand);
  if (!bits) {
    flags &= ~(u32(1) << lane);
    return;
  }
  u8 *to = at(warp, operand, bytes, lane);
  u64 stored = bits;
  if (bytes == 16) // the caller's 64 bits stand for both halves
    memcpy(to + 8, &stored, 8);
  memcpy(to, &stored, bytes < 4 ? 4 : bytes < 8 ? bytes : 8);
  if (u32 *origins = originsOf(warp, operand))
    origins[lane] = 0;
  flags |= u32(1) << lane;
  warp.tracking = true;
}

u32 undefinedLogic(int op, u32 a, u32 b, u32 ua, u32 ub) {
  u32 either = ua | ub;
  return op == 0 ? either & (ua | a) & (ub | b) : op == 1 ? either & (ua | ~a) & (ub | ~b) : either;
}

u32 undefinedComparison(Warp &warp, const Inst &inst, u32 lanes, int order, bool isSigned) {
  u32 result = 0;
  u64 mask = widthMask(inst.aw);
  u64 sign = isSigned ? (mask >> 1) + 1 : 0;
  for (u32 rest = lanes; rest; rest &= rest - 1) {
    u32 lane = u32(__builtin_ctz(rest));
    u64 ua = undefinedBits(warp, inst.a, inst.aw, lane),
        ub = undefinedBits(warp, inst.b, inst.bw, lane);
    u64 a = (valueOf(warp, inst.a, inst.aw, lane) ^ sign) & mask,
        b = (valueOf(warp, inst.b, inst.bw, lane) ^ sign) & mask;
    // The least and the greatest values that the operands may have.
    u64 lowA = a & ~ua, highA = a | ua, lowB = b & ~ub, highB = b | ub;
    bool decided = order == 0   ? ((a ^ b) & ~(ua | ub)) != 0
                   : order == 1 ? highA < lowB || lowA >= highB
                                : highA <= lowB || lowA > highB;
    result |= u32(!decided) << lane;
  }
  return result;
}

namespace {

/// Which bits of a bit field are undefined, where neither place nor length is.
u64 bfe(const Warp &warp, const Inst &in, u32 lane, u64 ua, u64 b) {
  u32 width = in.dw * 8u;
  u64 position = b & 255, length = valueOf(warp, in.c, 4, lane) & 255;
  u64 field = position >= width ? 0 : ua >> position;
  u64 keep = length >= 64 ? ~u64(0) : (u64(1) << length) - 1;
  u64 result = field & keep;
  return (in.flags & kSignedA) && result ? upward(result) : result;
}

u64 bfi(const Warp &warp, const Inst &in, u32 lane, u64 ua, u64 ub) {
  u64 position = valueOf(warp, in.c, 4, lane) & 255, length = valueOf(warp, in.e, 4, lane) & 255;
  u64 keep = length >= 64 ? ~u64(0) : (u64(1) << length) - 1;
  keep = position >= 64 ? 0 : keep << position;
  return (ub & ~keep) | ((position >= 64 ? 0 : ua << position) & keep);
}

/// The same of a funnel shift by a defined amount.
u64 shf(const Warp &warp, const Inst &in, u32 lane, u64 ua, u64 ub) {
  u64 amount = valueOf(warp, in.c, 4, lane);
  bool wraps = in.flags & kNegateC, left = in.flags & kSignedA;
  amount = wraps ? amount & 31 : amount > 32 ? 32 : amount;
  u64 both = (ua & 0xffffffff) | ub << 32;
  return left ? amount ? both >> (32 - amount) : both >> 32 : both >> amount;
}

u64 extended(u64 bits, u32 width) {
  return width < 64 && bits >> (width - 1) & 1 ? bits | ~u64(0) << width : bits;
}

/// The undefined bits of a lane's result, and the origin that it shares or 0.
u64 resultOf(Warp &warp, const Inst &in, u32 lane, u32 &origin) {
  auto flagged = [&](u32 ref) { return (*warp.flags(ref) >> lane & 1) != 0; };
  auto bitsOf = [&](u32 ref, u32 width) {
    return width ? undefinedBits(warp, ref, width, lane) : flagged(ref) ? ~u64(0) : 0;
  };
  u64 ua = bitsOf(in.a, in.aw), ub = bitsOf(in.b, in.bw), uc = bitsOf(in.c, in.cw);
  u64 a = valueOf(warp, in.a, in.aw, lane), b = valueOf(warp, in.b, in.bw, lane);
  u64 all = ~u64(0);
  switch (in.shadow) {
  case Shadow::Copy:
    if (ua && in.aw == in.dw)
      origin = originOf(warp, in.a, lane);
    return ua;
  case Shadow::CopySigned: return extended(ua, in.aw * 8u);
  case Shadow::Truncate: {
    u64 kept = ua & widthMask(in.aux & 255);
    return in.aux >> 8 ? extended(kept, (in.aux & 255) * 8) : kept;
  }
  case Shadow::And: return (ua | ub) & (ua | a) & (ub | b);
  case Shadow::Or: return (ua | ub) & (ua | ~a) & (ub | ~b);
  case Shadow::Xor:
  case Shadow::Not: return ua | ub;
  case Shadow::Add:
  case Shadow::Sub:
    // Prefix sums take out what they added, whatever it was.
    if (in.shadow == Shadow::Sub && ua && ub &&
        originOf(warp, in.a, lane) == originOf(warp, in.b, lane))
      return 0;
    if (ua && !ub)
      origin = originOf(warp, in.a, lane);
    else if (ub && !ua && in.shadow == Shadow::Add)
      origin = originOf(warp, in.b, lane);
    return upward(ua | ub);
  case Shadow::Carry: return upward(ua | ub | uc);
  case Shadow::Shl:
  case Shadow::ShrU:
  case Shadow::ShrS: return ub ? all : shift(in.shadow, ua, u32(b), in.dw);
  case Shadow::Select:
    if (!flagged(in.c))
      return *warp.at<u32>(in.c) >> lane & 1 ? ua : ub;
    return ua | ub | (a ^ b); // both may come, so what they share is certain
  case Shadow::Lop3: return lop3(u32(in.imm), a, b, valueOf(warp, in.c, 4, lane), ua, ub, uc);
  case Shadow::Prmt: return uc || in.aux ? all : prmt(valueOf(warp, in.c, 4, lane), ua, ub);
  case Shadow::Bfe: return ub || uc ? all : bfe(warp, in, lane, ua, b);
  case Shadow::Bfi: return uc || flagged(in.e) ? all : bfi(warp, in, lane, ua, ub);
  case Shadow::Shf: return uc ? all : shf(warp, in, lane, ua, ub);
  default: return all;
  }
}

} // namespace

void propagate(Warp &warp, const Inst &in, u32 mask, u32 lanes) {
  *warp.flags(in.d) &= ~(mask & ~lanes);
  *warp.flags(in.d2) &= ~(mask & ~lanes);
  // Predicates have no shadow: a flag says all.
  auto flagOnly = [&](u32 ref) {
    if (ref != kSinkOperand && ref != kNoOperand)
      *warp.flags(ref) |= lanes;
  };
  if (in.d2)
    flagOnly(in.d2);
  if (in.dw == 0) {
    flagOnly(in.d);
    return;
  }
  for (u32 rest = lanes; rest; rest &= rest - 1) {
    u32 lane = u32(__builtin_ctz(rest));
    if (in.dw == 16) {
      // Only moves have 128 bits: copy both halves.
      *warp.flags(in.d) |= u32(1) << lane;
      u8 *to = at(warp, in.d, 16, lane), *from = at(warp, in.a, 16, lane);
      memmove(to, from, 16);
      continue;
    }
    u32 origin = 0;
    u64 result = resultOf(warp, in, lane, origin);
    setUndefinedBits(warp, in.d, in.dw, lane, result);
    if (origin)
      setOrigin(warp, in.d, lane, origin);
  }
}

bool reportUndefined(Warp &warp, const Inst &inst, u32 lanes, const char *what) {
  return report(warp, inst, "init", u32(__builtin_ctz(lanes)), what);
}

} // namespace hadal::sim
