// SPDX-License-Identifier: Apache-2.0
// Instantiates the kernels behind CUB's device-wide reduction, scan and radix sort; the tests launch them themselves.
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_reduce.cuh>
#include <cub/device/device_scan.cuh>

void instantiate(int *in, int *out, unsigned *keys, unsigned *sorted, int n) {
  size_t bytes = 0;
  cub::DeviceReduce::Sum(nullptr, bytes, in, out, n);
  cub::DeviceScan::InclusiveSum(nullptr, bytes, in, out, n);
  cub::DeviceRadixSort::SortPairs(nullptr, bytes, keys, sorted, in, out, n);
}
