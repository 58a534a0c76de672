// SPDX-License-Identifier: Apache-2.0
// Reductions, scans and sorts of ../cuda, as nvcc and clang compiled them, against host computations.
#include "Harness.h"
#include "Values.h"

#include <algorithm>
#include <map>
#include <numeric>

using namespace hadal::simtest;

namespace {

class Reduce : public testing::TestWithParam<const char *> {
protected:
  std::string file(const char *stem) const { return std::string(stem) + GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Compilers, Reduce, testing::Values(".ptx", ".clang.ptx"),
                         [](const auto &info) {
                           return std::string(info.param) == ".ptx" ? "nvcc" : "clang";
                         });

TEST_P(Reduce, SumOfIntegers) {
  for (unsigned threads : {32u, 200u, 256u}) {
    auto data = integers<int32_t>(5000, threads, -1000000, 1000000);
    Case c(file("reduce"), "reduce_sum_i64");
    c.grid(5).block(threads).in(data);
    int out = c.in(std::vector<int64_t>{7});
    c.scalar<int32_t>(5000);
    ASSERT_TRUE(c.run());
    expectEqual(c.result<int64_t>(out), {std::accumulate(data.begin(), data.end(), int64_t(7))});
  }
}

float treeSum(const std::vector<float> &data, size_t start, unsigned width, bool two) {
  std::vector<float> tree(width);
  for (unsigned t = 0; t < width; ++t) {
    tree[t] = start + t < data.size() ? data[start + t] : 0.0f;
    if (two && start + t + width < data.size())
      tree[t] += data[start + t + width];
  }
  for (unsigned stride = width / 2; stride > 0; stride /= 2)
    for (unsigned t = 0; t < stride; ++t)
      tree[t] += tree[t + stride];
  return tree[0];
}

TEST_P(Reduce, TreeOfFloats) {
  auto data = reals<float>(3000, 3, -1, 1);
  Case c(file("reduce"), "reduce_tree_f32");
  c.grid(6).block(256).dynamicShared(1024).in(data);
  int out = c.out<float>(6);
  c.scalar<int32_t>(3000);
  ASSERT_TRUE(c.run());
  std::vector<float> expected;
  for (size_t b = 0; b < 6; ++b)
    expected.push_back(treeSum(data, b * 512, 256, true));
  expectEqual(c.result<float>(out), expected);
}

TEST_P(Reduce, TreeWithSyncwarp) {
  auto data = reals<float>(1000, 4, -1, 1);
  Case c(file("reduce"), "reduce_tree_syncwarp_f32");
  c.grid(4).block(256).in(data);
  int out = c.out<float>(4);
  c.scalar<int32_t>(1000);
  ASSERT_TRUE(c.run());
  std::vector<float> expected;
  for (size_t b = 0; b < 4; ++b)
    expected.push_back(treeSum(data, b * 256, 256, false));
  expectEqual(c.result<float>(out), expected);
}

TEST_P(Reduce, LastBlock) {
  auto data = integers<double>(4000, 5, -1000, 1000); // exact in any order
  Case c(file("reduce"), "reduce_last_block_f64");
  c.grid(7).block(128).in(data);
  c.in(std::vector<double>(7, 0));
  int arrived = c.in(std::vector<uint32_t>{0});
  int out = c.out<double>(1);
  c.scalar<int32_t>(4000).timingDependent();
  ASSERT_TRUE(c.run());
  expectEqual(c.result<double>(out), {std::accumulate(data.begin(), data.end(), 0.0)});
  expectEqual(c.result<uint32_t>(arrived), {0u});
}

TEST_P(Reduce, Votes) {
  auto data = integers<int32_t>(384, 6, 0, 100);
  std::fill(data.begin() + 96, data.begin() + 192, 100);
  std::fill(data.begin() + 192, data.begin() + 288, 0);
  Case c(file("reduce"), "reduce_votes");
  c.grid(4).block(96).in(data);
  int out = c.out<uint32_t>(24);
  c.scalar<int32_t>(50);
  ASSERT_TRUE(c.run());
  std::vector<uint32_t> expected;
  for (size_t b = 0; b < 4; ++b) {
    uint32_t count = 0, ballot = 0;
    for (size_t t = 0; t < 96; ++t) {
      bool big = data[b * 96 + t] > 50;
      count += big;
      if (t < 32 && big)
        ballot |= 1u << t;
    }
    expected.insert(expected.end(),
                    {count, count > 0, count == 96, ballot, ballot != 0, ballot == ~0u});
  }
  expectEqual(c.result<uint32_t>(out), expected);
}

TEST_P(Reduce, ArgMax) {
  for (unsigned threads : {32u, 128u}) {
    auto data = integers<float>(3 * 777, 7, -50, 50); // many ties
    Case c(file("reduce"), "reduce_argmax");
    c.grid(3).block(threads).in(data);
    int out = c.out<int32_t>(3);
    c.scalar<int32_t>(777);
    ASSERT_TRUE(c.run());
    std::vector<int32_t> expected;
    for (size_t row = 0; row < 3; ++row) {
      auto begin = data.begin() + long(row * 777);
      expected.push_back(int32_t(std::max_element(begin, begin + 777) - begin));
    }
    expectEqual(c.result<int32_t>(out), expected);
  }
}

TEST(ReduceSm80, Redux) {
  auto data = bits<int32_t>(8 * 32, 8);
  Case c("reduce.ptx", "reduce_redux");
  c.grid(2).block(128).in(data);
  int out = c.out<int32_t>(64);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (size_t row = 0; row < 8; ++row) {
    auto begin = data.begin() + long(row * 32), end = begin + 32;
    uint32_t sum = 0, all = ~0u, any = 0, odd = 0, least = ~0u, most = 0;
    for (auto it = begin; it != end; ++it) {
      uint32_t v = uint32_t(*it);
      sum += v, all &= v, any |= v, odd ^= v, least = std::min(least, v), most = std::max(most, v);
    }
    for (uint32_t v : {sum, uint32_t(*std::min_element(begin, end)),
                       uint32_t(*std::max_element(begin, end)), all, any, odd, least, most})
      expected.push_back(int32_t(v));
  }
  expectEqual(c.result<int32_t>(out), expected);
}

TEST_P(Reduce, ScanHillisSteele) {
  auto data = integers<int32_t>(200, 9, -100, 100);
  Case c(file("scan"), "scan_hillis_steele");
  c.block(256).dynamicShared(2048).in(data);
  int out = c.out<int32_t>(200);
  c.scalar<int32_t>(200);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected(200);
  std::partial_sum(data.begin(), data.end(), expected.begin());
  expectEqual(c.result<int32_t>(out), expected);
}

TEST_P(Reduce, ScanBlelloch) {
  auto data = integers<float>(1024, 10, -100, 100);
  Case c(file("scan"), "scan_blelloch_f32");
  c.grid(2).block(256).in(data);
  int out = c.out<float>(1024);
  ASSERT_TRUE(c.run());
  std::vector<float> expected(1024);
  for (size_t b = 0; b < 2; ++b)
    std::exclusive_scan(data.begin() + long(b * 512), data.begin() + long(b * 512 + 512),
                        expected.begin() + long(b * 512), 0.0f);
  auto got = c.result<float>(out);
  for (float &v : got)
    v += 0.0f; // -0 and 0 are the same sum
  expectEqual(got, expected);
}

TEST_P(Reduce, ScanLookBack) {
  auto data = integers<uint32_t>(3000, 11, 0, 4000000000);
  Case c(file("scan"), "scan_look_back");
  c.grid(12).block(256).in(data);
  int out = c.out<uint64_t>(3000);
  int status = c.in(std::vector<uint64_t>(12, 0));
  c.in(std::vector<uint32_t>{0});
  c.scalar<int32_t>(3000).timingDependent().cooperative();
  (void)status;
  ASSERT_TRUE(c.run());
  std::vector<uint64_t> expected(3000);
  uint64_t sum = 0;
  for (size_t i = 0; i < 3000; ++i)
    expected[i] = sum += data[i];
  expectEqual(c.result<uint64_t>(out), expected);
}

TEST_P(Reduce, Compact) {
  auto data = integers<int32_t>(230, 12, 0, 2);
  Case c(file("scan"), "scan_compact");
  c.block(256).in(data);
  int out = c.in(std::vector<int32_t>(256, -1));
  int count = c.out<int32_t>(1);
  c.scalar<int32_t>(230);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (int32_t i = 0; i < 230; ++i)
    if (data[size_t(i)])
      expected.push_back(i);
  expectEqual(c.result<int32_t>(count), {int32_t(expected.size())});
  expected.resize(256, -1);
  expectEqual(c.result<int32_t>(out), expected);
}

TEST_P(Reduce, Segments) {
  auto keys = integers<int32_t>(256, 13, 0, 4);
  std::fill(keys.begin() + 64, keys.begin() + 96, 3);
  auto data = integers<int32_t>(256, 14, -99, 99);
  Case c(file("scan"), "scan_segments");
  c.grid(2).block(128).in(keys);
  c.in(data);
  int sums = c.out<int32_t>(256), leaders = c.out<int32_t>(256);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expectedSums(256), expectedLeaders(256);
  for (size_t i = 0; i < 256; ++i) {
    size_t warp = i / 32 * 32;
    int32_t leader = -1;
    bool uniform = true;
    for (size_t j = warp; j < warp + 32; ++j) {
      if (keys[j] != keys[i])
        uniform = false;
      else if (leader < 0)
        leader = int32_t(j - warp);
      if (keys[j] == keys[i] && j <= i)
        expectedSums[i] += data[j];
    }
    expectedLeaders[i] = uniform ? -1 : leader;
  }
  expectEqual(c.result<int32_t>(sums), expectedSums);
  expectEqual(c.result<int32_t>(leaders), expectedLeaders);
}

TEST_P(Reduce, RadixSort) {
  auto keys = bits<uint32_t>(512, 15), values = bits<uint32_t>(512, 16);
  for (size_t i = 0; i < 256; ++i)
    keys[i] &= 0xf0000f; // ties show that the sort is stable
  Case c(file("sort"), "sort_radix_block");
  c.grid(2).block(256).in(keys);
  c.in(values);
  int keysOut = c.out<uint32_t>(512), valuesOut = c.out<uint32_t>(512);
  ASSERT_TRUE(c.run());
  std::vector<uint32_t> expectedKeys, expectedValues;
  for (size_t b = 0; b < 2; ++b) {
    std::vector<std::pair<uint32_t, uint32_t>> pairs;
    for (size_t i = b * 256; i < b * 256 + 256; ++i)
      pairs.emplace_back(keys[i], values[i]);
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](auto &a, auto &b) { return a.first < b.first; });
    for (auto &pair : pairs) {
      expectedKeys.push_back(pair.first);
      expectedValues.push_back(pair.second);
    }
  }
  expectEqual(c.result<uint32_t>(keysOut), expectedKeys);
  expectEqual(c.result<uint32_t>(valuesOut), expectedValues);
}

