// SPDX-License-Identifier: Apache-2.0
// Random accesses, with and without the vector code: every hit and every record must agree.
#include "sim/exec/RaceLanes.h"

#include <gtest/gtest.h>
#include <random>

using namespace hadal::sim_test;

namespace {

constexpr u32 kBytes = 512, kWarps = 4;

/// What one lane's access gives, in a form that can be compared.
struct Seen {
  u32 lane;
  bool found, pending, isWrite;
  u32 thread, warp;
  bool operator==(const Seen &o) const {
    return lane == o.lane && found == o.found && pending == o.pending && isWrite == o.isWrite &&
           thread == o.thread && warp == o.warp;
  }
};
Seen seenOf(u32 lane, const RaceHit &hit) {
  return {lane, hit.found, hit.pending, hit.otherIsWrite, hit.otherThread, hit.otherWarp};
}

enum class Kind { Read, Write, Issue };

/// One instruction of a warp; returns the hits. `fast`: the way of MemoryAccess.cpp and ExecAsync.cpp.
std::vector<Seen> access(SharedRaces &races, bool fast, Kind kind, u32 warp, const u64 *address,
                         u32 mask, u32 bytes, bool contiguous) {
  std::vector<Seen> hits;
  SharedRaces::View view = races.view(warp);
  u32 left = mask;
  if (fast && contiguous && mask == kFullMask && kind != Kind::Issue)
    left = raceContiguous(view, kind == Kind::Write, u32(address[0]), bytes);
  auto next = [&](u32 lanes) {
    if (!fast || (kind == Kind::Issue && bytes != 16))
      return lanes;
    return kind == Kind::Issue ? issueLanes(view, address, lanes)
                               : raceLanes(view, kind == Kind::Write, address, lanes, bytes);
  };
  for (u32 rest = next(left); rest; rest = next(rest & (rest - 1))) {
    u32 lane = firstLane(rest), thread = warp * kLanes + lane, at = u32(address[lane]);
    RaceHit hit = kind == Kind::Read    ? races.read(thread, at, bytes)
                  : kind == Kind::Write ? races.write(thread, at, bytes)
                                        : races.issue(thread, at, bytes);
    if (hit.found)
      hits.push_back(seenOf(lane, hit));
  }
  return hits;
}

void arrive(SharedRaces &races, bool fast, u32 warp, const u32 *address, u32 mask, u32 bytes) {
  u32 left = mask;
  if (fast && bytes == 16)
    left = arriveLanes(races.view(warp), address, mask);
  for (; left; left &= left - 1) {
    u32 lane = firstLane(left);
    races.arrive(warp * kLanes + lane, address[lane], bytes);
  }
}

struct Copy {
  u32 warp, mask, bytes;
  u32 address[kLanes];
};

void compareRecords(SharedRaces &plain, SharedRaces &fast) {
  SharedRaces::View x = plain.view(0), y = fast.view(0);
  for (u32 word = 0; word < kBytes / 4; ++word) {
    ASSERT_EQ(x.write[word], y.write[word]) << "word " << word;
    ASSERT_EQ(x.read1[word], y.read1[word]) << "word " << word;
    ASSERT_EQ(x.read2[word], y.read2[word]) << "word " << word;
  }
}

/// Few barriers make many clashes, many barriers few.
void runSequence(unsigned seed, unsigned barriers, u32 *clashes) {
  std::mt19937 random(seed);
  auto below = [&](u32 n) { return u32(random() % n); };
  SharedRaces plain(kBytes, kWarps), fast(kBytes, kWarps);
  std::vector<Copy> copies;
  for (unsigned step = 0; step < 600; ++step) {
    u32 warp = below(kWarps);
    if (below(100) < barriers) {
      u32 members = below(3) ? (1u << kWarps) - 1 : 1u << below(kWarps) | 1u << below(kWarps);
      plain.barrier(members, false);
      fast.barrier(members, false);
      continue;
    }
    switch (below(12)) {
    case 0:
      plain.warpSync(warp);
      fast.warpSync(warp);
      continue;
    case 1: { // atomics order and split words
      u64 address[kLanes];
      u32 at = below(kBytes / 4) * 4, lane = below(kLanes);
      std::fill(address, address + kLanes, at);
      for (SharedRaces *races : {&plain, &fast}) {
        races->acquire(warp, at);
        races->strong(warp * kLanes + lane, at, 4, true);
        races->release(warp, address, 1u << lane, true);
      }
      continue;
    }
    case 2: { // bytes split words
      u32 at = below(kBytes), thread = warp * kLanes + below(kLanes);
      bool writes = below(2);
      for (SharedRaces *races : {&plain, &fast})
        writes ? races->write(thread, at, 1) : races->read(thread, at, 1);
      continue;
    }
    case 3: {
      if (copies.empty())
        continue;
      u32 which = below(u32(copies.size()));
      Copy copy = copies[which];
      copies.erase(copies.begin() + which);
      arrive(plain, false, copy.warp, copy.address, copy.mask, copy.bytes);
      arrive(fast, true, copy.warp, copy.address, copy.mask, copy.bytes);
      continue;
    }
    default: break;
    }
    const u32 sizes[] = {4, 8, 16};
    u32 bytes = sizes[below(3)], mask = below(3) ? kFullMask : (random() | 1u);
    Kind kind = below(5) == 0 ? Kind::Issue : below(3) ? Kind::Read : Kind::Write;
    bool contiguous = below(2) && bytes * kLanes <= kBytes;
    u64 address[kLanes];
    u32 first = below((kBytes - (contiguous ? bytes * kLanes : bytes)) / bytes + 1) * bytes,
        pattern = below(3);
    for (u32 i = 0; i < kLanes; ++i)
      address[i] = contiguous     ? first + i * bytes
                   : pattern == 0 ? first // all lanes alike
                   : pattern == 1 ? below(kBytes / bytes) * bytes // anywhere
                                  : i * 5 * bytes % kBytes / bytes * bytes;
    auto a = access(plain, false, kind, warp, address, mask, bytes, contiguous);
    auto b = access(fast, true, kind, warp, address, mask, bytes, contiguous);
    ASSERT_EQ(a.size(), b.size()) << "seed " << seed << " step " << step;
    ASSERT_TRUE(a == b) << "seed " << seed << " step " << step;
    *clashes += !a.empty();
    compareRecords(plain, fast);
    if (::testing::Test::HasFatalFailure())
      return;
    if (kind == Kind::Issue && a.empty()) {
      Copy copy{warp, mask, bytes, {}};
      for (u32 i = 0; i < kLanes; ++i)
        copy.address[i] = u32(address[i]);
      copies.push_back(copy);
    }
  }
}

TEST(RaceLanes, AgreeWithSharedRaces) {
  u32 clashes = 0;
  for (unsigned barriers : {2u, 20u, 60u})
    for (unsigned seed = 0; seed < 60; ++seed) {
      runSequence(seed * 3 + barriers, barriers, &clashes);
      if (HasFatalFailure())
        return;
    }
  EXPECT_GT(clashes, 1000u); // the sequences do reach what the check is for
}

} // namespace
