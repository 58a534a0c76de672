// SPDX-License-Identifier: Apache-2.0
// Control flow: nested divergence, switches, recursion, calls through pointers and vtables, local arrays, spin locks.
#include <cstdint>

// Data-dependent nested loops with break, continue and early return.
extern "C" __global__ void control_collatz(const unsigned *in, unsigned *steps, unsigned *peak, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  unsigned long long value = in[i];
  unsigned count = 0, highest = in[i];
  if (value == 0) {
    steps[i] = 0xffffffffu;
    peak[i] = 0;
    return;
  }
  while (value != 1) {
    if (value & 1) {
      value = 3 * value + 1;
      if (value > highest)
        highest = unsigned(value);
    } else {
      do
        value >>= 1;
      while (!(value & 1) && (++count, true));
    }
    ++count;
    if (count > 500)
      break;
  }
  steps[i] = count;
  peak[i] = highest;
}

// A dense switch: becomes brx.idx or a tree of branches; lanes part ways each iteration.
extern "C" __global__ void control_machine(const unsigned char *program, int length, int *state) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int accumulator = i, index = 0, jumps = 0;
  for (int pc = 0; pc < length; ++pc) {
    switch (program[(pc + i) % length]) {
    case 0: accumulator += 3; break;
    case 1: accumulator *= 5; break;
    case 2: accumulator ^= 0x5a; break;
    case 3: accumulator = accumulator >> 1; break;
    case 4: index += accumulator & 3; break;
    case 5: accumulator -= index; break;
    case 6:
      if (jumps++ < 4)
        pc -= 2;
      break;
    case 7: accumulator = ~accumulator; // falls through
    case 8: index ^= pc; break;
    case 9: accumulator = __brev(accumulator); break;
    default: accumulator += index; continue;
    }
    accumulator += pc;
  }
  state[2 * i] = accumulator;
  state[2 * i + 1] = index;
}

namespace {

__device__ __noinline__ int ackermann(int m, int n) {
  if (m == 0)
    return n + 1;
  if (n == 0)
    return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

__device__ __noinline__ void quickSort(int *data, int low, int high) {
  if (low >= high)
    return;
  int pivot = data[(low + high) / 2], i = low, j = high;
  while (i <= j) {
    while (data[i] < pivot)
      ++i;
    while (data[j] > pivot)
      --j;
    if (i <= j) {
      int saved = data[i];
      data[i++] = data[j];
      data[j--] = saved;
    }
  }
  quickSort(data, low, j);
  quickSort(data, i, high);
}

__device__ bool isOdd(unsigned n);
__device__ __noinline__ bool isEven(unsigned n) { return n == 0 ? true : isOdd(n - 1); }
__device__ __noinline__ bool isOdd(unsigned n) { return n == 0 ? false : isEven(n - 1); }

} // namespace

extern "C" __global__ void control_recursion(const int *in, int *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  out[2 * i] = ackermann(in[i] % 3, in[i] % 5);
  out[2 * i + 1] = isEven(unsigned(in[i] % 17));
}

// Each thread sorts 24 values in a local array by recursion.
extern "C" __global__ void control_quicksort(const int *in, int *out) {
  int local[24], i = blockIdx.x * blockDim.x + threadIdx.x;
  for (int j = 0; j < 24; ++j)
    local[j] = in[i * 24 + j];
  quickSort(local, 0, 23);
  for (int j = 0; j < 24; ++j)
    out[i * 24 + j] = local[j];
}

namespace {

struct Shape {
  float size;
  __device__ explicit Shape(float s) : size(s) {}
  __device__ virtual float area() const = 0;
  __device__ virtual float scaled(float by) const { return area() * by; }
};
struct Square : Shape {
  using Shape::Shape;
  __device__ float area() const override { return size * size; }
};
struct Triangle : Shape {
  using Shape::Shape;
  __device__ float area() const override { return size * size * 0.5f; }
  __device__ float scaled(float by) const override { return area() * by + 1; }
};

__device__ __noinline__ int addOne(int x) { return x + 1; }
__device__ __noinline__ int timesThree(int x) { return x * 3; }
__device__ __noinline__ int negate(int x) { return -x; }
__device__ int (*const operations[3])(int) = {addOne, timesThree, negate};

} // namespace

extern "C" __global__ void control_virtual(const float *sizes, const int *kinds, float *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  Square square(sizes[i]);
  Triangle triangle(sizes[i]);
  const Shape *shape = kinds[i] & 1 ? static_cast<const Shape *>(&square) : &triangle;
  out[i] = shape->area() + shape->scaled(2.0f);
}

extern "C" __global__ void control_function_table(const int *kinds, int *values) {
  int i = blockIdx.x * blockDim.x + threadIdx.x, value = values[i];
  for (int j = 0; j < 4; ++j)
    value = operations[(kinds[i] + j) % 3](value);
  values[i] = value;
}

// A spin lock taken by every lane of a warp: makes progress only if the holder is scheduled (sm_70 and later).
extern "C" __global__ void control_spin_lock(int *lock, int *counter, int *order) {
  while (atomicCAS(lock, 0, 1) != 0)
    ;
  __threadfence();
  int seen = *reinterpret_cast<volatile int *>(counter);
  *reinterpret_cast<volatile int *>(counter) = seen + 1;
  order[seen] = blockIdx.x * blockDim.x + threadIdx.x;
  __threadfence();
  atomicExch(lock, 0);
}

// Local arrays with dynamic indices and mixed element sizes: a 5-digit histogram of each thread's bytes, and a stack.
extern "C" __global__ void control_local_arrays(const unsigned char *in, unsigned *out, int bytes) {
  unsigned short counts[16];
  unsigned char stack[64];
  int i = blockIdx.x * blockDim.x + threadIdx.x, top = 0;
  for (int j = 0; j < 16; ++j)
    counts[j] = 0;
  for (int j = 0; j < bytes; ++j) {
    unsigned char value = in[i * bytes + j];
    counts[value & 15] += 1 + (value >> 7);
    if (value & 16 && top < 64)
      stack[top++] = value;
    else if (top > 0)
      counts[stack[--top] & 15] ^= 0x100;
  }
  unsigned hash = 2166136261u;
  for (int j = 0; j < 16; ++j)
    hash = (hash ^ counts[j]) * 16777619u;
  out[i] = hash + top;
}

// Escape-time fractal: long divergent loops, f32 arithmetic only.
extern "C" __global__ void control_mandelbrot(unsigned short *out, int width, int height, int limit) {
  int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height)
    return;
  float cr = __fadd_rn(__fdiv_rn(3.0f * x, width), -2.25f), ci = __fadd_rn(__fdiv_rn(2.5f * y, height), -1.25f);
  float zr = 0, zi = 0;
  int count = 0;
  for (; count < limit; ++count) {
    float rr = __fmul_rn(zr, zr), ii = __fmul_rn(zi, zi);
    if (__fadd_rn(rr, ii) > 4.0f)
      break;
    zi = __fadd_rn(__fmul_rn(__fmul_rn(2.0f, zr), zi), ci);
    zr = __fadd_rn(__fsub_rn(rr, ii), cr);
  }
  out[y * width + x] = count;
}
