// SPDX-License-Identifier: Apache-2.0
// Cooperative groups and grid-wide synchronisation: grid.sync, hand-made barriers, flags between blocks, tiles.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>
#include <cstdint>

namespace cg = cooperative_groups;

// Jacobi steps on a ring, ping-pong in global memory with grid.sync between steps (cooperative launch).
extern "C" __global__ void coop_jacobi(int *a, int *b, int n, int steps) {
  cg::grid_group grid = cg::this_grid();
  for (int step = 0; step < steps; ++step) {
    const int *from = step & 1 ? b : a;
    int *to = step & 1 ? a : b;
    for (int i = grid.thread_rank(); i < n; i += grid.size())
      to[i] = from[i == 0 ? n - 1 : i - 1] + from[i] + from[i == n - 1 ? 0 : i + 1];
    grid.sync();
  }
}

// A grid barrier made by hand: atomics, a fence, and a volatile spin (cooperative launch); sense counts up.
extern "C" __global__ void coop_hand_barrier(int *data, unsigned *arrived, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    int partner = (blockIdx.x + round) % gridDim.x;
    int value = round == 0 ? int(blockIdx.x * blockDim.x + threadIdx.x)
                           : data[((round - 1) & 1) * gridDim.x * blockDim.x + partner * blockDim.x +
                                  (threadIdx.x + 1) % blockDim.x];
    data[(round & 1) * gridDim.x * blockDim.x + blockIdx.x * blockDim.x + threadIdx.x] = value * 3 + round;
    __syncthreads();
    if (threadIdx.x == 0) {
      __threadfence();
      atomicAdd(arrived, 1u);
      while (*reinterpret_cast<volatile unsigned *>(arrived) < gridDim.x * (round + 1))
        ;
      __threadfence();
    }
    __syncthreads();
  }
}

// A chain of blocks: each waits for the flag of the block before it with ld.acquire (cooperative launch).
extern "C" __global__ void coop_flag_chain(int *values, int *flags) {
  __shared__ int before;
  if (threadIdx.x == 0) {
    before = 1;
    if (blockIdx.x > 0) {
      int seen;
      do {
        asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(seen) : "l"(flags + blockIdx.x - 1) : "memory");
      } while (seen == 0);
      before = values[(blockIdx.x - 1) * blockDim.x];
    }
  }
  __syncthreads();
  values[blockIdx.x * blockDim.x + threadIdx.x] = before * 3 % 1009 + threadIdx.x;
  __syncthreads();
  if (threadIdx.x == 0)
    asm volatile("st.release.gpu.global.u32 [%0], %1;" ::"l"(flags + blockIdx.x), "r"(1) : "memory");
}

// A persistent kernel: blocks take work items from a queue until it is empty.
extern "C" __global__ void coop_work_queue(const int *in, int *out, int *next, int items) {
  __shared__ int item;
  for (;;) {
    if (threadIdx.x == 0)
      item = atomicAdd(next, 1);
    __syncthreads();
    int mine = item;
    __syncthreads();
    if (mine >= items)
      return;
    out[mine * blockDim.x + threadIdx.x] = in[mine * blockDim.x + threadIdx.x] * mine + int(threadIdx.x);
  }
}

// Static tiles: reduce, scan, shuffles, votes in groups of 8 and 16.
extern "C" __global__ void coop_tiles(const int *in, int *out) {
  auto block = cg::this_thread_block();
  auto tile = cg::tiled_partition<8>(block);
  auto half = cg::tiled_partition<16>(block);
  int i = block.group_index().x * block.size() + block.thread_rank(), value = in[i];
  int sum = cg::reduce(tile, value, cg::plus<int>());
  int most = cg::reduce(half, value, cg::greater<int>());
  int before = cg::exclusive_scan(tile, value, cg::plus<int>());
  int upTo = cg::inclusive_scan(half, value, cg::plus<int>());
  unsigned odd = tile.ballot(value & 1);
  int next = tile.shfl(value, (tile.thread_rank() + 3) % tile.size());
  int down = half.shfl_down(value, 2);
  unsigned same = tile.match_any(value & 3);
  int *o = out + i * 8;
  o[0] = sum;
  o[1] = most;
  o[2] = before;
  o[3] = upTo;
  o[4] = int(odd);
  o[5] = next;
  o[6] = half.thread_rank() + 2 < 16 ? down : -1;
  o[7] = int(same) + int(tile.meta_group_rank()) * 256;
}

// Groups made at run time: coalesced threads of a branch, and labelled partitions within them.
extern "C" __global__ void coop_dynamic_groups(const int *in, int *out, int *counter) {
  int i = blockIdx.x * blockDim.x + threadIdx.x, value = in[i];
  out[i] = -1;
  if (value % 3 != 0) {
    auto active = cg::coalesced_threads();
    auto same = cg::labeled_partition(active, value & 3);
    int sum = cg::reduce(same, value, cg::plus<int>());
    auto parity = cg::binary_partition(active, bool(value & 1));
    int first = parity.shfl(value, 0);
    int base = 0;
    if (active.thread_rank() == 0)
      base = atomicAdd(counter, int(active.size()));
    base = active.shfl(base, 0);
    bool inRange = base + int(active.thread_rank()) < int(gridDim.x * blockDim.x);
    out[i] = inRange ? sum * 64 + (first & 63) : -2;
  }
}
