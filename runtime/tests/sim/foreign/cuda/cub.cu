// SPDX-License-Identifier: Apache-2.0
// Block- and warp-level primitives of CUB: radix sort, scan, reduce, histogram, exchange, merge sort, run lengths.
#include <cub/block/block_discontinuity.cuh>
#include <cub/block/block_exchange.cuh>
#include <cub/block/block_histogram.cuh>
#include <cub/block/block_load.cuh>
#include <cub/block/block_merge_sort.cuh>
#include <cub/block/block_radix_sort.cuh>
#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>
#include <cub/block/block_store.cuh>
#include <cub/warp/warp_merge_sort.cuh>
#include <cub/warp/warp_reduce.cuh>
#include <cub/warp/warp_scan.cuh>

// Sorts 128 x 4 key-value pairs a block, ascending by unsigned key.
extern "C" __global__ void cub_radix_sort_pairs(const unsigned *keysIn, const int *valuesIn, unsigned *keysOut,
                                                int *valuesOut) {
  using Sort = cub::BlockRadixSort<unsigned, 128, 4, int>;
  __shared__ typename Sort::TempStorage storage;
  unsigned keys[4];
  int values[4];
  size_t base = size_t(blockIdx.x) * 512;
  cub::LoadDirectBlocked(threadIdx.x, keysIn + base, keys);
  cub::LoadDirectBlocked(threadIdx.x, valuesIn + base, values);
  Sort(storage).Sort(keys, values);
  cub::StoreDirectBlocked(threadIdx.x, keysOut + base, keys);
  cub::StoreDirectBlocked(threadIdx.x, valuesOut + base, values);
}

// Sorts 64 x 3 doubles a block, descending, striped output.
extern "C" __global__ void cub_radix_sort_f64(double *data) {
  using Sort = cub::BlockRadixSort<double, 64, 3>;
  __shared__ typename Sort::TempStorage storage;
  double keys[3];
  cub::LoadDirectBlocked(threadIdx.x, data + blockIdx.x * 192, keys);
  Sort(storage).SortDescendingBlockedToStriped(keys);
  cub::StoreDirectStriped<64>(threadIdx.x, data + blockIdx.x * 192, keys);
}

// Merge sort with a comparison functor (by absolute value, then by sign), 128 x 3 values.
struct ByMagnitude {
  __device__ bool operator()(int a, int b) const { return abs(a) != abs(b) ? abs(a) < abs(b) : a < b; }
};
extern "C" __global__ void cub_merge_sort(int *data, int valid) {
  using Sort = cub::BlockMergeSort<int, 128, 3>;
  __shared__ typename Sort::TempStorage storage;
  int keys[3];
  cub::LoadDirectBlocked(threadIdx.x, data + blockIdx.x * 384, keys, valid, 0x7fffffff);
  Sort(storage).Sort(keys, ByMagnitude(), valid, 0x7fffffff);
  cub::StoreDirectBlocked(threadIdx.x, data + blockIdx.x * 384, keys, valid);
}

// Three scan algorithms, exclusive, with the block aggregate; 128 x 4 values through a transposing load and store.
template <cub::BlockScanAlgorithm Algorithm>
__device__ void scanBlock(const int *in, int *out, int *totals) {
  using Load = cub::BlockLoad<int, 128, 4, cub::BLOCK_LOAD_WARP_TRANSPOSE>;
  using Store = cub::BlockStore<int, 128, 4, cub::BLOCK_STORE_TRANSPOSE>;
  using Scan = cub::BlockScan<int, 128, Algorithm>;
  __shared__ union {
    typename Load::TempStorage load;
    typename Store::TempStorage store;
    typename Scan::TempStorage scan;
  } storage;
  int items[4], total;
  Load(storage.load).Load(in + blockIdx.x * 512, items);
  __syncthreads();
  Scan(storage.scan).ExclusiveSum(items, items, total);
  __syncthreads();
  Store(storage.store).Store(out + blockIdx.x * 512, items);
  if (threadIdx.x == 0)
    totals[blockIdx.x] = total;
}
extern "C" __global__ void cub_scan_raking(const int *in, int *out, int *totals) {
  scanBlock<cub::BLOCK_SCAN_RAKING>(in, out, totals);
}
extern "C" __global__ void cub_scan_raking_memoize(const int *in, int *out, int *totals) {
  scanBlock<cub::BLOCK_SCAN_RAKING_MEMOIZE>(in, out, totals);
}
extern "C" __global__ void cub_scan_warp_scans(const int *in, int *out, int *totals) {
  scanBlock<cub::BLOCK_SCAN_WARP_SCANS>(in, out, totals);
}

