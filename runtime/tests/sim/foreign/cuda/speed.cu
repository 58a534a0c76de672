// SPDX-License-Identifier: Apache-2.0
// Loops that measure the simulator: arithmetic, coalesced and scattered global accesses.
#include <cstdint>

// 16 f32 and 16 i32 operations an iteration, independent chains.
extern "C" __global__ void speed_arithmetic(float *f, int *n, int iterations) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  float a = f[i], b = a + 1, c = a + 2, d = a + 3;
  int p = n[i], q = p + 1, r = p + 2, s = p + 3;
#pragma unroll 4
  for (int k = 0; k < iterations; ++k) {
    a = fmaf(a, 0.5f, b);
    b = fmaf(b, 0.25f, c);
    c = c * 0.125f;
    d = d + a;
    p = p * 3 + q;
    q = q ^ r;
    r = r + s;
    s = s + (p >> 3);
  }
  f[i] = a + b + c + d;
  n[i] = p + q + r + s;
}

// y[i] = x[i] + y[i], many times over, neighbouring lanes at neighbouring addresses.
extern "C" __global__ void speed_coalesced(const float *x, float *y, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    y[i] = x[i];
}

// y[t[i]] = x[t[i]] over a permutation t.
extern "C" __global__ void speed_scattered(const int *t, const float *x, float *y, int n) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    int at = t[i];
    y[at] = x[at ^ 1];
  }
}
