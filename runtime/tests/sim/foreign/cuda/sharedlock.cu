// SPDX-License-Identifier: Apache-2.0
// Synchronisation through shared memory without barriers: a mutex, flags, and libcu++ barriers made of atomics.
#include <cstdint>
#include <cuda/atomic>
#include <cuda/barrier>

// A block-level mutex guards a running total and a log of who entered.
extern "C" __global__ void shared_mutex(int *out, int rounds) {
  __shared__ int lock, count, sum;
  if (threadIdx.x == 0)
    lock = count = sum = 0;
  __syncthreads();
  if (threadIdx.x % 32 < 3)
    for (int round = 0; round < rounds; ++round) {
      bool done = false;
      while (!done)
        if (atomicCAS(&lock, 0, 1) == 0) {
          __threadfence_block();
          count = count + 1;
          sum = sum + threadIdx.x * count % 7 - threadIdx.x * (count - 1) % 7;
          __threadfence_block();
          atomicExch(&lock, 0);
          done = true;
        }
    }
  __syncthreads();
  if (threadIdx.x == 0)
    out[blockIdx.x] = count;
}

// Warp 0 hands tiles to warp 1 through volatile flags and fences; two slots.
extern "C" __global__ void shared_flags(const int *in, int *out, int tiles) {
  __shared__ int tile[2][32];
  __shared__ volatile int full[2];
  int lane = threadIdx.x % 32;
  if (threadIdx.x < 2)
    full[threadIdx.x] = 0;
  __syncthreads();
  for (int i = 0; i < tiles; ++i) {
    int slot = i & 1;
    if (threadIdx.x < 32) {
      if (lane == 0)
        while (full[slot] != 0)
          ;
      __threadfence_block();
      __syncwarp();
      tile[slot][lane] = in[i * 32 + lane] * 2;
      __threadfence_block();
      __syncwarp();
      if (lane == 0)
        full[slot] = 1;
    } else {
      if (lane == 0)
        while (full[slot] != 1)
          ;
      __threadfence_block();
      __syncwarp();
      out[i * 32 + lane] = tile[slot][31 - lane];
      __threadfence_block();
      __syncwarp();
      if (lane == 0)
        full[slot] = 0;
    }
  }
}

// libcu++ release and acquire of block scope.
extern "C" __global__ void shared_release_acquire(const int *in, int *out) {
  __shared__ cuda::atomic<int, cuda::thread_scope_block> ready;
  __shared__ int data[32];
  if (threadIdx.x == 0)
    ready.store(0, cuda::memory_order_relaxed);
  __syncthreads();
  if (threadIdx.x < 32) {
    data[threadIdx.x] = in[threadIdx.x] + 1;
    ready.fetch_add(1, cuda::memory_order_release);
  } else {
    while (ready.load(cuda::memory_order_acquire) != 32)
      ;
    out[threadIdx.x - 32] = data[63 - threadIdx.x];
  }
}

#if __CUDA_ARCH__ < 800
// cuda::barrier: before sm_80 it is made of atomics in shared memory.
extern "C" __global__ void shared_cuda_barrier(const int *in, int *out, int rounds) {
  __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
  __shared__ int data[128];
  if (threadIdx.x == 0)
    init(&barrier, blockDim.x);
  __syncthreads();
  int value = in[blockIdx.x * blockDim.x + threadIdx.x];
  for (int round = 0; round < rounds; ++round) {
    data[threadIdx.x] = value;
    barrier.arrive_and_wait();
    value = data[(threadIdx.x * 5 + 1) % blockDim.x] + round;
    auto token = barrier.arrive();
    value ^= round << 4;
    barrier.wait(std::move(token));
  }
  out[blockIdx.x * blockDim.x + threadIdx.x] = value;
}
#endif
