// SPDX-License-Identifier: Apache-2.0
// Reductions: shared-memory trees, warp shuffles, redux, votes, and the last-block pattern with a fence.
#include <cstdint>

namespace {

template <typename T> __device__ T warpSum(T value) {
  for (int delta = 16; delta > 0; delta /= 2)
    value += __shfl_down_sync(0xffffffffu, value, delta);
  return value;
}

// Sums `value` over the block; the result is valid in thread 0. Works for block sizes that are no multiple of 32.
template <typename T> __device__ T blockSum(T value) {
  __shared__ T partial[32];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int lanes = min(32, int(blockDim.x) - warp * 32);
  unsigned mask = lanes == 32 ? 0xffffffffu : (1u << lanes) - 1;
  for (int delta = 16; delta > 0; delta /= 2) {
    T other = __shfl_down_sync(mask, value, delta);
    if (lane + delta < lanes)
      value += other;
  }
  if (lane == 0)
    partial[warp] = value;
  __syncthreads();
  int warps = (blockDim.x + 31) / 32;
  if (warp == 0) {
    value = lane < warps ? partial[lane] : T(0);
    value = warpSum(value);
  }
  __syncthreads();
  return value;
}

} // namespace

// out[0] += sum of in[0..n).
extern "C" __global__ void reduce_sum_i64(const int *in, unsigned long long *out, int n) {
  long long sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    sum += in[i];
  sum = blockSum(sum);
  if (threadIdx.x == 0)
    atomicAdd(out, static_cast<unsigned long long>(sum));
}

// out[block] = tree sum of one block's slice, in a fixed order; blockDim.x is a power of two.
extern "C" __global__ void reduce_tree_f32(const float *in, float *out, int n) {
  extern __shared__ float tree[];
  unsigned i = blockIdx.x * blockDim.x * 2 + threadIdx.x;
  float value = i < n ? in[i] : 0.0f;
  if (i + blockDim.x < n)
    value += in[i + blockDim.x];
  tree[threadIdx.x] = value;
  __syncthreads();
  for (unsigned stride = blockDim.x / 2; stride > 0; stride >>= 1) {
    if (threadIdx.x < stride)
      tree[threadIdx.x] += tree[threadIdx.x + stride];
    __syncthreads();
  }
  if (threadIdx.x == 0)
    out[blockIdx.x] = tree[0];
}

// As above, but the last tree levels run within a warp and synchronise by __syncwarp alone.
extern "C" __global__ void reduce_tree_syncwarp_f32(const float *in, float *out, int n) {
  __shared__ volatile float tree[256];
  unsigned i = blockIdx.x * 256 + threadIdx.x;
  tree[threadIdx.x] = i < n ? in[i] : 0.0f;
  __syncthreads();
  for (unsigned stride = 128; stride > 16; stride >>= 1) {
    if (threadIdx.x < stride)
      tree[threadIdx.x] = tree[threadIdx.x] + tree[threadIdx.x + stride];
    __syncthreads();
  }
  if (threadIdx.x < 32)
    for (unsigned stride = 16; stride > 0; stride >>= 1) {
      float value = tree[threadIdx.x] + (threadIdx.x < stride ? tree[threadIdx.x + stride] : 0.0f);
      __syncwarp();
      tree[threadIdx.x] = value;
      __syncwarp();
    }
  if (threadIdx.x == 0)
    out[blockIdx.x] = tree[0];
}

// One launch: partial sums, a fence, and the last block to arrive adds them in block order.
extern "C" __global__ void reduce_last_block_f64(const double *in, volatile double *partial, unsigned *arrived,
                                                 double *out, int n) {
  __shared__ bool isLast;
  double sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    sum += in[i];
  sum = blockSum(sum);
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = sum;
    __threadfence();
    isLast = atomicInc(arrived, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!isLast)
    return;
  __threadfence();
  double total = threadIdx.x < gridDim.x ? partial[threadIdx.x] : 0.0;
  total = blockSum(total);
  if (threadIdx.x == 0)
    *out = total;
}

#if __CUDA_ARCH__ >= 800
// Warp-level redux (sm_80) of every kind, one warp a row: out[row] = {add, min, max, and, or, xor, umin, umax}.
extern "C" __global__ void reduce_redux(const int *in, int *out) {
  int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
  int value = in[row * 32 + lane];
  int add = __reduce_add_sync(~0u, value), least = __reduce_min_sync(~0u, value);
  int most = __reduce_max_sync(~0u, value), both = __reduce_and_sync(~0u, unsigned(value));
  int any = __reduce_or_sync(~0u, unsigned(value)), odd = __reduce_xor_sync(~0u, unsigned(value));
  unsigned umin = __reduce_min_sync(~0u, unsigned(value)), umax = __reduce_max_sync(~0u, unsigned(value));
  if (lane < 8) {
    int all[8] = {add, least, most, both, any, odd, int(umin), int(umax)};
    out[row * 8 + lane] = all[lane];
  }
}
#endif

// Votes and barrier reductions: out[block] = {count, any, all, ballot of warp 0}.
extern "C" __global__ void reduce_votes(const int *in, unsigned *out, int threshold) {
  bool big = in[blockIdx.x * blockDim.x + threadIdx.x] > threshold;
  unsigned count = __syncthreads_count(big);
  unsigned any = __syncthreads_or(big), all = __syncthreads_and(big);
  unsigned ballot = __ballot_sync(~0u, big);
  bool anyInWarp = __any_sync(~0u, big), allInWarp = __all_sync(~0u, big);
  if (threadIdx.x == 0) {
    out[blockIdx.x * 6 + 0] = count;
    out[blockIdx.x * 6 + 1] = any;
    out[blockIdx.x * 6 + 2] = all;
    out[blockIdx.x * 6 + 3] = ballot;
    out[blockIdx.x * 6 + 4] = anyInWarp;
    out[blockIdx.x * 6 + 5] = allInWarp;
  }
}

// argmax with index through a butterfly; ties take the lower index.
extern "C" __global__ void reduce_argmax(const float *in, int *out, int columns) {
  __shared__ float bestValue[32];
  __shared__ int bestIndex[32];
  const float *row = in + size_t(blockIdx.x) * columns;
  float best = -__int_as_float(0x7f800000);
  int index = columns;
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    if (row[i] > best) {
      best = row[i];
      index = i;
    }
  for (int pass = 0; pass < 2; ++pass) {
    for (int delta = 16; delta > 0; delta /= 2) {
      float otherValue = __shfl_xor_sync(~0u, best, delta);
      int otherIndex = __shfl_xor_sync(~0u, index, delta);
      if (otherValue > best || (otherValue == best && otherIndex < index)) {
        best = otherValue;
        index = otherIndex;
      }
    }
    if (pass == 1 || blockDim.x == 32)
      break;
    if (threadIdx.x % 32 == 0) {
      bestValue[threadIdx.x / 32] = best;
      bestIndex[threadIdx.x / 32] = index;
    }
    __syncthreads();
    if (threadIdx.x >= 32)
      return;
    bool live = threadIdx.x < blockDim.x / 32;
    best = live ? bestValue[threadIdx.x] : -__int_as_float(0x7f800000);
    index = live ? bestIndex[threadIdx.x] : columns;
  }
  if (threadIdx.x == 0)
    out[blockIdx.x] = index;
}