// Reductions with a partial block: maximum of `valid` values by warps, sum by raking.
extern "C" __global__ void cub_reduce(const long long *in, long long *out, int valid) {
  using Maximum = cub::BlockReduce<long long, 96, cub::BLOCK_REDUCE_WARP_REDUCTIONS>;
  using Sum = cub::BlockReduce<long long, 96, cub::BLOCK_REDUCE_RAKING>;
  __shared__ typename Maximum::TempStorage first;
  __shared__ typename Sum::TempStorage second;
  long long value = threadIdx.x < valid ? in[blockIdx.x * 96 + threadIdx.x] : 0;
  long long most = Maximum(first).Reduce(value, cuda::maximum<>{}, valid);
  long long sum = Sum(second).Sum(value, valid);
  if (threadIdx.x == 0) {
    out[2 * blockIdx.x] = most;
    out[2 * blockIdx.x + 1] = sum;
  }
}

// Histograms by sorting and by atomics.
extern "C" __global__ void cub_histogram(const unsigned char *in, unsigned *sorted, unsigned *atomic) {
  using BySort = cub::BlockHistogram<unsigned char, 128, 4, 64, cub::BLOCK_HISTO_SORT>;
  using ByAtomic = cub::BlockHistogram<unsigned char, 128, 4, 64, cub::BLOCK_HISTO_ATOMIC>;
  __shared__ typename BySort::TempStorage first;
  __shared__ typename ByAtomic::TempStorage second;
  __shared__ unsigned bins[2][64];
  unsigned char items[4];
  cub::LoadDirectStriped<128>(threadIdx.x, in + blockIdx.x * 512, items);
  ByAtomic(second).Histogram(items, bins[1]);
  __syncthreads();
  BySort(first).Histogram(items, bins[0]);
  __syncthreads();
  if (threadIdx.x < 64) {
    sorted[blockIdx.x * 64 + threadIdx.x] = bins[0][threadIdx.x];
    atomic[blockIdx.x * 64 + threadIdx.x] = bins[1][threadIdx.x];
  }
}

// Exchange between blocked and striped, and a scatter by rank.
extern "C" __global__ void cub_exchange(const int *in, const int *rank, int *out) {
  using Exchange = cub::BlockExchange<int, 64, 4>;
  __shared__ typename Exchange::TempStorage storage;
  int items[4], ranks[4];
  cub::LoadDirectStriped<64>(threadIdx.x, in + blockIdx.x * 256, items);
  Exchange(storage).StripedToBlocked(items, items);
  __syncthreads();
  cub::LoadDirectBlocked(threadIdx.x, rank + blockIdx.x * 256, ranks);
  Exchange(storage).ScatterToStriped(items, items, ranks);
  cub::StoreDirectStriped<64>(threadIdx.x, out + blockIdx.x * 256, items);
}

// Heads of runs and warp-level reduce, scan and segmented sums on logical warps of 16.
extern "C" __global__ void cub_warps(const int *in, int *out, int *heads) {
  using Reduce = cub::WarpReduce<int, 16>;
  using Scan = cub::WarpScan<int, 16>;
  using Heads = cub::BlockDiscontinuity<int, 128>;
  __shared__ typename Reduce::TempStorage reduce[8], segmented[8];
  __shared__ typename Scan::TempStorage scan[8];
  __shared__ typename Heads::TempStorage discontinuity;
  int i = blockIdx.x * 128 + threadIdx.x, group = threadIdx.x / 16, value = in[i];
  int items[1] = {value}, flags[1];
  Heads(discontinuity).FlagHeads(flags, items, cuda::std::not_equal_to<>{});
  int sum = Reduce(reduce[group]).Sum(value), before;
  Scan(scan[group]).ExclusiveSum(value, before);
  int segment = Reduce(segmented[group]).HeadSegmentedSum(value, flags[0]);
  out[3 * i] = threadIdx.x % 16 == 0 ? sum : 0;
  out[3 * i + 1] = before;
  out[3 * i + 2] = flags[0] || threadIdx.x % 16 == 0 ? segment : 0;
  heads[i] = flags[0];
}

// Each logical warp of 16 sorts 64 f32 values, four a lane.
struct Less {
  __device__ bool operator()(float a, float b) const { return a < b; }
};
extern "C" __global__ void cub_warp_merge_sort(float *data) {
  using Sort = cub::WarpMergeSort<float, 4, 16>;
  __shared__ typename Sort::TempStorage storage[4];
  float keys[4];
  int group = threadIdx.x / 16, lane = threadIdx.x % 16;
  float *mine = data + (blockIdx.x * 4 + group) * 64 + lane * 4;
  for (int i = 0; i < 4; ++i)
    keys[i] = mine[i];
  Sort(storage[group]).Sort(keys, Less());
  for (int i = 0; i < 4; ++i)
    mine[i] = keys[i];
}