TEST_P(Reduce, BitonicSort) {
  auto data = bits<int64_t>(1024, 17);
  Case c(file("sort"), "sort_bitonic_i64");
  c.block(512);
  int out = c.in(data);
  ASSERT_TRUE(c.run());
  std::sort(data.begin(), data.end());
  expectEqual(c.result<int64_t>(out), data);
}

TEST_P(Reduce, Merge) {
  auto a = reals<float>(333, 18, -5, 5), b = reals<float>(190, 19, -5, 5);
  b[7] = a[9], b[8] = a[9];
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  Case c(file("sort"), "sort_merge_f32");
  c.grid(5).block(128).in(a);
  c.scalar<int32_t>(333).in(b);
  c.scalar<int32_t>(190);
  int out = c.out<float>(523);
  ASSERT_TRUE(c.run());
  std::vector<float> expected(523);
  std::merge(a.begin(), a.end(), b.begin(), b.end(), expected.begin());
  expectEqual(c.result<float>(out), expected);
}

TEST_P(Reduce, OddEvenSortInGlobalMemory) {
  auto data = integers<int32_t>(120, 20, -50, 50);
  Case c(file("sort"), "sort_odd_even_global");
  c.block(64);
  int out = c.in(data);
  c.scalar<int32_t>(120);
  ASSERT_TRUE(c.run());
  std::sort(data.begin(), data.end());
  expectEqual(c.result<int32_t>(out), data);
}

} // namespace
