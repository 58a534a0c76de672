// SPDX-License-Identifier: Apache-2.0
// Division and product of 128-bit integers, for which the compiler writes long chains with carries.
extern "C" __global__ void wide_divide(const unsigned long long *in, unsigned long long *out, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count)
    return;
  unsigned __int128 a = (unsigned __int128)in[3 * i] << 64 | in[3 * i + 1], b = in[3 * i + 2];
  if (i & 1)
    b = b << 37 | in[3 * i];
  unsigned __int128 quotient = a / b, rest = a % b, product = a * b;
  __int128 negative = -(__int128)(a >> 1) / (__int128)(b >> 1);
  out[8 * i + 0] = (unsigned long long)quotient;
  out[8 * i + 1] = (unsigned long long)(quotient >> 64);
  out[8 * i + 2] = (unsigned long long)rest;
  out[8 * i + 3] = (unsigned long long)(rest >> 64);
  out[8 * i + 4] = (unsigned long long)product;
  out[8 * i + 5] = (unsigned long long)(product >> 64);
  out[8 * i + 6] = (unsigned long long)negative;
  out[8 * i + 7] = (unsigned long long)((unsigned __int128)negative >> 64);
}
