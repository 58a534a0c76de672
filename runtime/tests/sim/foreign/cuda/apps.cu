// SPDX-License-Identifier: Apache-2.0
// Small programs of the usual kinds: stencils, transposes, FFT, elimination, sparse products, search, simulation.
#include <cstdint>

// 5-point stencil with a halo in shared memory; blocks of 16 x 16, zero boundary.
extern "C" __global__ void app_stencil(const float *__restrict__ in, float *__restrict__ out, int width, int height) {
  __shared__ float tile[18][18];
  int x = blockIdx.x * 16 + threadIdx.x, y = blockIdx.y * 16 + threadIdx.y;
  auto at = [&](int i, int j) { return i >= 0 && j >= 0 && i < width && j < height ? in[j * width + i] : 0.0f; };
  for (int j = threadIdx.y; j < 18; j += 16)
    for (int i = threadIdx.x; i < 18; i += 16)
      tile[j][i] = at(int(blockIdx.x) * 16 + i - 1, int(blockIdx.y) * 16 + j - 1);
  __syncthreads();
  int i = threadIdx.x + 1, j = threadIdx.y + 1;
  if (x < width && y < height)
    out[y * width + x] = __fadd_rn(__fmul_rn(tile[j][i], 0.5f), __fmul_rn(0.125f, __fadd_rn(__fadd_rn(tile[j - 1][i], tile[j + 1][i]), __fadd_rn(tile[j][i - 1], tile[j][i + 1]))));
}

// Transpose of bytes through 32-bit words and __byte_perm; width and height multiples of 32.
extern "C" __global__ void app_transpose_u8(const uint8_t *in, uint8_t *out, int width, int height) {
  __shared__ uint8_t tile[32][36];
  int x = threadIdx.x, y = threadIdx.y; // 8 x 32
  *reinterpret_cast<uint32_t *>(&tile[y][4 * x]) =
      *reinterpret_cast<const uint32_t *>(in + (blockIdx.y * 32 + y) * width + blockIdx.x * 32 + 4 * x);
  __syncthreads();
  uint32_t word = 0;
  for (int k = 0; k < 4; ++k)
    word |= uint32_t(tile[4 * x + k][y]) << (8 * k);
  *reinterpret_cast<uint32_t *>(out + (blockIdx.x * 32 + y) * height + blockIdx.y * 32 + 4 * x) = word;
}

// Radix-2 FFT of 256 complex values a block, decimation in time, twiddles from sincospif.
extern "C" __global__ void app_fft256(const float2 *in, float2 *out) {
  __shared__ float2 data[256];
  int t = threadIdx.x; // 128
  for (int i = t; i < 256; i += 128)
    data[__brev(i) >> 24] = in[blockIdx.x * 256 + i];
  for (int half = 1; half < 256; half *= 2) {
    __syncthreads();
    int pair = (t / half) * 2 * half + t % half;
    float s, c;
    sincospif(-float(t % half) / half, &s, &c);
    float2 a = data[pair], b = data[pair + half];
    float2 w = make_float2(b.x * c - b.y * s, b.x * s + b.y * c);
    data[pair] = make_float2(a.x + w.x, a.y + w.y);
    data[pair + half] = make_float2(a.x - w.x, a.y - w.y);
  }
  __syncthreads();
  for (int i = t; i < 256; i += 128)
    out[blockIdx.x * 256 + i] = data[i];
}

// Solves a 32 x 32 system by elimination with partial pivoting in f64, one warp a system, by shuffles only.
extern "C" __global__ void app_solve32(const double *matrices, const double *right, double *x) {
  int lane = threadIdx.x % 32, system = (blockIdx.x * blockDim.x + threadIdx.x) / 32;
  double row[33]; // this lane's row
  for (int j = 0; j < 32; ++j)
    row[j] = matrices[(size_t(system) * 32 + lane) * 32 + j];
  row[32] = right[system * 32 + lane];
  int owner = -1; // the column that this lane's row eliminated
  for (int column = 0; column < 32; ++column) {
    double best = owner < 0 ? fabs(row[column]) : -1.0;
    int pivot = lane;
    for (int delta = 16; delta > 0; delta /= 2) {
      double otherBest = __shfl_xor_sync(~0u, best, delta);
      int otherPivot = __shfl_xor_sync(~0u, pivot, delta);
      if (otherBest > best || (otherBest == best && otherPivot < pivot)) {
        best = otherBest;
        pivot = otherPivot;
      }
    }
    if (lane == pivot)
      owner = column;
    double factor = row[column] / __shfl_sync(~0u, row[column], pivot);
    for (int j = 0; j < 33; ++j) {
      double value = __shfl_sync(~0u, row[j], pivot);
      if (lane != pivot && j >= column)
        row[j] = fma(-factor, value, row[j]);
    }
  }
  double diagonal = 0;
  for (int j = 0; j < 32; ++j)
    if (j == owner)
      diagonal = row[j];
  x[system * 32 + owner] = row[32] / diagonal;
}

// y = A x for CSR rows, one warp a row.
extern "C" __global__ void app_spmv(const int *rows, const int *columns, const double *values, const double *x, double *y,
                                    int n) {
  int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
  if (row >= n)
    return;
  double sum = 0;
  for (int i = rows[row] + lane; i < rows[row + 1]; i += 32)
    sum += values[i] * x[columns[i]];
  for (int delta = 16; delta > 0; delta /= 2)
    sum += __shfl_xor_sync(~0u, sum, delta);
  if (lane == 0)
    y[row] = sum;
}

