// SPDX-License-Identifier: Apache-2.0
// What kernels tell their users: printf and assert, which call the device runtime.
#undef NDEBUG
#include <cassert>
#include <cstdio>

extern "C" __global__ void report_print(int n, double x) {
  if (threadIdx.x < 2)
    printf("thread %d of %u: %6.3f %s %c [%-5d|%05d|%*d] %llx %ld%%\n", threadIdx.x, blockDim.x, x * threadIdx.x, "text", 'c',
           n, n, 7, n, 0x123456789abcull, -5L);
}

extern "C" __global__ void report_assert(const int *in, int *out, int limit) {
  int value = in[threadIdx.x];
  assert(value < limit && "value within its limit");
  out[threadIdx.x] = 2 * value;
}
