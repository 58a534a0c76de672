// SPDX-License-Identifier: Apache-2.0
// Exchange between the lanes of a warp: shfl, vote, match, redux, activemask.
#include "sim/exec/ExecSupport.h"

namespace hadal::HADAL_SIM_LEVEL {

bool gatherLanes(Warp &w, const Inst &in, u32 maskRef, u32 &mask) {
  if (maskRef == kNoOperand)
    return true; // forms without .sync act on the active lanes
  u32 lane = firstLane(mask);
  if (w.tracking && (*w.flags(maskRef) & mask))
    return reportUndefined(w, in, *w.flags(maskRef) & mask, "the mask of lanes is undefined");
  u32 members = w.at<u32>(maskRef)[lane];
  if (mask & ~members) {
    // Lanes may bring different masks, each of which names its own group.
    for (u32 rest = mask; rest; rest &= rest - 1)
      if (!(w.at<u32>(maskRef)[firstLane(rest)] >> firstLane(rest) & 1))
        return report(w, in, "barrier", firstLane(rest),
                      format("expected a mask of all lanes that execute this, "
                             "got 0x%08x",
                             w.at<u32>(maskRef)[firstLane(rest)]));
    // Put the other groups aside; they execute the instruction next.
    u32 group = 0;
    for (u32 rest = mask; rest; rest &= rest - 1)
      if (w.at<u32>(maskRef)[firstLane(rest)] == members)
        group |= 1u << firstLane(rest);
    u32 others = mask & ~group;
    w.active &= ~others;
    w.worker->counters.lines[pcOf(w, in)].lanes -= popCount(others);
    addPath(w, pcOf(w, in), others, w.frame, Path::Ready);
    mask = group;
  }
  return converge(w, in, mask, members & w.valid);
}

namespace {

/// Any undefined source lane makes the results of all lanes undefined.
void collective(Warp &w, const Inst &in, u32 mask, u32 sources) {
  if (!w.tracking)
    return;
  if (sources & mask) {
    for (u32 rest = mask; rest; rest &= rest - 1)
      setUndefinedBits(w, in.d, in.dw ? in.dw : 4, firstLane(rest), ~u64(0));
    if (in.d2)
      *w.flags(in.d2) |= mask;
  } else {
    *w.flags(in.d) &= ~mask;
    if (in.d2)
      *w.flags(in.d2) &= ~mask;
  }
}

// aux: 0 up, 1 down, 2 bfly, 3 idx.
void shfl(Warp &w, const Inst &in, u32 mask) {
  if (!gatherLanes(w, in, in.e, mask))
    return;
  const u32 *a = w.at<u32>(in.a), *b = w.at<u32>(in.b), *c = w.at<u32>(in.c);
  u32 t[kLanes], from[kLanes], inside = 0, undefined = 0;
  for (u32 i = 0; i < kLanes; ++i) {
    u32 n = b[i] & 31, clamp = c[i] & 31, segment = c[i] >> 8 & 31;
    u32 most = (i & segment) | (clamp & ~segment), least = i & segment;
    u32 j = i;
    bool valid = false;
    switch (in.aux) {
    case 0:
      j = i - n;
      valid = i32(j) >= i32(most);
      break;
    case 1:
      j = i + n;
      valid = j <= most;
      break;
    case 2:
      j = i ^ n;
      valid = j <= most;
      break;
    default: j = least | (n & ~segment); valid = j <= most;
    }
    if (!valid)
      j = i;
    inside |= u32(valid) << i;
    from[i] = j & 31;
    t[i] = a[j & 31];
    // What a lane that takes no part would deliver is unpredictable.
    if (!(mask >> (j & 31) & 1))
      undefined |= 1u << i;
  }
  undefined &= mask;
  if (w.tracking || undefined) {
    u32 controls = (*w.flags(in.b) | *w.flags(in.c)) & mask;
    u64 bits[kLanes] = {};
    u32 origins[kLanes] = {};
    for (u32 rest = mask; rest; rest &= rest - 1) {
      u32 i = firstLane(rest);
      bits[i] = (undefined | controls) >> i & 1 ? ~u64(0) : undefinedBits(w, in.a, 4, from[i]);
      if (bits[i] && !((undefined | controls) >> i & 1))
        origins[i] = originOf(w, in.a, from[i]);
    }
    if (w.launch->checks & kCheckInit)
      for (u32 rest = mask; rest; rest &= rest - 1) {
        u32 i = firstLane(rest);
        setUndefinedBits(w, in.d, 4, i, bits[i]);
        if (origins[i])
          setOrigin(w, in.d, i, origins[i]);
      }
    if (in.d2)
      *w.flags(in.d2) = (*w.flags(in.d2) & ~mask) | controls;
  }
  commit(w.at<u32>(in.d), t, mask);
  if (in.d2)
    writePredicate(w, in.d2, inside, mask);
}
bool decodeShfl(Decoder &d) {
  bool sync = d.mod("sync");
  int mode = d.modOf("up down bfly idx");
  if (mode < 0 || d.type() != Ty::B32)
    return d.fail("expected .up, .down, .bfly or .idx, .b32");
  d.out.run = shfl;
  d.out.cls = Class::Shuffle;
  d.out.shadow = Shadow::Own;
  d.out.aux = u32(mode);
  d.out.dw = 4;
  return d.finish(sync ? 5 : 4) && d.src(1, Ty::B32, d.out.a) && d.src(2, Ty::B32, d.out.b) &&
         d.src(3, Ty::B32, d.out.c) && (!sync || d.src(4, Ty::B32, d.out.e)) &&
         d.dstPair(0, Ty::B32, d.out.d, d.out.d2);
}

// aux: 0 all, 1 any, 2 uni, 3 ballot.
void vote(Warp &w, const Inst &in, u32 mask) {
  if (!gatherLanes(w, in, in.e, mask))
    return;
  u32 p = *w.at<u32>(in.a);
  if (in.flags & kNegateC)
    p = ~p;
  p &= mask;
  // A defined lane that decides the vote makes it defined; a ballot is
  // undefined in the bits of the undefined lanes alone.
  u32 undefined = w.tracking ? *w.flags(in.a) & mask : 0, sure = mask & ~undefined;
  if ((in.aux == 0 && (sure & ~p)) || (in.aux == 1 && (sure & p)) ||
      (in.aux == 2 && (sure & ~p) && (sure & p)))
    undefined = 0;
  collective(w, in, mask, undefined);
  if (in.aux == 3 && undefined)
    for (u32 rest = mask; rest; rest &= rest - 1)
      setUndefinedBits(w, in.d, 4, firstLane(rest), undefined);
  if (in.aux == 3) {
    u32 t[kLanes];
    for (u32 &lane : t)
      lane = p;
    commit(w.at<u32>(in.d), t, mask);
    return;
  }
  bool r = in.aux == 0 ? p == mask : in.aux == 1 ? p != 0 : p == mask || p == 0;
  writePredicate(w, in.d, r ? kFullMask : 0, mask);
}
bool decodeVote(Decoder &d) {
  bool sync = d.mod("sync");
  int mode = d.modOf("all any uni ballot");
  Ty type = d.type();
  if (mode < 0 || type != (mode == 3 ? Ty::B32 : Ty::Pred))
    return d.fail("expected .all, .any or .uni with .pred, or .ballot.b32");
  d.out.run = vote;
  d.out.cls = Class::Vote;
  d.out.shadow = Shadow::Own;
  d.out.aux = u32(mode);
  d.out.dw = mode == 3 ? 4 : 0;
  bool negated = false;
  if (!d.finish(sync ? 3 : 2) || !d.predicate(1, d.out.a, negated) ||
      (sync && !d.src(2, Ty::B32, d.out.e)))
    return false;
  if (negated)
    d.out.flags |= kNegateC;
  return d.dst(0, type, d.out.d);
}

void activemask(Warp &w, const Inst &in, u32 mask) {
  u32 t[kLanes];
  for (u32 &lane : t)
    lane = mask;
  commit(w.at<u32>(in.d), t, mask);
  if (w.tracking)
    *w.flags(in.d) &= ~mask;
}
bool decodeActivemask(Decoder &d) {
  d.out.run = activemask;
  d.out.cls = Class::Vote;
  d.out.shadow = Shadow::Own;
  return d.type() == Ty::B32 && d.finish(1) && d.dst(0, Ty::B32, d.out.d);
}

template <typename T, bool kAll>
void match(Warp &w, const Inst &in, u32 mask) {
  if (!gatherLanes(w, in, in.e, mask))
    return;
  const T *a = w.at<T>(in.a);
  u32 t[kLanes] = {};
  u32 equal = 0;
  T first = a[firstLane(mask)];
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u32 i = firstLane(rest);
    equal |= u32(a[i] == first) << i;
    if (!kAll)
      for (u32 more = mask; more; more &= more - 1)
        t[i] |= u32(a[firstLane(more)] == a[i]) << firstLane(more);
  }
  collective(w, in, mask, *w.flags(in.a));
  bool all = equal == mask;
  if (kAll)
    for (u32 &lane : t)
      lane = all ? mask : 0;
  commit(w.at<u32>(in.d), t, mask);
  if (in.d2)
    writePredicate(w, in.d2, all ? kFullMask : 0, mask);
}
bool decodeMatch(Decoder &d) {
  int mode = d.modOf("any all");
  d.mod("sync");
  Ty type = d.type();
  if (mode < 0 || (type != Ty::B32 && type != Ty::B64))
    return d.fail("expected .any or .all, type b32 or b64");
  bool wide = type == Ty::B64;
  d.out.run = mode == 0 ? (wide ? match<u64, false> : match<u32, false>)
                        : (wide ? match<u64, true> : match<u32, true>);
  d.out.cls = Class::Vote;
  d.out.shadow = Shadow::Own;
  d.out.dw = 4;
  return d.finish(3) && d.src(1, type, d.out.a) && d.src(2, Ty::B32, d.out.e) &&
         d.dstPair(0, Ty::B32, d.out.d, d.out.d2);
}

// aux: 0 add, 1 min, 2 max, 3 and, 4 or, 5 xor.
void redux(Warp &w, const Inst &in, u32 mask) {
  if (!gatherLanes(w, in, in.e, mask))
    return;
  const u32 *a = w.at<u32>(in.a);
  u32 r = a[firstLane(mask)];
  bool s = in.flags & kSignedA;
  for (u32 rest = mask & (mask - 1); rest; rest &= rest - 1) {
    u32 x = a[firstLane(rest)];
    switch (in.aux) {
    case 0: r += x; break;
    case 1: r = s ? (i32(x) < i32(r) ? x : r) : (x < r ? x : r); break;
    case 2: r = s ? (i32(x) > i32(r) ? x : r) : (x > r ? x : r); break;
    case 3: r &= x; break;
    case 4: r |= x; break;
    default: r ^= x;
    }
  }
  collective(w, in, mask, *w.flags(in.a));
  u32 t[kLanes];
  for (u32 &lane : t)
    lane = r;
  commit(w.at<u32>(in.d), t, mask);
}
bool decodeRedux(Decoder &d) {
  d.mod("sync");
  int op = d.modOf("add min max and or xor");
  Ty type = d.type();
  if (op < 0 || (op < 3 ? type != Ty::U32 && type != Ty::S32 : type != Ty::B32))
    return d.fail("expected .add, .min or .max of u32 or s32, or .and, .or or "
                  ".xor of b32");
  d.out.run = redux;
  d.out.cls = Class::Vote;
  d.out.shadow = Shadow::Own;
  d.out.aux = u32(op);
  d.out.dw = 4;
  if (type == Ty::S32)
    d.out.flags |= kSignedA;
  return d.finish(3) && d.src(1, type, d.out.a) && d.src(2, Ty::B32, d.out.e) &&
         d.dst(0, type, d.out.d);
}

void elect(Warp &w, const Inst &in, u32 mask) {
  if (!gatherLanes(w, in, in.e, mask))
    return;
  collective(w, in, mask, 0);
  u32 leader = firstLane(mask), t[kLanes];
  for (u32 &lane : t)
    lane = leader;
  if (in.d != kNoOperand)
    commit(w.at<u32>(in.d), t, mask);
  if (in.d2)
    writePredicate(w, in.d2, 1u << leader, mask);
}
bool decodeElect(Decoder &d) {
  d.mod("sync");
  d.out.run = elect;
  d.out.cls = Class::Vote;
  d.out.shadow = Shadow::Own;
  d.out.dw = 4;
  return d.finish(2) && d.src(1, Ty::B32, d.out.e) && d.dstPair(0, Ty::B32, d.out.d, d.out.d2);
}

const OpRow kRows[] = {
    {"shfl", decodeShfl},   {"vote", decodeVote},   {"activemask", decodeActivemask},
    {"match", decodeMatch}, {"redux", decodeRedux}, {"elect", decodeElect},
};
} // namespace

const Level::Table kWarpTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
