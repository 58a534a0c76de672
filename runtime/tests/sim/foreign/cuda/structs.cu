// SPDX-License-Identifier: Apache-2.0
// Parameters passed by value: structs with pointers, nested arrays, large tables; structs returned by functions.
#include <cstdint>

namespace {

struct Strides {
  int64_t row, column;
};

// Laid out as GEMM templates lay out their parameters: sizes, then operands with pointers and strides, then scalars.
struct Operand {
  const float *data;
  Strides stride;
};
struct GemmParams {
  int m, n, k;
  Operand a, b;
  struct {
    float *data;
    Strides stride;
    float alpha, beta;
  } out;
  unsigned char transpose;
  const float *bias;
};
static_assert(sizeof(GemmParams) == 112, "the test builds this struct by hand");

struct Table {
  int count;
  short entries[601];
  double scale[3];
};

struct Pair {
  float first;
  long long second;
};

__device__ __noinline__ Pair makePair(float x, int i) { return Pair{x * 2, (long long)(i)*i}; }
__device__ __noinline__ Pair merge(Pair a, Pair b) { return Pair{a.first + b.first, a.second - b.second}; }

} // namespace

extern "C" __global__ void struct_gemm(GemmParams p) {
  int row = blockIdx.y * blockDim.y + threadIdx.y, column = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= p.m || column >= p.n)
    return;
  float sum = 0;
  for (int i = 0; i < p.k; ++i)
    sum = fmaf(p.a.data[row * p.a.stride.row + i * p.a.stride.column],
               p.b.data[i * p.b.stride.row + column * p.b.stride.column], sum);
  float *out = p.out.data + (p.transpose ? column * p.out.stride.row + row * p.out.stride.column
                                         : row * p.out.stride.row + column * p.out.stride.column);
  sum = p.out.alpha * sum + p.out.beta * *out;
  *out = p.bias ? sum + p.bias[column] : sum;
}

// A table indexed at run time: parameters are addressed dynamically, as constant memory.
extern "C" __global__ void struct_table(const __grid_constant__ Table table, const int *index, double *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  out[i] = table.entries[index[i] % table.count] * table.scale[i % 3];
}

// As above, written to: the compiler copies the parameter to local memory.
extern "C" __global__ void struct_modified(Table table, int *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  table.entries[i % 601] = short(-i);
  table.entries[(i * 7) % table.count] += 5;
  int sum = 0;
  for (int j = 0; j < 64; ++j)
    sum = sum * 3 + table.entries[(i + j * 11) % 601];
  out[i] = sum;
}

extern "C" __global__ void struct_returned(const float *in, float *first, long long *second) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  Pair pair = merge(makePair(in[i], i), makePair(in[i] + 1, i + 2));
  first[i] = pair.first;
  second[i] = pair.second;
}

__constant__ float weights[5] = {0.0625f, 0.25f, 0.375f, 0.25f, 0.0625f};
__device__ int launches = 41;
__device__ const char greeting[] = "deep sea";

// Module-level variables: an initialised constant, an initialised global that is changed, a string.
extern "C" __global__ void struct_module_variables(const float *in, float *out, int *log, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  float sum = 0;
  for (int j = -2; j <= 2; ++j)
    sum += weights[j + 2] * in[min(max(i + j, 0), n - 1)];
  if (i < n)
    out[i] = sum;
  if (i == 0)
    log[0] = atomicAdd(&launches, 1);
  if (i < 8)
    log[1 + i] = greeting[i];
}

// 1-, 2-, 4-, 8- and 16-byte parameters in an order that needs padding.
extern "C" __global__ void struct_scalars(signed char a, double b, unsigned short c, float d, bool e, long long f,
                                          short g, int4 h, double *out) {
  out[threadIdx.x] = a + b * 10 + c * 100.0 + d * 1000.0 + e * 1e4 + f * 1e5 + g * 1e6 + (h.x + h.y * 2 + h.z * 3 + h.w * 4) * 1e7;
}
