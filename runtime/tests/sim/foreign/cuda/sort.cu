// SPDX-License-Identifier: Apache-2.0
// Sorting without a library: an LSD radix sort of one block, a bitonic sort, and a merge by binary search.
#include <cstdint>

// Stable LSD radix sort of blockDim.x = 256 key-value pairs, four bits a pass.
extern "C" __global__ void sort_radix_block(const unsigned *keysIn, const unsigned *valuesIn, unsigned *keysOut,
                                            unsigned *valuesOut) {
  __shared__ unsigned keys[256], values[256], counts[16 * 8], scanned[16 * 8];
  int t = threadIdx.x, lane = t % 32, warp = t / 32;
  size_t base = size_t(blockIdx.x) * 256;
  unsigned key = keysIn[base + t], value = valuesIn[base + t];
  for (int shift = 0; shift < 32; shift += 4) {
    unsigned digit = key >> shift & 15;
    if (t < 128)
      counts[t] = 0;
    __syncthreads();
    unsigned same = __match_any_sync(~0u, digit);
    unsigned rank = __popc(same & ((1u << lane) - 1));
    if (rank == 0)
      counts[digit * 8 + warp] = __popc(same);
    __syncthreads();
    if (warp == 0) {
      // Four consecutive counters a lane, then a warp scan of the lane sums.
      unsigned local[4], sum = 0;
      for (int i = 0; i < 4; ++i) {
        local[i] = sum;
        sum += counts[lane * 4 + i];
      }
      unsigned inclusive = sum;
      for (int delta = 1; delta < 32; delta *= 2) {
        unsigned other = __shfl_up_sync(~0u, inclusive, delta);
        inclusive += lane >= delta ? other : 0;
      }
      for (int i = 0; i < 4; ++i)
        scanned[lane * 4 + i] = inclusive - sum + local[i];
    }
    __syncthreads();
    unsigned place = scanned[digit * 8 + warp] + rank;
    keys[place] = key;
    values[place] = value;
    __syncthreads();
    key = keys[t];
    value = values[t];
  }
  keysOut[base + t] = key;
  valuesOut[base + t] = value;
}

// Bitonic sort of 1,024 signed 64-bit integers by 512 threads.
extern "C" __global__ void sort_bitonic_i64(long long *data) {
  __shared__ long long tile[1024];
  int t = threadIdx.x;
  tile[t] = data[t];
  tile[t + 512] = data[t + 512];
  for (int size = 2; size <= 1024; size *= 2)
    for (int stride = size / 2; stride > 0; stride /= 2) {
      __syncthreads();
      int i = 2 * t - (t & (stride - 1)), j = i + stride;
      bool up = (i & size) == 0;
      long long a = tile[i], b = tile[j];
      if ((a > b) == up) {
        tile[i] = b;
        tile[j] = a;
      }
    }
  __syncthreads();
  data[t] = tile[t];
  data[t + 512] = tile[t + 512];
}

// Merges sorted a[0..m) and b[0..n) by one binary search a thread.
extern "C" __global__ void sort_merge_f32(const float *a, int m, const float *b, int n, float *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= m + n)
    return;
  bool first = i < m;
  float value = first ? a[i] : b[i - m];
  const float *other = first ? b : a;
  int low = 0, high = first ? n : m;
  while (low < high) {
    int middle = (low + high) / 2;
    if (first ? other[middle] < value : other[middle] <= value)
      low = middle + 1;
    else
      high = middle;
  }
  out[(first ? i : i - m) + low] = value;
}

// Odd-even transposition through global memory, one block; exercises barriers that order global accesses.
extern "C" __global__ void sort_odd_even_global(int *data, int n) {
  for (int phase = 0; phase < n; ++phase) {
    int i = 2 * threadIdx.x + (phase & 1);
    if (i + 1 < n && data[i] > data[i + 1]) {
      int saved = data[i];
      data[i] = data[i + 1];
      data[i + 1] = saved;
    }
    __syncthreads();
  }
}
