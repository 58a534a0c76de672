// SPDX-License-Identifier: Apache-2.0
// Arithmetic: f64 and its library functions, 64- and 128-bit integers, bit tricks, roundings, f16, bf16, fp8.
#include <cstdint>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

// Exactly rounded f64 operations: seven results a thread.
extern "C" __global__ void arith_f64_exact(const double *a, const double *b, double *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  double x = a[i], y = b[i], *o = out + size_t(i) * 8;
  o[0] = x + y;
  o[1] = x * y;
  o[2] = x / y;
  o[3] = sqrt(fabs(x));
  o[4] = fma(x, y, -x);
  o[5] = 1.0 / x;
  o[6] = trunc(x) + floor(y) + ceil(x) + rint(y);
  o[7] = fmin(x, y) - fmax(x, y);
}

// Library functions of f64, inlined by the compiler: sin, exp, log, pow, cbrt, erf, atan2, lgamma.
extern "C" __global__ void arith_f64_library(const double *a, double *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  double x = a[i], *o = out + size_t(i) * 8;
  o[0] = sin(x);
  o[1] = exp(x * 0.25);
  o[2] = log(fabs(x) + 0.001);
  o[3] = pow(fabs(x), 1.7);
  o[4] = cbrt(x);
  o[5] = erf(x);
  o[6] = atan2(x, 0.75);
  o[7] = lgamma(fabs(x) + 0.5);
}

// The same for f32, with accurate and approximate variants.
extern "C" __global__ void arith_f32_library(const float *a, float *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  float x = a[i], *o = out + size_t(i) * 16;
  o[0] = sinf(x);
  o[1] = cosf(x * 50000.0f);
  o[2] = expf(x);
  o[3] = logf(fabsf(x) + 0.001f);
  o[4] = powf(fabsf(x), 1.7f);
  o[5] = tanhf(x);
  o[6] = erff(x);
  o[7] = rsqrtf(fabsf(x) + 0.5f);
  o[8] = __expf(x);
  o[9] = __sinf(x);
  o[10] = __logf(fabsf(x) + 0.001f);
  o[11] = __fdividef(x, 3.25f);
  o[12] = fmodf(x, 0.37f);
  o[13] = log1pf(fabsf(x));
  o[14] = x / 3.25f;
  o[15] = sqrtf(fabsf(x));
}

// Every rounding mode of f32 and f64.
extern "C" __global__ void arith_rounding(const float *a, const float *b, const double *c, const double *d, float *out,
                                          double *wide, long long *whole) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  float x = a[i], y = b[i], *o = out + size_t(i) * 20;
  double u = c[i], v = d[i], *w = wide + size_t(i) * 20;
  o[0] = __fadd_rn(x, y), o[1] = __fadd_rz(x, y), o[2] = __fadd_ru(x, y), o[3] = __fadd_rd(x, y);
  o[4] = __fmul_rn(x, y), o[5] = __fmul_rz(x, y), o[6] = __fmul_ru(x, y), o[7] = __fmul_rd(x, y);
  o[8] = __fdiv_rn(x, y), o[9] = __fdiv_rz(x, y), o[10] = __fdiv_ru(x, y), o[11] = __fdiv_rd(x, y);
  o[12] = __fmaf_rn(x, y, x), o[13] = __fmaf_rz(x, y, x), o[14] = __fmaf_ru(x, y, x), o[15] = __fmaf_rd(x, y, x);
  float s = fabsf(x);
  o[16] = __fsqrt_rn(s), o[17] = __fsqrt_rz(s), o[18] = __fsqrt_ru(s), o[19] = __fsqrt_rd(s);
  w[0] = __dadd_rn(u, v), w[1] = __dadd_rz(u, v), w[2] = __dadd_ru(u, v), w[3] = __dadd_rd(u, v);
  w[4] = __dmul_rn(u, v), w[5] = __dmul_rz(u, v), w[6] = __dmul_ru(u, v), w[7] = __dmul_rd(u, v);
  w[8] = __ddiv_rn(u, v), w[9] = __ddiv_rz(u, v), w[10] = __ddiv_ru(u, v), w[11] = __ddiv_rd(u, v);
  w[12] = __fma_rn(u, v, u), w[13] = __fma_rz(u, v, u), w[14] = __fma_ru(u, v, u), w[15] = __fma_rd(u, v, u);
  double t = fabs(u);
  w[16] = __dsqrt_rn(t), w[17] = __dsqrt_rz(t), w[18] = __dsqrt_ru(t), w[19] = __dsqrt_rd(t);
  long long *l = whole + size_t(i) * 12;
  l[0] = __float2int_rn(x), l[1] = __float2int_rz(x), l[2] = __float2int_ru(x), l[3] = __float2int_rd(x);
  l[4] = __double2ll_rn(u), l[5] = __double2ll_rz(u), l[6] = __double2ll_ru(u), l[7] = __double2ll_rd(u);
  l[8] = __float2uint_rn(x), l[9] = (long long)__double2ull_rz(u);
  l[10] = __float_as_int(__double2float_ru(u)), l[11] = __float_as_int(__ll2float_rz(__double_as_longlong(u)));
}

