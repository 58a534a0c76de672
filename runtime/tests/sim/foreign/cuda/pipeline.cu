// SPDX-License-Identifier: Apache-2.0
// Copies in flight: pipeline primitives, cuda::pipeline per thread, cooperative memcpy_async, named barriers.
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cstdint>
#include <cuda/pipeline>
#include <cuda_pipeline_primitives.h>

namespace cg = cooperative_groups;

// out[i] = 2 in[i] + in[i ^ 1] through a four-stage ring of 128 floats per stage; n is a multiple of 128 per block.
extern "C" __global__ void pipeline_ring_f32(const float *in, float *out, int tiles) {
  __shared__ __align__(16) float ring[4][128];
  const float *source = in + size_t(blockIdx.x) * tiles * 128;
  int t = threadIdx.x;
  auto fetch = [&](int tile) {
    if (tile < tiles && t < 32)
      __pipeline_memcpy_async(&ring[tile % 4][t * 4], source + tile * 128 + t * 4, 16);
    __pipeline_commit();
  };
  for (int tile = 0; tile < 3; ++tile)
    fetch(tile);
  for (int tile = 0; tile < tiles; ++tile) {
    __pipeline_wait_prior(2);
    __syncthreads();
    fetch(tile + 3);
    out[(size_t(blockIdx.x) * tiles + tile) * 128 + t] = 2 * ring[tile % 4][t] + ring[tile % 4][t ^ 1];
  }
}

// 4- and 8-byte copies with a zero-filled tail: out[i] = i < n ? in[i] : 0 for 256 values a block.
extern "C" __global__ void pipeline_zero_fill(const int *in, int *out, int n) {
  __shared__ __align__(16) int four[256], eight[256];
  int t = threadIdx.x, i = blockIdx.x * 256 + t;
  __pipeline_memcpy_async(&four[t], in + min(i, n - 1), 4, i < n ? 0 : 4);
  if (t < 128) {
    int j = blockIdx.x * 256 + 2 * t, missing = min(max(j + 2 - n, 0), 2);
    __pipeline_memcpy_async(&eight[2 * t], in + (missing == 2 ? 0 : j), 8, missing * 4);
  }
  __pipeline_commit();
  __pipeline_wait_prior(0);
  __syncthreads();
  out[i] = four[t ^ 1] + eight[t ^ 1];
}

// cuda::pipeline of thread scope, two stages; each thread consumes its own elements, so no block barrier is needed.
extern "C" __global__ void pipeline_thread_scope(const int4 *in, int4 *out, int tiles) {
  __shared__ int4 stages[2][64];
  auto pipe = cuda::make_pipeline();
  int t = threadIdx.x;
  auto fetch = [&](int tile) {
    pipe.producer_acquire();
    if (tile < tiles)
      cuda::memcpy_async(&stages[tile % 2][t], in + (size_t(blockIdx.x) * tiles + tile) * 64 + t,
                         cuda::aligned_size_t<16>(16), pipe);
    pipe.producer_commit();
  };
  fetch(0);
  int4 sum = make_int4(0, 0, 0, 0);
  for (int tile = 0; tile < tiles; ++tile) {
    fetch(tile + 1);
    cuda::pipeline_consumer_wait_prior<1>(pipe);
    int4 value = stages[tile % 2][t];
    sum.x += value.x;
    sum.y ^= value.y;
    sum.z = max(sum.z, value.z);
    sum.w -= value.w;
    pipe.consumer_release();
  }
  out[blockIdx.x * 64 + t] = sum;
}

// cooperative_groups::memcpy_async of a ragged number of bytes, then a block-wide reversal.
extern "C" __global__ void pipeline_cooperative_copy(const int *in, int *out, int n) {
  extern __shared__ __align__(16) int tile[];
  auto block = cg::this_thread_block();
  cg::memcpy_async(block, tile, in + blockIdx.x * n, sizeof(int) * n);
  cg::wait(block);
  for (int i = block.thread_rank(); i < n; i += block.size())
    out[blockIdx.x * n + i] = tile[n - 1 - i];
}

// Producer warps fill, consumer warps drain, through four named barriers (bar.sync and bar.arrive with a count).
extern "C" __global__ void pipeline_named_barriers(const float *in, float *out, int tiles) {
  __shared__ float buffer[2][64];
  int t = threadIdx.x;
  bool producer = t >= 64;
  if (producer) {
    for (int tile = 0; tile < tiles; ++tile) {
      int slot = tile & 1;
      if (tile >= 2)
        asm volatile("bar.sync %0, 128;" ::"r"(3 + slot) : "memory"); // slot is empty
      buffer[slot][t - 64] = sqrtf(in[(blockIdx.x * tiles + tile) * 64 + t - 64]);
      __threadfence_block();
      asm volatile("bar.arrive %0, 128;" ::"r"(1 + slot) : "memory"); // slot is full
    }
  } else {
    float sum = 0;
    for (int tile = 0; tile < tiles; ++tile) {
      int slot = tile & 1;
      asm volatile("bar.sync %0, 128;" ::"r"(1 + slot) : "memory");
      sum += buffer[slot][63 - t];
      if (tile + 2 < tiles)
        asm volatile("bar.arrive %0, 128;" ::"r"(3 + slot) : "memory");
    }
    out[blockIdx.x * 64 + t] = sum;
  }
}

// Shared-memory transpose with 8-byte asynchronous copies; 32 x 32 tiles of 64-bit values, 256 threads.
extern "C" __global__ void pipeline_transpose_u64(const uint64_t *in, uint64_t *out, int width, int height) {
  __shared__ uint64_t tile[32][33];
  int x = threadIdx.x % 32, y = threadIdx.x / 32;
  for (int j = y; j < 32; j += 8)
    __pipeline_memcpy_async(&tile[j][x], in + (blockIdx.y * 32 + j) * width + blockIdx.x * 32 + x, 8);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  __syncthreads();
  for (int j = y; j < 32; j += 8)
    out[(blockIdx.x * 32 + j) * height + blockIdx.y * 32 + x] = tile[x][j];
}
