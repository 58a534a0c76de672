// SPDX-License-Identifier: Apache-2.0
// Prefix sums: Hillis-Steele, Blelloch, warp shuffles, and a single-pass scan with decoupled look-back.
#include <cstdint>

// Inclusive scan of one block, two alternating shared buffers.
extern "C" __global__ void scan_hillis_steele(const int *in, int *out, int n) {
  extern __shared__ int buffer[];
  int t = threadIdx.x, current = 0;
  buffer[t] = t < n ? in[t] : 0;
  __syncthreads();
  for (int offset = 1; offset < blockDim.x; offset *= 2) {
    int next = 1 - current;
    int value = buffer[current * blockDim.x + t];
    if (t >= offset)
      value += buffer[current * blockDim.x + t - offset];
    buffer[next * blockDim.x + t] = value;
    current = next;
    __syncthreads();
  }
  if (t < n)
    out[t] = buffer[current * blockDim.x + t];
}

// Exclusive work-efficient scan of 2 * blockDim.x f32 values, with padding against bank conflicts.
extern "C" __global__ void scan_blelloch_f32(const float *in, float *out) {
  __shared__ float tree[512 + 16];
  auto at = [](int i) { return i + (i >> 5); };
  int t = threadIdx.x, n = 512;
  tree[at(2 * t)] = in[blockIdx.x * n + 2 * t];
  tree[at(2 * t + 1)] = in[blockIdx.x * n + 2 * t + 1];
  int offset = 1;
  for (int d = n / 2; d > 0; d /= 2) {
    __syncthreads();
    if (t < d)
      tree[at(offset * (2 * t + 2) - 1)] += tree[at(offset * (2 * t + 1) - 1)];
    offset *= 2;
  }
  if (t == 0)
    tree[at(n - 1)] = 0;
  for (int d = 1; d < n; d *= 2) {
    offset /= 2;
    __syncthreads();
    if (t < d) {
      int a = at(offset * (2 * t + 1) - 1), b = at(offset * (2 * t + 2) - 1);
      float left = tree[a];
      tree[a] = tree[b];
      tree[b] += left;
    }
  }
  __syncthreads();
  out[blockIdx.x * n + 2 * t] = tree[at(2 * t)];
  out[blockIdx.x * n + 2 * t + 1] = tree[at(2 * t + 1)];
}

// Single-pass inclusive scan of u64: every tile publishes its aggregate, then looks back. status holds (flag << 62 | sum).
extern "C" __global__ void scan_look_back(const unsigned *in, unsigned long long *out, unsigned long long *status,
                                          unsigned *ticket, int n) {
  __shared__ unsigned tile;
  __shared__ unsigned long long warpSums[32], before;
  if (threadIdx.x == 0)
    tile = atomicAdd(ticket, 1u);
  __syncthreads();
  int i = tile * blockDim.x + threadIdx.x, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  unsigned long long value = i < n ? in[i] : 0;
  for (int delta = 1; delta < 32; delta *= 2) {
    unsigned long long other = __shfl_up_sync(~0u, value, delta);
    if (lane >= delta)
      value += other;
  }
  if (lane == 31)
    warpSums[warp] = value;
  __syncthreads();
  if (warp == 0) {
    unsigned long long sum = lane < blockDim.x / 32 ? warpSums[lane] : 0;
    for (int delta = 1; delta < 32; delta *= 2) {
      unsigned long long other = __shfl_up_sync(~0u, sum, delta);
      if (lane >= delta)
        sum += other;
    }
    warpSums[lane] = sum;
  }
  __syncthreads();
  const unsigned long long kAggregate = 1ull << 62, kPrefix = 2ull << 62, kValue = kAggregate - 1;
  if (threadIdx.x == 0) {
    unsigned long long total = warpSums[blockDim.x / 32 - 1], sum = 0;
    atomicExch(&status[tile], (tile == 0 ? kPrefix : kAggregate) | total);
    for (int back = int(tile) - 1; back >= 0;) {
      unsigned long long seen = *reinterpret_cast<volatile unsigned long long *>(&status[back]);
      if (seen == 0)
        continue;
      sum += seen & kValue;
      if ((seen & ~kValue) == kPrefix)
        break;
      --back;
    }
    if (tile != 0)
      atomicExch(&status[tile], kPrefix | (sum + total));
    before = sum;
  }
  __syncthreads();
  if (i < n)
    out[i] = before + (warp ? warpSums[warp - 1] : 0) + value;
}

// Stream compaction: writes the indices of non-zero inputs of one block in order; ballots and popcounts only.
extern "C" __global__ void scan_compact(const int *in, int *out, int *count, int n) {
  __shared__ int offsets[33];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  bool keep = threadIdx.x < n && in[threadIdx.x] != 0;
  unsigned ballot = __ballot_sync(~0u, keep);
  if (lane == 0)
    offsets[warp + 1] = __popc(ballot);
  __syncthreads();
  if (threadIdx.x == 0) {
    offsets[0] = 0;
    for (int w = 0; w < blockDim.x / 32; ++w)
      offsets[w + 1] += offsets[w];
    *count = offsets[blockDim.x / 32];
  }
  __syncthreads();
  if (keep)
    out[offsets[warp] + __popc(ballot & ((1u << lane) - 1))] = threadIdx.x;
}

// Segmented inclusive scan by head flags within each warp, using match_any for the segment masks.
extern "C" __global__ void scan_segments(const int *key, const int *in, int *sums, int *leaders) {
  int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32;
  unsigned same = __match_any_sync(~0u, key[i]);
  int sum = 0;
  for (int other = 0; other < 32; ++other) {
    int value = __shfl_sync(~0u, in[i], other);
    if ((same >> other & 1) && other <= lane)
      sum += value;
  }
  int uniform;
  __match_all_sync(~0u, key[i], &uniform);
  sums[i] = sum;
  leaders[i] = uniform ? -1 : __ffs(same) - 1;
}
