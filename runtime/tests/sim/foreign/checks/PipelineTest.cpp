// SPDX-License-Identifier: Apache-2.0
// Copies in flight of ../cuda/pipeline.cu: cp.async groups, zero fill, named barriers.
#include "Harness.h"
#include "Values.h"

using namespace hadal::simtest;

namespace {

TEST(Pipeline, Ring) {
  const size_t tiles = 7, blocks = 3;
  auto data = reals<float>(blocks * tiles * 128, 1, -1, 1);
  Case c("pipeline.ptx", "pipeline_ring_f32");
  c.grid(blocks).block(128).in(data);
  int out = c.out<float>(data.size());
  c.scalar<int32_t>(tiles);
  ASSERT_TRUE(c.run());
  std::vector<float> expected;
  for (size_t i = 0; i < data.size(); ++i)
    expected.push_back(std::fma(2.0f, data[i], data[i ^ 1]));
  expectEqual(c.result<float>(out), expected);
}

TEST(Pipeline, ZeroFill) {
  for (int n : {1000, 1001, 1023, 769}) {
    auto data = integers<int32_t>(size_t(n), 2, -1000, 1000);
    Case c("pipeline.ptx", "pipeline_zero_fill");
    c.grid(4).block(256).in(data);
    int out = c.out<int32_t>(1024);
    c.scalar<int32_t>(n);
    ASSERT_TRUE(c.run());
    std::vector<int32_t> expected;
    for (size_t i = 0; i < 1024; ++i)
      expected.push_back((i ^ 1) < size_t(n) ? 2 * data[i ^ 1] : 0);
    expectEqual(c.result<int32_t>(out), expected);
  }
}

TEST(Pipeline, ThreadScope) {
  const size_t tiles = 5, blocks = 2;
  auto data = integers<int32_t>(blocks * tiles * 64 * 4, 3, -100000, 100000);
  Case c("pipeline.ptx", "pipeline_thread_scope");
  c.grid(blocks).block(64).in(data);
  int out = c.out<int32_t>(blocks * 64 * 4);
  c.scalar<int32_t>(tiles);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected(blocks * 64 * 4);
  for (size_t b = 0; b < blocks; ++b)
    for (size_t tile = 0; tile < tiles; ++tile)
      for (size_t t = 0; t < 64; ++t) {
        const int32_t *v = &data[((b * tiles + tile) * 64 + t) * 4];
        int32_t *e = &expected[(b * 64 + t) * 4];
        e[0] += v[0], e[1] ^= v[1], e[2] = std::max(e[2], v[2]), e[3] -= v[3];
      }
  expectEqual(c.result<int32_t>(out), expected);
}

TEST(Pipeline, CooperativeCopy) {
  const size_t blocks = 3;
  for (size_t n : {size_t(64), size_t(100), size_t(301)}) {
    auto data = integers<int32_t>(blocks * n, 4, -1000, 1000);
    Case c("pipeline.ptx", "pipeline_cooperative_copy");
    c.grid(blocks).block(96).dynamicShared(unsigned(n * 4)).in(data);
    int out = c.out<int32_t>(blocks * n);
    c.scalar<int32_t>(int32_t(n));
    ASSERT_TRUE(c.run());
    std::vector<int32_t> expected(blocks * n);
    for (size_t b = 0; b < blocks; ++b)
      for (size_t i = 0; i < n; ++i)
        expected[b * n + i] = data[b * n + n - 1 - i];
    expectEqual(c.result<int32_t>(out), expected);
  }
}

TEST(Pipeline, NamedBarriers) {
  const size_t blocks = 2, tiles = 6;
  auto data = reals<float>(blocks * tiles * 64, 5, 0, 4);
  Case c("pipeline.ptx", "pipeline_named_barriers");
  c.grid(blocks).block(128).in(data);
  int out = c.out<float>(blocks * 64);
  c.scalar<int32_t>(tiles);
  ASSERT_TRUE(c.run());
  std::vector<float> expected(blocks * 64);
  for (size_t b = 0; b < blocks; ++b)
    for (size_t tile = 0; tile < tiles; ++tile)
      for (size_t t = 0; t < 64; ++t)
        expected[b * 64 + t] += std::sqrt(data[(b * tiles + tile) * 64 + 63 - t]);
  expectEqual(c.result<float>(out), expected);
}

TEST(Pipeline, TransposeOfWords) {
  const size_t width = 64, height = 96;
  auto data = bits<uint64_t>(width * height, 6);
  Case c("pipeline.ptx", "pipeline_transpose_u64");
  c.grid(width / 32, height / 32).block(256).in(data);
  int out = c.out<uint64_t>(width * height);
  c.scalar<int32_t>(width).scalar<int32_t>(height);
  ASSERT_TRUE(c.run());
  std::vector<uint64_t> expected(width * height);
  for (size_t y = 0; y < height; ++y)
    for (size_t x = 0; x < width; ++x)
      expected[x * height + y] = data[y * width + x];
  expectEqual(c.result<uint64_t>(out), expected);
}

} // namespace
