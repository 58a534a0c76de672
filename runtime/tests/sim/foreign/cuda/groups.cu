// SPDX-License-Identifier: Apache-2.0
// Cooperative groups: tiles of part of a warp, partitions by value, tiles of several warps, asynchronous copies.
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>

namespace cg = cooperative_groups;

// Each tile of 8 threads: its sum, inclusive and exclusive prefix, greatest value, and a neighbour's value.
extern "C" __global__ void groups_tiles(const int *in, int *out) {
  auto block = cg::this_thread_block();
  auto tile = cg::tiled_partition<8>(block);
  int i = blockIdx.x * blockDim.x + threadIdx.x, value = in[i];
  out[5 * i + 0] = cg::reduce(tile, value, cg::plus<int>());
  out[5 * i + 1] = cg::inclusive_scan(tile, value);
  out[5 * i + 2] = cg::exclusive_scan(tile, value);
  out[5 * i + 3] = cg::reduce(tile, value, cg::greater<int>());
  __shared__ int exchange[256];
  exchange[threadIdx.x] = value;
  tile.sync();
  int mine = exchange[threadIdx.x ^ 7];
  auto part = cg::tiled_partition(block, 4); // the size known at run time only
  part.sync();
  exchange[threadIdx.x ^ 3] = mine + 1;
  part.sync();
  out[5 * i + 4] = exchange[threadIdx.x];
}

// The threads of a warp that hold the same last two bits count and sum themselves; the odd ones of them again.
extern "C" __global__ void groups_partitions(const int *in, int *out) {
  auto warp = cg::tiled_partition<32>(cg::this_thread_block());
  int value = in[threadIdx.x];
  auto same = cg::labeled_partition(warp, value & 3);
  int sum = value;
  for (unsigned distance = 1; distance < same.size(); ++distance)
    sum += same.shfl(value, (same.thread_rank() + distance) % same.size());
  int odd = 0;
  if (value % 3 == 1) {
    auto some = cg::coalesced_threads();
    odd = cg::binary_partition(some, value & 4).size();
  }
  out[3 * threadIdx.x + 0] = sum;
  out[3 * threadIdx.x + 1] = int(same.size() * 100 + same.thread_rank());
  out[3 * threadIdx.x + 2] = odd;
}

// Tiles of two warps, which meet in the shared memory that the system reserves.
extern "C" __global__ void groups_wide_tiles(const int *in, int *out) {
  auto tile = cg::tiled_partition<64>(cg::this_thread_block());
  int value = in[threadIdx.x];
  int sum = cg::reduce(tile, value, cg::plus<int>());
  tile.sync();
  int before = cg::exclusive_scan(tile, value);
  tile.sync();
  out[threadIdx.x] = sum * 1000 + before + tile.shfl(value, 5);
}

// Chunks come to dynamic shared memory asynchronously; the block waits for each.
extern "C" __global__ void groups_copies(const int *in, int *out, int count) {
  extern __shared__ int chunk[];
  auto block = cg::this_thread_block();
  int sum = 0;
  for (int start = 0; start < count; start += 256) {
    int length = min(256, count - start);
    cg::memcpy_async(block, chunk, in + start, sizeof(int) * length);
    cg::wait(block);
    for (int i = threadIdx.x; i < length; i += blockDim.x)
      sum += chunk[i] * (i & 3);
    block.sync();
  }
  out[threadIdx.x] = sum;
}
