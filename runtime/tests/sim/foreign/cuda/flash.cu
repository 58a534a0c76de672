// SPDX-License-Identifier: Apache-2.0
// Attention in the manner of FlashAttention-2: f16, head size 64, 64-query and 64-key tiles, online softmax, causal.
#include <cstdint>
#include <cuda_fp16.h>

namespace {

constexpr int kHead = 64, kTile = 64, kRow = kHead + 8;

__device__ uint32_t sharedAddress(const void *p) { return static_cast<uint32_t>(__cvta_generic_to_shared(p)); }

__device__ void copyAsync16(void *to, const void *from, int bytes) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(sharedAddress(to)), "l"(from), "r"(bytes));
}

template <bool Transposed> __device__ void loadMatrix4(uint32_t (&r)[4], const void *p) {
  if (Transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(sharedAddress(p)));
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(sharedAddress(p)));
}

__device__ void multiplyAdd(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ uint32_t pack(float low, float high) {
  __half2 both = __floats2half2_rn(low, high);
  return *reinterpret_cast<uint32_t *>(&both);
}

} // namespace

// q, k, v, o: [heads][length][64]; grid (ceil(length / 64), heads); 128 threads; lse: [heads][length], natural log.
extern "C" __global__ void __launch_bounds__(128)
    flash_forward_f16(const __half *q, const __half *k, const __half *v, __half *o, float *lse, int length, float scale,
                      int causal) {
  extern __shared__ __align__(128) __half memory[];
  __half *qs = memory, *ks = qs + kTile * kRow, *vs = ks + 2 * kTile * kRow; // ks and vs have two stages each
  int t = threadIdx.x, lane = t % 32, warp = t / 32, first = blockIdx.x * kTile;
  size_t head = size_t(blockIdx.y) * length * kHead;
  auto load = [&](__half *to, const __half *from, int start) {
    for (int i = t; i < kTile * 8; i += 128) {
      int row = start + i / 8;
      copyAsync16(to + i / 8 * kRow + i % 8 * 8, from + head + size_t(min(row, length - 1)) * kHead + i % 8 * 8,
                  row < length ? 16 : 0);
    }
  };
  int limit = causal ? min(length, first + kTile) : length, tiles = (limit + kTile - 1) / kTile;
  load(qs, q, first);
  load(ks, k, 0);
  load(vs, v, 0);
  asm volatile("cp.async.commit_group;");
  float out[8][4] = {}, best[2] = {-1e30f, -1e30f}, total[2] = {};
  uint32_t fq[4][4];
  for (int tile = 0; tile < tiles; ++tile) {
    int stage = tile & 1;
    if (tile + 1 < tiles) {
      load(ks + (stage ^ 1) * kTile * kRow, k, (tile + 1) * kTile);
      load(vs + (stage ^ 1) * kTile * kRow, v, (tile + 1) * kTile);
    }
    asm volatile("cp.async.commit_group;");
    asm volatile("cp.async.wait_group 1;");
    __syncthreads();
    if (tile == 0)
      for (int i = 0; i < 4; ++i)
        loadMatrix4<false>(fq[i], qs + (warp * 16 + lane % 16) * kRow + i * 16 + lane / 16 * 8);
    const __half *kt = ks + stage * kTile * kRow, *vt = vs + stage * kTile * kRow;
    float score[8][4] = {};
#pragma unroll
    for (int i = 0; i < 4; ++i)
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        uint32_t fk[4];
        loadMatrix4<false>(fk, kt + (j * 16 + lane % 8 + lane / 16 * 8) * kRow + i * 16 + lane / 8 % 2 * 8);
        multiplyAdd(score[2 * j], fq[i], fk[0], fk[1]);
        multiplyAdd(score[2 * j + 1], fq[i], fk[2], fk[3]);
      }
    float peak[2] = {best[0], best[1]};
#pragma unroll
    for (int j = 0; j < 8; ++j)
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        int row = first + warp * 16 + lane / 4 + e / 2 * 8, column = tile * kTile + j * 8 + lane % 4 * 2 + e % 2;
        score[j][e] = column < length && (!causal || column <= row) ? score[j][e] * scale : -1e30f;
        peak[e / 2] = fmaxf(peak[e / 2], score[j][e]);
      }
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      peak[h] = fmaxf(peak[h], __shfl_xor_sync(~0u, peak[h], 1));
      peak[h] = fmaxf(peak[h], __shfl_xor_sync(~0u, peak[h], 2));
      float shrink = exp2f((best[h] - peak[h]) * 1.44269504f);
      total[h] *= shrink;
      best[h] = peak[h];
#pragma unroll
      for (int j = 0; j < 8; ++j) {
        out[j][2 * h] *= shrink;
        out[j][2 * h + 1] *= shrink;
      }
    }
#pragma unroll
    for (int j = 0; j < 8; ++j)
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        score[j][e] = exp2f((score[j][e] - best[e / 2]) * 1.44269504f);
        total[e / 2] += score[j][e];
      }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      uint32_t fp[4] = {pack(score[2 * i][0], score[2 * i][1]), pack(score[2 * i][2], score[2 * i][3]),
                        pack(score[2 * i + 1][0], score[2 * i + 1][1]), pack(score[2 * i + 1][2], score[2 * i + 1][3])};
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        uint32_t fv[4];
        loadMatrix4<true>(fv, vt + (i * 16 + lane % 16) * kRow + j * 16 + lane / 16 * 8);
        multiplyAdd(out[2 * j], fp, fv[0], fv[1]);
        multiplyAdd(out[2 * j + 1], fp, fv[2], fv[3]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int h = 0; h < 2; ++h) {
    total[h] += __shfl_xor_sync(~0u, total[h], 1);
    total[h] += __shfl_xor_sync(~0u, total[h], 2);
    int row = first + warp * 16 + lane / 4 + h * 8;
    if (row >= length)
      continue;
    float inverse = 1.0f / total[h];
    for (int j = 0; j < 8; ++j)
      *reinterpret_cast<uint32_t *>(o + head + size_t(row) * kHead + j * 8 + lane % 4 * 2) =
          pack(out[j][2 * h] * inverse, out[j][2 * h + 1] * inverse);
    if (lane % 4 == 0)
      lse[size_t(blockIdx.y) * length + row] = best[h] + logf(total[h]);
  }
}
