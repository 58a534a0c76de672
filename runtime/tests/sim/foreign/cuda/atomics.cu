// SPDX-License-Identifier: Apache-2.0
// Atomics of every kind and type, compare-and-swap loops, and structures built on them.
#include <cstdint>
#include <cuda/atomic>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

// Integer atomics that commute exactly; cells[0..11] hold one accumulator per operation.
extern "C" __global__ void atomic_integers(const int *in, int *cells, unsigned long long *wide, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  int v = in[i];
  atomicAdd(&cells[0], v);
  atomicSub(&cells[1], v);
  atomicMin(&cells[2], v);
  atomicMax(&cells[3], v);
  atomicMin(reinterpret_cast<unsigned *>(&cells[4]), unsigned(v));
  atomicMax(reinterpret_cast<unsigned *>(&cells[5]), unsigned(v));
  atomicAnd(&cells[6], v | 0xff);
  atomicOr(&cells[7], v & 0xf0f0);
  atomicXor(&cells[8], v);
  atomicInc(reinterpret_cast<unsigned *>(&cells[9]), 12);
  atomicDec(reinterpret_cast<unsigned *>(&cells[10]), 17);
  atomicAdd_block(&cells[11 + blockIdx.x], 1);
  long long w = (long long)v * 0x123456789ll;
  atomicAdd(&wide[0], (unsigned long long)w);
  atomicMin(reinterpret_cast<long long *>(&wide[1]), w);
  atomicMax(reinterpret_cast<long long *>(&wide[2]), w);
  atomicMin(&wide[3], (unsigned long long)w);
  atomicMax(&wide[4], (unsigned long long)w);
  atomicAnd(&wide[5], (unsigned long long)w | 0xffull);
  atomicOr(&wide[6], (unsigned long long)w & 0xf0f0f0f0f0ull);
  atomicXor_system(&wide[7], (unsigned long long)w);
}

// Floating-point atomics on small integers, so that every order gives the same sum.
extern "C" __global__ void atomic_floats(const int *in, float *f, double *d, half2 *h2, __nv_bfloat162 *b2, half *h,
                                         __nv_bfloat16 *b) {
  int i = blockIdx.x * blockDim.x + threadIdx.x, small = in[i] & 3;
  atomicAdd(f, float(in[i]));
  atomicAdd(d, double(in[i]) * 0.5);
  atomicAdd(h2 + blockIdx.x, __floats2half2_rn(small, -small));
  atomicAdd(h + blockIdx.x, __float2half(small));
  if (threadIdx.x < 64) {
    atomicAdd(b2 + blockIdx.x, __floats2bfloat162_rn(small, 1));
    atomicAdd(b + blockIdx.x, __float2bfloat16(small));
  }
}

// The same in shared memory, with results that are used: ticket numbers form a permutation.
extern "C" __global__ void atomic_shared(const int *in, int *out, int *tickets) {
  __shared__ int sum, ticket;
  __shared__ unsigned long long wide;
  __shared__ float total;
  if (threadIdx.x == 0) {
    sum = 0;
    ticket = 0;
    wide = 0;
    total = 0;
  }
  __syncthreads();
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  atomicAdd(&sum, in[i]);
  atomicMax(&wide, (unsigned long long)(unsigned)in[i] << 13);
  atomicAdd(&total, float(in[i] & 255));
  int mine = atomicAdd(&ticket, 1);
  tickets[blockIdx.x * blockDim.x + mine] = threadIdx.x;
  __syncthreads();
  if (threadIdx.x == 0) {
    out[4 * blockIdx.x + 0] = sum;
    out[4 * blockIdx.x + 1] = int(wide >> 13);
    out[4 * blockIdx.x + 2] = int(total);
    out[4 * blockIdx.x + 3] = ticket;
  }
}

// Compare-and-swap loops: f64 maximum, f32 product of powers of two, 16-bit counters.
extern "C" __global__ void atomic_cas_loops(const float *in, unsigned long long *maximum, unsigned *product,
                                            unsigned short *counters, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  double value = in[i];
  unsigned long long seen = *maximum;
  while (__longlong_as_double(seen) < value) {
    unsigned long long before = atomicCAS(maximum, seen, __double_as_longlong(value));
    if (before == seen)
      break;
    seen = before;
  }
  unsigned old = *product, assumed;
  do {
    assumed = old;
    old = atomicCAS(product, assumed, __float_as_uint(__uint_as_float(assumed) * (i & 1 ? 2.0f : 0.5f)));
  } while (old != assumed);
  unsigned short *counter = counters + (i & 7);
  unsigned short current = *counter, expected;
  do {
    expected = current;
    current = atomicCAS(counter, expected, static_cast<unsigned short>(expected + 3));
  } while (current != expected);
}

// Open-addressing hash set with linear probing; slots start as 0xffffffff. out[i] = 1 where the key was new.
extern "C" __global__ void atomic_hash_set(const unsigned *keys, unsigned *slots, unsigned capacity, unsigned *fresh,
                                           int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  unsigned key = keys[i], slot = key * 2654435761u % capacity;
  for (;;) {
    unsigned seen = atomicCAS(&slots[slot], 0xffffffffu, key);
    if (seen == 0xffffffffu) {
      atomicAdd(fresh, 1u);
      return;
    }
    if (seen == key)
      return;
    slot = slot + 1 == capacity ? 0 : slot + 1;
  }
}

// Linked lists by atomic exchange of the head; nodes are pushed and later summed by the host.
extern "C" __global__ void atomic_push_lists(const int *in, int *heads, int *next, int lists) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  next[i] = atomicExch(&heads[in[i] % lists], i);
}

// Histogram: private in shared memory, merged by reductions whose results are unused.
extern "C" __global__ void atomic_histogram(const unsigned char *in, unsigned *bins, int n) {
  __shared__ unsigned local[256];
  for (int i = threadIdx.x; i < 256; i += blockDim.x)
    local[i] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&local[in[i]], 1u);
  __syncthreads();
  for (int i = threadIdx.x; i < 256; i += blockDim.x)
    if (local[i])
      atomicAdd(&bins[i], local[i]);
}

// libcu++ atomics: acquire, release, relaxed, fetch_max; a message passed between the two halves of a block.
extern "C" __global__ void atomic_libcudacxx(int *data, int *flag, int *out, unsigned *peak) {
  cuda::atomic_ref<int, cuda::thread_scope_device> ready(*flag);
  cuda::atomic_ref<unsigned, cuda::thread_scope_block> highest(*peak);
  highest.fetch_max(threadIdx.x * 7u % 61u, cuda::memory_order_relaxed);
  if (threadIdx.x == 0) {
    for (int i = 0; i < 16; ++i)
      data[i] = i * i + 1;
    ready.store(1, cuda::memory_order_release);
  }
  if (threadIdx.x >= 32 && threadIdx.x < 48) {
    while (ready.load(cuda::memory_order_acquire) == 0)
      ;
    out[threadIdx.x - 32] = data[threadIdx.x - 32];
  }
}
