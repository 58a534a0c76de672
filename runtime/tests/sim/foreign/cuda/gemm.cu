// SPDX-License-Identifier: Apache-2.0
// Matrix products: shared tiles in f32, wmma in f16, bf16, tf32, s8 and f64.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>

using namespace nvcuda;

// C[M,N] = A[M,K] B[K,N], 16 x 16 shared tiles, any sizes.
extern "C" __global__ void gemm_tiled_f32(const float *a, const float *b, float *c, int m, int n, int k) {
  __shared__ float as[16][16], bs[16][17];
  int row = blockIdx.y * 16 + threadIdx.y, column = blockIdx.x * 16 + threadIdx.x;
  float sum = 0;
  for (int k0 = 0; k0 < k; k0 += 16) {
    as[threadIdx.y][threadIdx.x] = row < m && k0 + threadIdx.x < k ? a[row * k + k0 + threadIdx.x] : 0.0f;
    bs[threadIdx.y][threadIdx.x] = column < n && k0 + threadIdx.y < k ? b[(k0 + threadIdx.y) * n + column] : 0.0f;
    __syncthreads();
#pragma unroll
    for (int i = 0; i < 16; ++i)
      sum = fmaf(as[threadIdx.y][i], bs[i][threadIdx.x], sum);
    __syncthreads();
  }
  if (row < m && column < n)
    c[row * n + column] = sum;
}

// 64 x 64 block tile, 4 x 4 values a thread, float4 loads; M, N, K multiples of 64, 64, 16.
extern "C" __global__ void gemm_register_tiled_f32(const float *a, const float *b, float *c, int m, int n, int k) {
  __shared__ float as[16][64], bs[16][64];
  int t = threadIdx.x, tx = t % 16, ty = t / 16;
  float sum[4][4] = {};
  for (int k0 = 0; k0 < k; k0 += 16) {
    float4 va = *reinterpret_cast<const float4 *>(a + (blockIdx.y * 64 + t / 4) * k + k0 + t % 4 * 4);
    as[t % 4 * 4 + 0][t / 4] = va.x;
    as[t % 4 * 4 + 1][t / 4] = va.y;
    as[t % 4 * 4 + 2][t / 4] = va.z;
    as[t % 4 * 4 + 3][t / 4] = va.w;
    *reinterpret_cast<float4 *>(&bs[t / 16][t % 16 * 4]) =
        *reinterpret_cast<const float4 *>(b + (k0 + t / 16) * n + blockIdx.x * 64 + t % 16 * 4);
    __syncthreads();
#pragma unroll
    for (int i = 0; i < 16; ++i) {
      float4 x = *reinterpret_cast<float4 *>(&as[i][ty * 4]), y = *reinterpret_cast<float4 *>(&bs[i][tx * 4]);
      float xs[4] = {x.x, x.y, x.z, x.w}, ys[4] = {y.x, y.y, y.z, y.w};
#pragma unroll
      for (int r = 0; r < 4; ++r)
#pragma unroll
        for (int s = 0; s < 4; ++s)
          sum[r][s] = fmaf(xs[r], ys[s], sum[r][s]);
    }
    __syncthreads();
  }
  for (int r = 0; r < 4; ++r)
    *reinterpret_cast<float4 *>(c + (blockIdx.y * 64 + ty * 4 + r) * n + blockIdx.x * 64 + tx * 4) =
        make_float4(sum[r][0], sum[r][1], sum[r][2], sum[r][3]);
}

namespace {

// One warp computes one tile of C; fragments come straight from global memory.
template <int M, int N, int K, typename T, typename Acc, typename LayoutA, typename LayoutB, typename Fragment = T>
__device__ void wmmaTile(const T *a, const T *b, Acc *c, int n, int k) {
  wmma::fragment<wmma::matrix_a, M, N, K, Fragment, LayoutA> fa;
  wmma::fragment<wmma::matrix_b, M, N, K, Fragment, LayoutB> fb;
  wmma::fragment<wmma::accumulator, M, N, K, Acc> fc;
  wmma::fill_fragment(fc, Acc(0));
  int row = blockIdx.y * M, column = blockIdx.x * N;
  constexpr bool rowA = std::is_same<LayoutA, wmma::row_major>::value;
  constexpr bool rowB = std::is_same<LayoutB, wmma::row_major>::value;
  for (int k0 = 0; k0 < k; k0 += K) {
    wmma::load_matrix_sync(fa, rowA ? a + row * k + k0 : a + k0 * gridDim.y * M + row, rowA ? k : gridDim.y * M);
    wmma::load_matrix_sync(fb, rowB ? b + k0 * n + column : b + column * k + k0, rowB ? n : k);
    if constexpr (std::is_same<Fragment, wmma::precision::tf32>::value) {
      for (int i = 0; i < fa.num_elements; ++i)
        fa.x[i] = wmma::__float_to_tf32(fa.x[i]);
      for (int i = 0; i < fb.num_elements; ++i)
        fb.x[i] = wmma::__float_to_tf32(fb.x[i]);
    }
    wmma::mma_sync(fc, fa, fb, fc);
  }
  wmma::store_matrix_sync(c + row * n + column, fc, n, wmma::mem_row_major);
}

} // namespace