// One level of breadth-first search: the frontier's unseen neighbours go to the next queue.
extern "C" __global__ void app_bfs_level(const int *rows, const int *columns, const int *frontier, int frontierSize,
                                         int *level, int *next, int *nextSize, int depth) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= frontierSize)
    return;
  int node = frontier[i];
  for (int e = rows[node]; e < rows[node + 1]; ++e)
    if (atomicCAS(&level[columns[e]], -1, depth) == -1)
      next[atomicAdd(nextSize, 1)] = columns[e];
}

// All-pairs forces with tiles of 64 bodies in shared memory; rsqrtf is approximate.
extern "C" __global__ void app_nbody(const float4 *bodies, float4 *forces, int n) {
  __shared__ float4 tile[64];
  int i = blockIdx.x * 64 + threadIdx.x;
  float4 me = bodies[i], force = make_float4(0, 0, 0, 0);
  for (int base = 0; base < n; base += 64) {
    tile[threadIdx.x] = bodies[base + threadIdx.x];
    __syncthreads();
#pragma unroll 8
    for (int j = 0; j < 64; ++j) {
      float dx = tile[j].x - me.x, dy = tile[j].y - me.y, dz = tile[j].z - me.z;
      float inverse = rsqrtf(dx * dx + dy * dy + dz * dz + 0.01f);
      float weight = tile[j].w * inverse * inverse * inverse;
      force.x += dx * weight;
      force.y += dy * weight;
      force.z += dz * weight;
    }
    __syncthreads();
  }
  forces[i] = force;
}

// Philox 4x32-10 counters; each thread writes the number of points of its 64 that fall in the unit circle.
extern "C" __global__ void app_monte_carlo(unsigned *hits, unsigned seed) {
  unsigned i = blockIdx.x * blockDim.x + threadIdx.x, inside = 0;
  for (unsigned round = 0; round < 32; ++round) {
    uint4 c = make_uint4(i, round, 0, 0);
    uint2 key = make_uint2(seed, ~seed);
    for (int r = 0; r < 10; ++r) {
      unsigned high0 = __umulhi(0xD2511F53u, c.x), low0 = 0xD2511F53u * c.x;
      unsigned high1 = __umulhi(0xCD9E8D57u, c.z), low1 = 0xCD9E8D57u * c.z;
      c = make_uint4(high1 ^ c.y ^ key.x, low1, high0 ^ c.w ^ key.y, low0);
      key.x += 0x9E3779B9u;
      key.y += 0xBB67AE85u;
    }
    auto test = [&](unsigned a, unsigned b) {
      unsigned long long x = a >> 1, y = b >> 1;
      inside += x * x + y * y < (1ull << 62);
    };
    test(c.x, c.y);
    test(c.z, c.w);
  }
  hits[i] = inside;
}

// Levenshtein distance of two strings by anti-diagonals, one block a pair, lengths up to blockDim.x.
extern "C" __global__ void app_edit_distance(const char *a, const char *b, int length, int *out) {
  __shared__ int diagonals[3][130];
  const char *x = a + blockIdx.x * length, *y = b + blockIdx.x * length;
  int t = threadIdx.x;
  for (int d = 0; d <= 2 * length; ++d) {
    int *now = diagonals[d % 3], *last = diagonals[(d + 2) % 3], *before = diagonals[(d + 1) % 3];
    int row = t, column = d - t;
    if (row <= length && column >= 0 && column <= length) {
      int value;
      if (row == 0 || column == 0)
        value = row + column;
      else
        value = min(min(last[row - 1], last[row]) + 1, before[row - 1] + (x[row - 1] != y[column - 1]));
      now[row] = value;
      if (row == length && column == length)
        out[blockIdx.x] = value;
    }
    __syncthreads();
  }
}

// Layer normalisation of f32 rows, one block a row, two passes with vector loads.
extern "C" __global__ void app_layer_norm(const float *in, const float *gain, const float *bias, float *out, int columns) {
  __shared__ float partial[8], broadcast;
  const float4 *row = reinterpret_cast<const float4 *>(in + size_t(blockIdx.x) * columns);
  auto total = [&](float value) {
    for (int delta = 16; delta > 0; delta /= 2)
      value += __shfl_xor_sync(~0u, value, delta);
    if (threadIdx.x % 32 == 0)
      partial[threadIdx.x / 32] = value;
    __syncthreads();
    if (threadIdx.x == 0) {
      float sum = 0;
      for (int i = 0; i < blockDim.x / 32; ++i)
        sum += partial[i];
      broadcast = sum;
    }
    __syncthreads();
    float sum = broadcast;
    __syncthreads();
    return sum;
  };
  float sum = 0;
  for (int i = threadIdx.x; i < columns / 4; i += blockDim.x)
    sum += row[i].x + row[i].y + row[i].z + row[i].w;
  float mean = total(sum) / columns;
  sum = 0;
  for (int i = threadIdx.x; i < columns / 4; i += blockDim.x) {
    float4 v = row[i];
    sum += (v.x - mean) * (v.x - mean) + (v.y - mean) * (v.y - mean) + (v.z - mean) * (v.z - mean) + (v.w - mean) * (v.w - mean);
  }
  float scale = rsqrtf(total(sum) / columns + 1e-5f);
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    out[size_t(blockIdx.x) * columns + i] = (in[size_t(blockIdx.x) * columns + i] - mean) * scale * gain[i] + bias[i];
}
