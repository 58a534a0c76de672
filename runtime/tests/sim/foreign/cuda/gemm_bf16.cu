// SPDX-License-Identifier: Apache-2.0
// bf16 GEMM with ldmatrix, cp.async and mma.sync in 64 x 64 x 32 block tiles; also the kernel of the speed benchmark.
#include <cstdint>
#include <cuda_bf16.h>

namespace {

constexpr int kTileM = 64, kTileN = 64, kTileK = 32, kStages = 3;
constexpr int kRow = kTileK + 8; // padding of 16 bytes keeps ldmatrix free of bank conflicts

__device__ uint32_t sharedAddress(const void *p) { return static_cast<uint32_t>(__cvta_generic_to_shared(p)); }

__device__ void copyAsync16(void *to, const void *from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(sharedAddress(to)), "l"(from));
}

__device__ void loadMatrix4(uint32_t (&r)[4], const void *p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(sharedAddress(p)));
}

__device__ void multiplyAdd(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
               "{%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

} // namespace

// C[M,N] = A[M,K] B[N,K]^T; M, N multiples of 64, K of 32 and at least 96; 128 threads, each warp 32 x 32.
extern "C" __global__ void __launch_bounds__(128)
    gemm_bf16_64x64x32(const __nv_bfloat16 *a, const __nv_bfloat16 *b, float *c, int n, int k) {
  __shared__ __align__(128) __nv_bfloat16 as[kStages][kTileM][kRow], bs[kStages][kTileN][kRow];
  int t = threadIdx.x, lane = t % 32, warp = t / 32;
  int warpM = warp / 2 * 32, warpN = warp % 2 * 32;
  const __nv_bfloat16 *blockA = a + size_t(blockIdx.y) * kTileM * k, *blockB = b + size_t(blockIdx.x) * kTileN * k;
  auto stageLoad = [&](int stage, int k0) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      int chunk = t + i * 128, row = chunk / 4, column = chunk % 4 * 8;
      copyAsync16(&as[stage][row][column], blockA + size_t(row) * k + k0 + column);
      copyAsync16(&bs[stage][row][column], blockB + size_t(row) * k + k0 + column);
    }
  };
  float sum[2][4][4] = {};
  int tiles = k / kTileK;
  for (int s = 0; s < kStages - 1; ++s) {
    stageLoad(s, s * kTileK);
    asm volatile("cp.async.commit_group;");
  }
  for (int tile = 0; tile < tiles; ++tile) {
    asm volatile("cp.async.wait_group %0;" ::"n"(kStages - 2));
    __syncthreads();
    int ahead = tile + kStages - 1;
    if (ahead < tiles)
      stageLoad(ahead % kStages, ahead * kTileK);
    asm volatile("cp.async.commit_group;");
    int stage = tile % kStages;
#pragma unroll
    for (int kk = 0; kk < kTileK; kk += 16) {
      uint32_t fa[2][4], fb[2][4];
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        loadMatrix4(fa[i], &as[stage][warpM + i * 16 + lane % 16][kk + lane / 16 * 8]);
        loadMatrix4(fb[i], &bs[stage][warpN + i * 16 + lane % 8 + lane / 16 * 8][kk + lane / 8 % 2 * 8]);
      }
#pragma unroll
      for (int i = 0; i < 2; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j)
          multiplyAdd(sum[i][j], fa[i], fb[j / 2][j % 2 * 2], fb[j / 2][j % 2 * 2 + 1]);
    }
  }
#pragma unroll
  for (int i = 0; i < 2; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      size_t row = blockIdx.y * kTileM + warpM + i * 16 + lane / 4;
      size_t column = blockIdx.x * kTileN + warpN + j * 8 + lane % 4 * 2;
      *reinterpret_cast<float2 *>(c + row * n + column) = make_float2(sum[i][j][0], sum[i][j][1]);
      *reinterpret_cast<float2 *>(c + (row + 8) * n + column) = make_float2(sum[i][j][2], sum[i][j][3]);
    }
}

// As above with B[K,N] row-major, read through ldmatrix.trans; result rounded to bf16 and stored through shared memory.
extern "C" __global__ void __launch_bounds__(128)
    gemm_bf16_trans(const __nv_bfloat16 *a, const __nv_bfloat16 *b, __nv_bfloat16 *c, int n, int k) {
  extern __shared__ __align__(128) __nv_bfloat16 dynamic[];
  __nv_bfloat16 *as = dynamic, *bs = dynamic + 2 * 64 * 40; // [2][64][40] and [2][32][72]
  int t = threadIdx.x, lane = t % 32, warp = t / 32;
  int warpM = warp / 2 * 32, warpN = warp % 2 * 32;
  auto stageLoad = [&](int stage, int k0) {
    for (int i = 0; i < 2; ++i) {
      int chunk = t + i * 128;
      copyAsync16(as + (stage * 64 + chunk / 4) * 40 + chunk % 4 * 8,
                  a + size_t(blockIdx.y * 64 + chunk / 4) * k + k0 + chunk % 4 * 8);
      copyAsync16(bs + (stage * 32 + chunk / 8) * 72 + chunk % 8 * 8,
                  b + size_t(k0 + chunk / 8) * n + blockIdx.x * 64 + chunk % 8 * 8);
    }
    asm volatile("cp.async.commit_group;");
  };
  float sum[2][4][4] = {};
  stageLoad(0, 0);
  for (int k0 = 0, stage = 0; k0 < k; k0 += 32, stage ^= 1) {
    if (k0 + 32 < k) {
      stageLoad(stage ^ 1, k0 + 32);
      asm volatile("cp.async.wait_group 1;");
    } else {
      asm volatile("cp.async.wait_all;");
    }
    __syncthreads();
    for (int kk = 0; kk < 32; kk += 16) {
      uint32_t fa[2][4], fb[2][4];
      for (int i = 0; i < 2; ++i) {
        loadMatrix4(fa[i], as + (stage * 64 + warpM + i * 16 + lane % 16) * 40 + kk + lane / 16 * 8);
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                     : "=r"(fb[i][0]), "=r"(fb[i][1]), "=r"(fb[i][2]), "=r"(fb[i][3])
                     : "r"(sharedAddress(bs + (stage * 32 + kk + lane % 16) * 72 + warpN + i * 16 + lane / 16 * 8)));
      }
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 4; ++j)
          multiplyAdd(sum[i][j], fa[i], fb[j / 2][j % 2 * 2], fb[j / 2][j % 2 * 2 + 1]);
    }
    __syncthreads();
  }
  __nv_bfloat16 *tile = dynamic; // [64][72], reusing the pipeline's memory after the last barrier
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 4; ++j) {
      int row = warpM + i * 16 + lane / 4, column = warpN + j * 8 + lane % 4 * 2;
      *reinterpret_cast<__nv_bfloat162 *>(tile + row * 72 + column) = __floats2bfloat162_rn(sum[i][j][0], sum[i][j][1]);
      *reinterpret_cast<__nv_bfloat162 *>(tile + (row + 8) * 72 + column) =
          __floats2bfloat162_rn(sum[i][j][2], sum[i][j][3]);
    }
  __syncthreads();
  for (int i = t; i < 512; i += 128)
    *reinterpret_cast<uint4 *>(c + size_t(blockIdx.y * 64 + i / 8) * n + blockIdx.x * 64 + i % 8 * 8) =
        *reinterpret_cast<uint4 *>(tile + i / 8 * 72 + i % 8 * 8);
}
