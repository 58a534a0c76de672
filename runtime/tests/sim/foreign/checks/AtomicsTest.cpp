// SPDX-License-Identifier: Apache-2.0
// Atomics and grid-wide synchronisation: ../cuda/atomics.cu and coop.cu against sequential host computations.
#include "Harness.h"
#include "Values.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

using namespace hadal::simtest;

namespace {

class Atomics : public testing::TestWithParam<const char *> {
protected:
  std::string file() const { return std::string("atomics") + GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Levels, Atomics, testing::Values(".ptx", ".sm_90.ptx"),
                         [](const auto &info) {
                           return std::string(info.param) == ".ptx" ? "sm_80" : "sm_90";
                         });

TEST_P(Atomics, Integers) {
  auto data = bits<int32_t>(300, 1);
  std::vector<int32_t> cells = {5, 6, 7, 8, -1, 0, -1, 0, 0x1234, 3, 9, 0, 0, 0};
  std::vector<uint64_t> wide = {1, uint64_t(1) << 62, 2, ~uint64_t(0), 0, ~uint64_t(0), 0, 77};
  Case c(file(), "atomic_integers");
  c.grid(3).block(128).in(data);
  int outCells = c.in(cells), outWide = c.in(wide);
  c.scalar<int32_t>(300);
  ASSERT_TRUE(c.run());
  for (size_t i = 0; i < data.size(); ++i) {
    int32_t v = data[i];
    uint32_t u = uint32_t(v);
    auto at = [&](size_t i) -> uint32_t & { return reinterpret_cast<uint32_t &>(cells[i]); };
    at(0) += u, at(1) -= u;
    cells[2] = std::min(cells[2], v), cells[3] = std::max(cells[3], v);
    at(4) = std::min(at(4), u), at(5) = std::max(at(5), u);
    at(6) &= u | 0xff, at(7) |= u & 0xf0f0, at(8) ^= u;
    at(9) = at(9) >= 12 ? 0 : at(9) + 1;
    at(10) = at(10) == 0 || at(10) > 17 ? 17 : at(10) - 1;
    at(11 + i / 128) += 1; // the block's own
    uint64_t w = uint64_t(int64_t(v)) * 0x123456789ull;
    wide[0] += w;
    wide[1] = uint64_t(std::min(int64_t(wide[1]), int64_t(w))),
    wide[2] = uint64_t(std::max(int64_t(wide[2]), int64_t(w)));
    wide[3] = std::min(wide[3], w), wide[4] = std::max(wide[4], w);
    wide[5] &= w | 0xff, wide[6] |= w & 0xf0f0f0f0f0ull, wide[7] ^= w;
  }
  expectEqual(c.result<int32_t>(outCells), cells);
  expectEqual(c.result<uint64_t>(outWide), wide);
}

TEST_P(Atomics, Floats) {
  auto data = integers<int32_t>(256, 2, -500, 500);
  Case c(file(), "atomic_floats");
  c.grid(2).block(128).in(data);
  int f = c.in(std::vector<float>{0.5f}), d = c.in(std::vector<double>{0.25});
  int h2 = c.in(std::vector<uint16_t>(4, 0)), b2 = c.in(std::vector<uint16_t>(4, 0));
  int h = c.in(std::vector<uint16_t>(2, 0)), b = c.in(std::vector<uint16_t>(2, 0));
  if (file() == "atomics.ptx")
    c.timingDependent(); // bf16 additions are compare-and-swap loops before sm_90: how often they try depends on others
  ASSERT_TRUE(c.run());
  double total = std::accumulate(data.begin(), data.end(), 0.0);
  expectEqual(c.result<float>(f), {float(total + 0.5)});
  expectEqual(c.result<double>(d), {total * 0.5 + 0.25});
  for (size_t block = 0; block < 2; ++block) {
    int all = 0, firstHalf = 0;
    for (size_t t = 0; t < 128; ++t) {
      int small = data[block * 128 + t] & 3;
      all += small;
      firstHalf += t < 64 ? small : 0;
    }
    EXPECT_EQ(halfValue(c.result<uint16_t>(h2)[2 * block]), float(all));
    EXPECT_EQ(halfValue(c.result<uint16_t>(h2)[2 * block + 1]), float(-all));
    EXPECT_EQ(halfValue(c.result<uint16_t>(h)[block]), float(all));
    EXPECT_EQ(bfloatValue(c.result<uint16_t>(b2)[2 * block]), float(firstHalf));
    EXPECT_EQ(bfloatValue(c.result<uint16_t>(b2)[2 * block + 1]), 64.0f);
    EXPECT_EQ(bfloatValue(c.result<uint16_t>(b)[block]), float(firstHalf));
  }
}

TEST_P(Atomics, Shared) {
  auto data = integers<int32_t>(192, 3, 0, 1000000);
  Case c(file(), "atomic_shared");
  c.grid(2).block(96).in(data);
  int out = c.out<int32_t>(8), tickets = c.out<int32_t>(192);
  c.ignore(tickets);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (size_t block = 0; block < 2; ++block) {
    auto begin = data.begin() + long(block * 96), end = begin + 96;
    int32_t low = 0;
    for (auto it = begin; it != end; ++it)
      low += *it & 255;
    expected.insert(expected.end(),
                    {std::accumulate(begin, end, 0), *std::max_element(begin, end), low, 96});
    auto seen = c.result<int32_t>(tickets);
    std::set<int32_t> threads(seen.begin() + long(block * 96),
                              seen.begin() + long(block * 96 + 96));
    EXPECT_EQ(threads.size(), 96u);
    EXPECT_EQ(*threads.rbegin(), 95);
  }
  expectEqual(c.result<int32_t>(out), expected);
}

TEST_P(Atomics, CompareAndSwapLoops) {
  auto data = reals<float>(200, 4, -1000, 1000);
  Case c(file(), "atomic_cas_loops");
  c.grid(2).block(128).in(data);
  int maximum = c.in(std::vector<double>{-1e9}), product = c.in(std::vector<float>{3.0f});
  int counters = c.in(std::vector<uint16_t>{1, 2, 3, 4, 5, 6, 7, 65535});
  c.scalar<int32_t>(200).timingDependent(); // the first reads are plain loads beside atomics
  ASSERT_TRUE(c.run());
  expectEqual(c.result<double>(maximum), {double(*std::max_element(data.begin(), data.end()))});
  expectEqual(c.result<float>(product), {3.0f});
  std::vector<uint16_t> expected = {1, 2, 3, 4, 5, 6, 7, 65535};
  for (uint16_t &v : expected)
    v = uint16_t(v + 75);
  expectEqual(c.result<uint16_t>(counters), expected);
}

TEST_P(Atomics, HashSet) {
  auto keys = integers<uint32_t>(250, 5, 0, 120);
  Case c(file(), "atomic_hash_set");
  c.grid(2).block(128).in(keys);
  int slots = c.in(std::vector<uint32_t>(151, ~0u));
  c.scalar<uint32_t>(151);
  int fresh = c.in(std::vector<uint32_t>{0});
  c.scalar<int32_t>(250).timingDependent().ignore(slots);
  ASSERT_TRUE(c.run());
  std::set<uint32_t> expected(keys.begin(), keys.end()), got;
  for (uint32_t key : c.result<uint32_t>(slots))
    if (key != ~0u)
      EXPECT_TRUE(got.insert(key).second) << key;
  EXPECT_EQ(got, expected);
  expectEqual(c.result<uint32_t>(fresh), {uint32_t(expected.size())});
}

TEST_P(Atomics, Lists) {
  auto data = integers<int32_t>(192, 6, 0, 1000);
  Case c(file(), "atomic_push_lists");
  c.grid(2).block(96).in(data);
  int heads = c.in(std::vector<int32_t>(7, -1)), next = c.out<int32_t>(192);
  c.scalar<int32_t>(7).ignore(heads);
  c.ignore(next);
  ASSERT_TRUE(c.run());
  auto links = c.result<int32_t>(next);
  size_t total = 0;
  for (int32_t list = 0; list < 7; ++list)
    for (int32_t node = c.result<int32_t>(heads)[size_t(list)]; node >= 0 && total <= 192;
         node = links[size_t(node)], ++total)
      EXPECT_EQ(data[size_t(node)] % 7, list);
  EXPECT_EQ(total, 192u);
}

TEST_P(Atomics, Histogram) {
  auto data = bits<uint8_t>(3000, 7);
  Case c(file(), "atomic_histogram");
  c.grid(4).block(128).in(data);
  int bins = c.in(std::vector<uint32_t>(256, 0));
  c.scalar<int32_t>(3000);
  ASSERT_TRUE(c.run());
  std::vector<uint32_t> expected(256);
  for (uint8_t v : data)
    ++expected[v];
  expectEqual(c.result<uint32_t>(bins), expected);
}

TEST_P(Atomics, MessagePassing) {
  Case c(file(), "atomic_libcudacxx");
  c.grid(1).block(64);
  c.out<int32_t>(16);
  c.in(std::vector<int32_t>{0});
  int out = c.out<int32_t>(16), peak = c.in(std::vector<uint32_t>{0});
  c.timingDependent();
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (int i = 0; i < 16; ++i)
    expected.push_back(i * i + 1);
  expectEqual(c.result<int32_t>(out), expected);
  expectEqual(c.result<uint32_t>(peak), {60u});
}

TEST(Coop, Jacobi) {
  const size_t n = 300;
  auto a = integers<int32_t>(n, 8, -3, 3);
  for (int steps : {4, 5}) {
    Case c("coop.ptx", "coop_jacobi");
    c.grid(4).block(64).cooperative();
    int outA = c.in(a), outB = c.out<int32_t>(n);
    c.scalar<int32_t>(n).scalar<int32_t>(steps).timingDependent();
    ASSERT_TRUE(c.run());
    std::vector<int32_t> from = a, to(n);
    for (int step = 0; step < steps; ++step) {
      for (size_t i = 0; i < n; ++i)
        to[i] = from[(i + n - 1) % n] + from[i] + from[(i + 1) % n];
      std::swap(from, to);
    }
    expectEqual(c.result<int32_t>(steps % 2 ? outB : outA), from);
  }
}

TEST(Coop, HandMadeBarrier) {
  const int blocks = 5, threads = 64, rounds = 4;
  Case c("coop.ptx", "coop_hand_barrier");
  c.grid(blocks).block(threads).cooperative();
  int out = c.out<int32_t>(2 * blocks * threads);
  c.in(std::vector<uint32_t>{0});
  c.scalar<int32_t>(rounds).timingDependent();
  ASSERT_TRUE(c.run());
  // Whole rows are rotated: clang 22 at -O3 vectorises a loop over (t + 1) % threads wrongly.
  std::vector<int32_t> expected(2 * blocks * threads);
  for (int round = 0; round < rounds; ++round)
    for (int b = 0; b < blocks; ++b) {
      std::vector<int32_t> row(threads);
      auto from =
          expected.begin() + ((round - 1) & 1) * blocks * threads + (b + round) % blocks * threads;
      if (round == 0)
        std::iota(row.begin(), row.end(), b * threads);
      else
        std::rotate_copy(from, from + 1, from + threads, row.begin());
      for (int t = 0; t < threads; ++t)
        expected[size_t((round & 1) * blocks * threads + b * threads + t)] =
            row[size_t(t)] * 3 + round;
    }
  expectEqual(c.result<int32_t>(out), expected);
}

TEST(Coop, FlagChain) {
  const int blocks = 9, threads = 32;
  Case c("coop.ptx", "coop_flag_chain");
  c.grid(blocks).block(threads).cooperative();
  int out = c.out<int32_t>(blocks * threads);
  c.in(std::vector<int32_t>(blocks, 0));
  c.timingDependent();
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (int b = 0, before = 1; b < blocks; ++b) {
    for (int t = 0; t < threads; ++t)
      expected.push_back(before * 3 % 1009 + t);
    before = expected[size_t(b * threads)];
  }
  expectEqual(c.result<int32_t>(out), expected);
}

TEST(Coop, WorkQueue) {
  auto data = integers<int32_t>(17 * 64, 9, -1000, 1000);
  Case c("coop.ptx", "coop_work_queue");
  c.grid(3).block(64).in(data);
  int out = c.out<int32_t>(17 * 64);
  c.in(std::vector<int32_t>{0});
  c.scalar<int32_t>(17).timingDependent();
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (int i = 0; i < 17 * 64; ++i)
    expected.push_back(data[size_t(i)] * (i / 64) + i % 64);
  expectEqual(c.result<int32_t>(out), expected);
}

TEST(Coop, Tiles) {
  auto data = integers<int32_t>(192, 10, -100, 100);
  Case c("coop.ptx", "coop_tiles");
  c.grid(2).block(96).in(data);
  int out = c.out<int32_t>(192 * 8);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (size_t i = 0; i < 192; ++i) {
    size_t tile = i / 8 * 8, half = i / 16 * 16, rank = i % 96;
    int32_t sum = 0, most = INT32_MIN, before = 0, upTo = 0, odd = 0, same = 0;
    for (size_t j = tile; j < tile + 8; ++j) {
      sum += data[j];
      before += j < i ? data[j] : 0;
      odd |= (data[j] & 1) << (j - tile);
      same |= ((data[j] & 3) == (data[i] & 3)) << (j - tile);
    }
    for (size_t j = half; j < half + 16; ++j) {
      most = std::max(most, data[j]);
      upTo += j <= i ? data[j] : 0;
    }
    expected.insert(expected.end(),
                    {sum, most, before, upTo, odd, data[tile + (i - tile + 3) % 8],
                     i - half + 2 < 16 ? data[i + 2] : -1, same + int32_t(rank / 8) * 256});
  }
  expectEqual(c.result<int32_t>(out), expected);
}

TEST(Coop, DynamicGroups) {
  auto data = integers<int32_t>(192, 11, 0, 100);
  Case c("coop.ptx", "coop_dynamic_groups");
  c.grid(2).block(96).in(data);
  int out = c.out<int32_t>(192), counter = c.in(std::vector<int32_t>{0});
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected(192, -1);
  int32_t active = 0;
  for (size_t i = 0; i < 192; ++i) {
    if (data[i] % 3 == 0)
      continue;
    ++active;
    int32_t sum = 0, first = -1;
    for (size_t j = i / 32 * 32; j < i / 32 * 32 + 32; ++j) {
      if (data[j] % 3 == 0)
        continue;
      sum += (data[j] & 3) == (data[i] & 3) ? data[j] : 0;
      if (first < 0 && (data[j] & 1) == (data[i] & 1))
        first = data[j];
    }
    expected[i] = sum * 64 + (first & 63);
  }
  expectEqual(c.result<int32_t>(out), expected);
  expectEqual(c.result<int32_t>(counter), {active});
}

} // namespace