using Row = wmma::row_major;
using Column = wmma::col_major;

#define WMMA(NAME, M, N, K, T, ACC, LA, LB, FRAGMENT)                                                                  \
  extern "C" __global__ void NAME(const T *a, const T *b, ACC *c, int n, int k) {                                      \
    wmmaTile<M, N, K, T, ACC, LA, LB, FRAGMENT>(a, b, c, n, k);                                                        \
  }
WMMA(wmma_f16_f32_rr, 16, 16, 16, half, float, Row, Row, half)
WMMA(wmma_f16_f32_rc, 16, 16, 16, half, float, Row, Column, half)
WMMA(wmma_f16_f32_cr, 16, 16, 16, half, float, Column, Row, half)
WMMA(wmma_f16_f32_cc, 16, 16, 16, half, float, Column, Column, half)
WMMA(wmma_f16_f16, 16, 16, 16, half, half, Row, Column, half)
WMMA(wmma_f16_f32_32x8, 32, 8, 16, half, float, Row, Column, half)
WMMA(wmma_f16_f32_8x32, 8, 32, 16, half, float, Row, Row, half)
WMMA(wmma_bf16, 16, 16, 16, __nv_bfloat16, float, Row, Column, __nv_bfloat16)
WMMA(wmma_bf16_32x8, 32, 8, 16, __nv_bfloat16, float, Column, Row, __nv_bfloat16)
WMMA(wmma_bf16_8x32, 8, 32, 16, __nv_bfloat16, float, Row, Row, __nv_bfloat16)
WMMA(wmma_tf32, 16, 16, 8, float, float, Row, Column, wmma::precision::tf32)
WMMA(wmma_s8, 16, 16, 16, signed char, int, Row, Column, signed char)
WMMA(wmma_u8_32x8, 32, 8, 16, unsigned char, int, Row, Row, unsigned char)
WMMA(wmma_s8_8x32, 8, 32, 16, signed char, int, Column, Row, signed char)
WMMA(wmma_f64, 8, 8, 4, double, double, Row, Column, double)

// wmma GEMM with shared tiles, four warps, accumulators scaled element-wise: C = alpha A B + beta C, 32 x 32 a block.
extern "C" __global__ void wmma_shared_f16(const half *a, const half *b, float *c, int n, int k, float alpha,
                                           float beta) {
  __shared__ half as[32][24], bs[16][40];
  __shared__ __align__(32) float stage[4][16][16];
  int t = threadIdx.x, warp = t / 32, wy = warp / 2, wx = warp % 2;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
  wmma::fill_fragment(sum, 0.0f);
  for (int k0 = 0; k0 < k; k0 += 16) {
    for (int i = t; i < 512; i += 128) {
      as[i / 16][i % 16] = a[(blockIdx.y * 32 + i / 16) * k + k0 + i % 16];
      bs[i / 32][i % 32] = b[(k0 + i / 32) * n + blockIdx.x * 32 + i % 32];
    }
    __syncthreads();
    wmma::fragment<wmma::matrix_a, 16, 16, 16, half, Row> fa;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, half, Row> fb;
    wmma::load_matrix_sync(fa, &as[wy * 16][0], 24);
    wmma::load_matrix_sync(fb, &bs[0][wx * 16], 40);
    wmma::mma_sync(sum, fa, fb, sum);
    __syncthreads();
  }
  float *tile = c + (blockIdx.y * 32 + wy * 16) * n + blockIdx.x * 32 + wx * 16;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> old;
  wmma::load_matrix_sync(old, tile, n, wmma::mem_row_major);
  for (int i = 0; i < sum.num_elements; ++i)
    sum.x[i] = alpha * sum.x[i] + beta * old.x[i];
  wmma::store_matrix_sync(&stage[warp][0][0], sum, 16, wmma::mem_col_major);
  __syncwarp();
  for (int i = t % 32; i < 256; i += 32)
    tile[i / 16 * n + i % 16] = stage[warp][i % 16][i / 16];
}
