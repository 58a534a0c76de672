// SPDX-License-Identifier: Apache-2.0
// Block and warp primitives of CUB (../cuda/cub.cu, for two levels) against the standard library.
#include "Harness.h"
#include "Values.h"

#include <algorithm>
#include <numeric>

using namespace hadal::simtest;

namespace {

class Cub : public testing::TestWithParam<const char *> {
protected:
  std::string file() const { return std::string("cub") + GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Levels, Cub, testing::Values(".ptx", ".sm_75.ptx"), [](const auto &info) {
  return std::string(info.param) == ".ptx" ? "sm_80" : "sm_75";
});

TEST_P(Cub, RadixSortPairs) {
  auto keys = bits<uint32_t>(1024, 1);
  for (size_t i = 0; i < 512; ++i)
    keys[i] %= 50;
  auto values = integers<int32_t>(1024, 2, -1000, 1000);
  Case c(file(), "cub_radix_sort_pairs");
  c.grid(2).block(128).in(keys);
  c.in(values);
  int keysOut = c.out<uint32_t>(1024), valuesOut = c.out<int32_t>(1024);
  ASSERT_TRUE(c.run());
  std::vector<uint32_t> expectedKeys;
  std::vector<int32_t> expectedValues;
  for (size_t b = 0; b < 2; ++b) {
    std::vector<size_t> order(512);
    std::iota(order.begin(), order.end(), b * 512);
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t i, size_t j) { return keys[i] < keys[j]; });
    for (size_t i : order) {
      expectedKeys.push_back(keys[i]);
      expectedValues.push_back(values[i]);
    }
  }
  expectEqual(c.result<uint32_t>(keysOut), expectedKeys);
  expectEqual(c.result<int32_t>(valuesOut), expectedValues);
}

TEST_P(Cub, RadixSortF64) {
  auto data = reals<double>(384, 3, -1e10, 1e10);
  data[4] = 1e-320, data[9] = -1e-320;
  Case c(file(), "cub_radix_sort_f64");
  c.grid(2).block(64);
  int out = c.in(data);
  c.seeds(5);
  ASSERT_TRUE(c.run());
  for (long b = 0; b < 2; ++b)
    std::sort(data.begin() + b * 192, data.begin() + b * 192 + 192,
              [](double x, double y) { return x > y; });
  expectEqual(c.result<double>(out), data);
}

TEST_P(Cub, MergeSort) {
  auto data = integers<int32_t>(384, 4, -90, 90);
  Case c(file(), "cub_merge_sort");
  c.grid(1).block(128);
  int out = c.in(data);
  c.scalar<int32_t>(350);
  ASSERT_TRUE(c.run());
  std::sort(data.begin(), data.begin() + 350, [](int32_t a, int32_t b) {
    return std::abs(a) != std::abs(b) ? std::abs(a) < std::abs(b) : a < b;
  });
  expectEqual(c.result<int32_t>(out), data);
}

TEST_P(Cub, Scans) {
  auto data = integers<int32_t>(1024, 5, -100, 100);
  for (const char *entry : {"cub_scan_raking", "cub_scan_raking_memoize", "cub_scan_warp_scans"}) {
    Case c(file(), entry);
    c.grid(2).block(128).in(data);
    int out = c.out<int32_t>(1024), totals = c.out<int32_t>(2);
    ASSERT_TRUE(c.run()) << entry;
    std::vector<int32_t> expected(1024), sums;
    for (long b = 0; b < 2; ++b) {
      auto begin = data.begin() + b * 512, end = begin + 512;
      std::exclusive_scan(begin, end, expected.begin() + b * 512, 0);
      sums.push_back(std::accumulate(begin, end, 0));
    }
    expectEqual(c.result<int32_t>(out), expected, entry);
    expectEqual(c.result<int32_t>(totals), sums, entry);
  }
}

TEST_P(Cub, Reduce) {
  auto data = integers<int64_t>(192, 6, -1000000000000, 1000000000000);
  for (int valid : {96, 40, 1}) {
    Case c(file(), "cub_reduce");
    c.grid(2).block(96).in(data);
    int out = c.out<int64_t>(4);
    c.scalar<int32_t>(valid);
    ASSERT_TRUE(c.run());
    std::vector<int64_t> expected;
    for (long b = 0; b < 2; ++b) {
      auto begin = data.begin() + b * 96, end = begin + valid;
      expected.push_back(*std::max_element(begin, end));
      expected.push_back(std::accumulate(begin, end, int64_t(0)));
    }
    expectEqual(c.result<int64_t>(out), expected);
  }
}

TEST_P(Cub, Histogram) {
  auto data = integers<uint8_t>(1024, 7, 0, 63);
  std::fill(data.begin() + 512, data.begin() + 800, 9);
  Case c(file(), "cub_histogram");
  c.grid(2).block(128).in(data);
  int sorted = c.out<uint32_t>(128), atomic = c.out<uint32_t>(128);
  ASSERT_TRUE(c.run());
  std::vector<uint32_t> expected(128);
  for (size_t i = 0; i < 1024; ++i)
    ++expected[i / 512 * 64 + data[i]];
  expectEqual(c.result<uint32_t>(sorted), expected, "by sorting");
  expectEqual(c.result<uint32_t>(atomic), expected, "by atomics");
}

TEST_P(Cub, Exchange) {
  auto data = integers<int32_t>(512, 8, -1000, 1000);
  std::vector<int32_t> ranks;
  for (int b = 0; b < 2; ++b)
    for (int i = 0; i < 256; ++i)
      ranks.push_back((i * 77 + 5 + b) % 256);
  Case c(file(), "cub_exchange");
  c.grid(2).block(64).in(data);
  c.in(ranks);
  int out = c.out<int32_t>(512);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected(512);
  for (size_t b = 0; b < 2; ++b)
    for (size_t i = 0; i < 256; ++i)
      expected[b * 256 + size_t(ranks[b * 256 + i])] = data[b * 256 + i];
  expectEqual(c.result<int32_t>(out), expected);
}

TEST_P(Cub, Warps) {
  auto data = integers<int32_t>(256, 9, 0, 3);
  Case c(file(), "cub_warps");
  c.grid(2).block(128).in(data);
  int out = c.out<int32_t>(768), heads = c.out<int32_t>(256);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected, expectedHeads;
  auto head = [&](size_t i) { return i % 128 == 0 || data[i] != data[i - 1]; };
  for (size_t i = 0; i < 256; ++i) {
    size_t group = i / 16 * 16;
    int32_t sum = 0, before = 0, segment = 0;
    for (size_t j = group; j < group + 16; ++j) {
      sum += data[j];
      before += j < i ? data[j] : 0;
    }
    for (size_t j = i; j < group + 16 && (j == i || !head(j)); ++j)
      segment += data[j];
    expected.insert(expected.end(),
                    {i % 16 == 0 ? sum : 0, before, head(i) || i % 16 == 0 ? segment : 0});
    expectedHeads.push_back(head(i));
  }
  expectEqual(c.result<int32_t>(out), expected);
  expectEqual(c.result<int32_t>(heads), expectedHeads);
}

TEST_P(Cub, WarpMergeSort) {
  auto data = reals<float>(512, 10, -1, 1);
  Case c(file(), "cub_warp_merge_sort");
  c.grid(2).block(64);
  int out = c.in(data);
  ASSERT_TRUE(c.run());
  for (long b = 0; b < 8; ++b)
    std::sort(data.begin() + b * 64, data.begin() + b * 64 + 64);
  expectEqual(c.result<float>(out), data);
}

} // namespace
