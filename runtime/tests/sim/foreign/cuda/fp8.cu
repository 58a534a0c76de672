// SPDX-License-Identifier: Apache-2.0
// fp8 on sm_89: conversions both ways, and a GEMM with mma.sync m16n8k32 over e4m3 and e5m2.
#include <cstdint>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

// Every byte to f16 and f32, and f32 pairs to bytes with saturation.
extern "C" __global__ void fp8_convert(const float *in, uint8_t *e4m3, uint8_t *e5m2, unsigned short *widened) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  e4m3[i] = __nv_cvt_float_to_fp8(in[i], __NV_SATFINITE, __NV_E4M3);
  e5m2[i] = __nv_cvt_float_to_fp8(in[i], __NV_SATFINITE, __NV_E5M2);
  if (i < 256) {
    __half_raw a = __nv_cvt_fp8_to_halfraw(uint8_t(i), __NV_E4M3), b = __nv_cvt_fp8_to_halfraw(uint8_t(i), __NV_E5M2);
    widened[2 * i] = a.x;
    widened[2 * i + 1] = b.x;
  }
}

// C[16,8] a warp = A[16,K] B[8,K]^T, e4m3 or mixed; fragments straight from global memory, K a multiple of 32.
template <bool Mixed> __device__ void gemm(const uint8_t *a, const uint8_t *b, float *c, int n, int k) {
  int lane = threadIdx.x, row = blockIdx.y * 16 + lane / 4, column = blockIdx.x * 8;
  float d[4] = {};
  for (int k0 = 0; k0 < k; k0 += 32) {
    auto word = [&](const uint8_t *m, int r, int offset) {
      return *reinterpret_cast<const uint32_t *>(m + size_t(r) * k + k0 + lane % 4 * 4 + offset);
    };
    uint32_t a0 = word(a, row, 0), a1 = word(a, row + 8, 0), a2 = word(a, row, 16), a3 = word(a, row + 8, 16);
    uint32_t b0 = word(b, column + lane / 4, 0), b1 = word(b, column + lane / 4, 16);
    if (Mixed)
      asm volatile("mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e5m2.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                   "{%0,%1,%2,%3};"
                   : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                   : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
    else
      asm volatile("mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                   "{%0,%1,%2,%3};"
                   : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                   : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
  }
  column += lane % 4 * 2;
  c[row * n + column] = d[0];
  c[row * n + column + 1] = d[1];
  c[(row + 8) * n + column] = d[2];
  c[(row + 8) * n + column + 1] = d[3];
}
extern "C" __global__ void fp8_gemm_e4m3(const uint8_t *a, const uint8_t *b, float *c, int n, int k) {
  gemm<false>(a, b, c, n, k);
}
extern "C" __global__ void fp8_gemm_mixed(const uint8_t *a, const uint8_t *b, float *c, int n, int k) {
  gemm<true>(a, b, c, n, k);
}