// 64-bit integers: products, quotients, shifts by any amount, high halves, and 128-bit arithmetic through carries.
extern "C" __global__ void arith_i64(const long long *a, const long long *b, long long *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  long long x = a[i], y = b[i], *o = out + size_t(i) * 16;
  unsigned long long ux = x, uy = y;
  o[0] = x * y;
  o[1] = y ? x / y : 0;
  o[2] = y ? x % y : 0;
  o[3] = uy ? ux / uy : 0;
  o[4] = uy ? ux % uy : 0;
  o[5] = __mul64hi(x, y);
  o[6] = __umul64hi(ux, uy);
  o[7] = x >> (y & 63);
  o[8] = ux >> (y & 63);
  o[9] = x << (y & 63);
  o[10] = __clzll(x) * 65536 + __popcll(x) * 256 + __ffsll(x);
  o[11] = __brevll(x);
  unsigned __int128 product = (unsigned __int128)ux * uy + ux;
  o[12] = (long long)(product >> 64);
  o[13] = (long long)(product >> 37);
  __int128 difference = (__int128)x * 3 - ((__int128)y << 40);
  o[14] = (long long)(difference >> 64);
  o[15] = x < y ? llabs(x) : max(x, y);
}

// 32-bit bit tricks: funnel shifts, permutes, dot products, averages, saturating and video-style SIMD.
extern "C" __global__ void arith_bits(const unsigned *a, const unsigned *b, unsigned *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  unsigned x = a[i], y = b[i], *o = out + size_t(i) * 24;
  o[0] = __funnelshift_l(x, y, y >> 7);
  o[1] = __funnelshift_r(x, y, y >> 3);
  o[2] = __funnelshift_lc(x, y, y & 63);
  o[3] = __funnelshift_rc(x, y, y & 63);
  o[4] = __byte_perm(x, y, x >> 5);
  o[5] = __dp4a(int(x), int(y), 17);
  o[6] = __dp4a(x, y, 5u);
  o[7] = __dp2a_lo(int(x), int(y), -9);
  o[8] = __dp2a_hi(x, y, 3u);
  o[9] = __hadd(int(x), int(y));
  o[10] = __uhadd(x, y);
  o[11] = __rhadd(int(x), int(y));
  o[12] = __sad(int(x), int(y), 4u);
  o[13] = __usad(x, y, 4u);
  o[14] = __mulhi(int(x), int(y));
  o[15] = __umulhi(x, y);
  o[16] = __mul24(int(x), int(y));
  o[17] = __vadd4(x, y);
  o[18] = __vabsdiffu4(x, y);
  o[19] = __vmaxs2(x, y);
  o[20] = __vcmpgtu4(x, y);
  o[21] = __fns(x, y & 31, int(y >> 8 & 7) - 3);
  o[22] = __clz(x) * 4096 + __popc(y) * 64 + __ffs(x);
  o[23] = (x & y) ^ (~x | (y << 3)) ^ __brev(x);
}

// f16 and bf16, scalar and packed; inputs are bit patterns, outputs bit patterns.
extern "C" __global__ void arith_half(const unsigned short *a, const unsigned short *b, unsigned short *out,
                                      unsigned *packed, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  __half x = __ushort_as_half(a[i]), y = __ushort_as_half(b[i]);
  unsigned short *o = out + size_t(i) * 16;
  o[0] = __half_as_ushort(__hadd(x, y));
  o[1] = __half_as_ushort(__hsub(x, y));
  o[2] = __half_as_ushort(__hmul(x, y));
  o[3] = __half_as_ushort(__hfma(x, y, x));
  o[4] = __half_as_ushort(__hadd_sat(x, y));
  o[5] = __half_as_ushort(__hmax(x, y));
  o[6] = __half_as_ushort(__hmin_nan(x, y));
  o[7] = __hlt(x, y) | __hequ(x, y) << 1 | __hisnan(x) << 2 | __hgtu(x, y) << 3;
  __nv_bfloat16 p = __ushort_as_bfloat16(a[i]), q = __ushort_as_bfloat16(b[i]);
  o[8] = __bfloat16_as_ushort(__hadd(p, q));
  o[9] = __bfloat16_as_ushort(__hmul(p, q));
  o[10] = __bfloat16_as_ushort(__hfma(p, q, p));
  o[11] = __bfloat16_as_ushort(__hmin(p, q));
  o[12] = __half_as_ushort(__float2half_rz(__bfloat162float(p)));
  o[13] = __bfloat16_as_ushort(__float2bfloat16_rn(__half2float(x)));
  o[14] = __half_as_ushort(__hneg(__habs(x)));
  o[15] = __half_as_ushort(__ushort2half_rn(a[i])) ^ static_cast<unsigned short>(__half2short_rd(x));
  unsigned *w = packed + size_t(i) * 4;
  __half2 xy = __halves2half2(x, y), yx = __lowhigh2highlow(xy);
  __half2 s = __hfma2_sat(xy, yx, xy), m = __hmax2(xy, yx);
  w[0] = *reinterpret_cast<unsigned *>(&s);
  w[1] = *reinterpret_cast<unsigned *>(&m);
  __nv_bfloat162 pq = __halves2bfloat162(p, q), r = __hfma2_relu(pq, pq, pq), z = __floats2bfloat162_rn(1.5f, -0.1f);
  __nv_bfloat162 t = __hadd2(pq, z);
  w[2] = *reinterpret_cast<unsigned *>(&r);
  w[3] = *reinterpret_cast<unsigned *>(&t);
}
