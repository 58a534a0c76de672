// SPDX-License-Identifier: Apache-2.0
// The kernels behind CUB's device-wide reduction, single-pass scan and one-sweep radix sort, launched by hand.
#include "Harness.h"
#include "Values.h"

#include <algorithm>
#include <numeric>

using namespace hadal::simtest;

namespace {

TEST(CubDevice, Reduce) {
  for (uint32_t n : {1u, 5000u}) {
    auto data = integers<int32_t>(n, 1, -100000, 100000);
    Case c("cub_device.ptx", "DeviceReduceSingleTileKernel_10");
    c.block(256).in(data);
    int out = c.out<int32_t>(1);
    c.scalar<uint32_t>(n).structure({0}, {}).scalar<int32_t>(0).structure({0}, {}).seeds(3);
    ASSERT_TRUE(c.run());
    expectEqual(c.result<int32_t>(out), {std::accumulate(data.begin(), data.end(), 0)});
  }
}

TEST(CubDevice, Scan) {
  const size_t n = 14000, tiles = (n + 3839) / 3840;
  auto data = integers<int32_t>(n, 2, -1000, 1000);
  Case init("cub_device.ptx", "DeviceScanInitKernel_6");
  init.block(128);
  int state = init.poisoned((tiles + 32) * 8);
  init.structure(std::vector<uint8_t>(8), {{0, state}}).scalar<int32_t>(int32_t(tiles)).seeds(2);
  ASSERT_TRUE(init.run());
  Case c("cub_device.ptx", "DeviceScanKernel_7");
  c.grid(unsigned(tiles)).block(320).in(data);
  int out = c.out<int32_t>(n), status = c.buffer(init.result<uint64_t>(state));
  c.structure(std::vector<uint8_t>(8), {{0, status}})
      .scalar<int32_t>(0)
      .structure({0}, {})
      .structure({0}, {});
  c.scalar<uint32_t>(n).timingDependent().ignore(status);
  c.seeds(5);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected(n);
  std::partial_sum(data.begin(), data.end(), expected.begin());
  expectEqual(c.result<int32_t>(out), expected);
}

TEST(CubDevice, RadixSort) {
  const size_t n = 17000, tiles = (n + 8063) / 8064;
  auto keys = bits<uint32_t>(n, 3);
  for (size_t i = 0; i < n; i += 3)
    keys[i] &= 0x00ff00ff;
  std::vector<int32_t> values(n);
  std::iota(values.begin(), values.end(), 0);
  Case histogram("cub_device.ptx", "DeviceRadixSortHistogramKernel_3");
  histogram.grid(3).block(128);
  int bins = histogram.in(std::vector<uint32_t>(1024, 0));
  histogram.in(keys);
  histogram.scalar<uint32_t>(n).scalar<int32_t>(0).scalar<int32_t>(32).structure({0}, {}).seeds(3);
  ASSERT_TRUE(histogram.run());
  Case sums("cub_device.ptx", "DeviceRadixSortExclusiveSumKernel_4");
  sums.grid(4).block(256);
  int scanned = sums.in(histogram.result<uint32_t>(bins));
  sums.seeds(3);
  ASSERT_TRUE(sums.run());
  auto offsets = sums.result<uint32_t>(scanned);
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return keys[a] < keys[b]; });
  std::vector<uint32_t> expectedKeys;
  std::vector<int32_t> expectedValues;
  for (size_t i : order) {
    expectedKeys.push_back(keys[i]);
    expectedValues.push_back(values[i]);
  }
  for (size_t pass = 0; pass < 4; ++pass) {
    Case sweep("cub_device.ptx", "DeviceRadixSortOnesweepKernel_5");
    sweep.grid(unsigned(tiles)).block(384);
    int lookback = sweep.in(std::vector<int32_t>(tiles * 256, 0));
    sweep.in(std::vector<int32_t>{0});
    sweep.nullPointer();
    sweep.in(std::vector<uint32_t>(offsets.begin() + long(pass * 256),
                                   offsets.begin() + long(pass * 256 + 256)));
    int keysOut = sweep.out<uint32_t>(n);
    sweep.in(keys);
    int valuesOut = sweep.out<int32_t>(n);
    sweep.in(values);
    sweep.scalar<int32_t>(n)
        .scalar<int32_t>(int32_t(pass * 8))
        .scalar<int32_t>(8)
        .structure({0}, {});
    sweep.timingDependent().seeds(2).ignore(lookback);
    ASSERT_TRUE(sweep.run()) << "pass " << pass;
    keys = sweep.result<uint32_t>(keysOut);
    values = sweep.result<int32_t>(valuesOut);
  }
  expectEqual(keys, expectedKeys);
  expectEqual(values, expectedValues);
}

} // namespace
