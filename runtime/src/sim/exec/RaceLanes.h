// SPDX-License-Identifier: Apache-2.0
// SharedRaces by vector code: accesses to whole words that clash with nothing.
// Whatever is not surely free of a clash is left to SharedRaces, unchanged.
#ifndef HADAL_SIM_EXEC_RACELANES_H
#define HADAL_SIM_EXEC_RACELANES_H

#include "sim/check/SharedRaces.h"
#include "sim/exec/ExecSupport.h"

namespace hadal::HADAL_SIM_LEVEL {

typedef u32 Words1 __attribute__((vector_size(4)));
typedef u32 Words4 __attribute__((vector_size(16)));
#if defined(__AVX2__)
typedef u32 WideWords __attribute__((vector_size(32)));
#else
typedef u32 WideWords __attribute__((vector_size(16)));
#endif

template <typename V> inline V loadWords(const u32 *from) {
  V v;
  memcpy(&v, from, sizeof(V));
  return v;
}
template <typename V> inline void storeWords(u32 *to, V v) { memcpy(to, &v, sizeof(V)); }
/// Whether an element of a comparison holds.
template <typename V> inline bool anyOf(V v) {
#if defined(__AVX2__)
  if constexpr (sizeof(V) == 32)
    return !_mm256_testz_si256(__m256i(v), __m256i(v));
  if constexpr (sizeof(V) == 16)
    return !_mm_testz_si128(__m128i(v), __m128i(v));
#endif
  u32 any = 0;
  for (size_t i = 0; i < sizeof(V) / 4; ++i)
    any |= v[i];
  return any != 0;
}

using RaceView = SharedRaces::View;

/// Records that are surely ordered before an access of `thread` (a vector: the
/// words may belong to several lanes of the warp): SharedRaces::ordered, but
/// for records of other warps above the limit.
template <typename V> inline V surelyOrdered(const RaceView &view, V x, V thread) {
  constexpr u32 pending = SharedRaces::kPendingClock << SharedRaces::kClockShift;
  constexpr u32 lane = SharedRaces::kMany | SharedRaces::kThread;
  V own = V(((x >> 5) & 31) == view.warp);
  V ownOrdered = V(x < view.ownLimit) | (V((x & lane) == thread) & V(x < pending));
  return V(x < view.limit) | (own & ownOrdered);
}

/// Notes reads of the words from `word` on. False: nothing was done, the reads
/// have to go through SharedRaces.
template <typename V>
inline bool readWords(const RaceView &view, u32 word, V thread) {
  V write = loadWords<V>(view.write + word), first = loadWords<V>(view.read1 + word),
    second = loadWords<V>(view.read2 + word);
  V fine = V(write < view.limit) & V(second != SharedRaces::kSplit);
  if (anyOf(V(~fine)) &&
      anyOf(V(~(surelyOrdered(view, write, thread) & V(second != SharedRaces::kSplit)))))
    return false;
  V record = thread | view.clock, low = V(first < view.limit);
  if (!anyOf(V(~low)) || !anyOf(V(first ^ record))) {
    storeWords(view.read1 + word, record);
    return true;
  }
  V isOwn = V(((first >> 5) & 31) == view.warp);
  if (view.exact && !anyOf(V(isOwn | low))) {
    // Another warp has read them all: the second record is this warp's.
    if (!anyOf(V(second ^ record)))
      return true;
    if (!anyOf(V(second >= view.limit))) {
      storeWords(view.read2 + word, record);
      return true;
    }
  }
  V replaced = surelyOrdered(view, first, thread);
  // As SharedRaces::noteRead: several lanes of the warp share a record, readers
  // of a second warp have the second one, and further ones are not noted.
  V others = ~(replaced | isOwn);
  V many = record | SharedRaces::kMany;
  if (anyOf(others)) {
    if (!view.exact)
      return false;
    V replaced2 = surelyOrdered(view, second, thread);
    V isOwn2 = V(((second >> 5) & 31) == view.warp);
    V next = (replaced2 & record) | (~replaced2 & isOwn2 & many) | (~replaced2 & ~isOwn2 & second);
    storeWords(view.read2 + word, V((others & next) | (~others & second)));
  }
  storeWords(view.read1 + word,
             V((replaced & record) | (others & first) | (~replaced & isOwn & many)));
  return true;
}

/// Notes writes; `as` is what the words hold afterwards: the record of the
/// threads, or that of a pending cp.async.
template <typename V>
inline bool writeWords(const RaceView &view, u32 word, V thread, V as) {
  V write = loadWords<V>(view.write + word), first = loadWords<V>(view.read1 + word),
    second = loadWords<V>(view.read2 + word);
  // The mark of split words is never ordered.
  V fine = V(write < view.limit) & V(first < view.limit) & V(second < view.limit);
  if (anyOf(V(~fine)) &&
      anyOf(V(~(surelyOrdered(view, write, thread) & surelyOrdered(view, first, thread) &
                surelyOrdered(view, second, thread)))))
    return false;
  storeWords(view.write + word, as);
  storeWords(view.read1 + word, V{});
  storeWords(view.read2 + word, V{});
  return true;
}

// The views below are copies, so that stores to the records do not change them
// as far as the compiler can see.

template <typename V, bool kWrites>
inline u32 raceEach(RaceView view, const u64 *address, u32 lanes) {
  for (; lanes; lanes &= lanes - 1) {
    u32 lane = firstLane(lanes), word = u32(address[lane]) / 4;
    V thread = V{} + (view.warp * kLanes + lane);
    if (!(kWrites ? writeWords(view, word, thread, V(thread | view.clock))
                  : readWords(view, word, thread)))
      break;
  }
  return lanes;
}

/// Notes the accesses of lanes in order, up to the first that has to go through
/// SharedRaces; returns that lane and all behind it.
inline u32 raceLanes(const RaceView &view, bool writes, const u64 *address, u32 lanes, u32 bytes) {
  if (bytes == 16)
    return writes ? raceEach<Words4, true>(view, address, lanes)
                  : raceEach<Words4, false>(view, address, lanes);
  if (bytes == 4)
    return writes ? raceEach<Words1, true>(view, address, lanes)
                  : raceEach<Words1, false>(view, address, lanes);
  return lanes;
}

/// As above for copies of 16 bytes by cp.async that begin.
inline u32 issueLanes(RaceView view, const u64 *address, u32 lanes) {
  constexpr u32 pending = SharedRaces::kPendingClock << SharedRaces::kClockShift;
  for (; lanes; lanes &= lanes - 1) {
    u32 lane = firstLane(lanes);
    Words4 thread = Words4{} + (view.warp * kLanes + lane);
    if (!writeWords(view, u32(address[lane]) / 4, thread, Words4(thread | pending)))
      break;
  }
  return lanes;
}
/// And for those that end.
inline u32 arriveLanes(RaceView view, const u32 *address, u32 lanes) {
  for (; lanes; lanes &= lanes - 1) {
    u32 lane = firstLane(lanes), word = address[lane] / 4;
    Words4 split = Words4(loadWords<Words4>(view.read2 + word) == SharedRaces::kSplit);
    if (anyOf(split))
      break;
    storeWords(view.write + word, Words4{} + (view.clock | (view.warp * kLanes + lane)));
  }
  return lanes;
}

/// As above for all lanes, each of 4, 8 or 16 bytes behind the other; returns
/// the lanes that are left to SharedRaces.
inline u32 raceContiguous(RaceView view, bool writes, u32 at, u32 bytes) {
  if (bytes != 4 && bytes != 8 && bytes != 16)
    return kFullMask;
  constexpr u32 kWords = sizeof(WideWords) / 4;
  u32 shift = bytes == 4 ? 0 : bytes == 8 ? 1 : 2; // log2 of words a lane
  u32 lanes = kWords >> shift, left = 0;
  WideWords step;
  for (u32 i = 0; i < kWords; ++i)
    step[i] = i >> shift;
  for (u32 lane = 0; lane < kLanes; lane += lanes) {
    u32 word = at / 4 + (lane << shift);
    WideWords thread = step + (view.warp * kLanes + lane);
    bool done = writes ? writeWords(view, word, thread, WideWords(thread | view.clock))
                       : readWords(view, word, thread);
    if (!done)
      left |= ((1u << lanes) - 1) << lane;
  }
  return left;
}

} // namespace hadal::HADAL_SIM_LEVEL

#endif // HADAL_SIM_EXEC_RACELANES_H
