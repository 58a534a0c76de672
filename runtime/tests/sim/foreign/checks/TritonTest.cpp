// SPDX-License-Identifier: Apache-2.0
// Triton kernels for sm_80 (../triton/kernels.py): GEMM, softmax, norm, scan, sort, histogram.
#include "Harness.h"
#include "Values.h"

#include <algorithm>

using namespace hadal::simtest;

namespace {

struct GemmKind {
  const char *file;
  size_t tileM, tileN;
  unsigned threads, shared;
  char type;
};
class TritonGemm : public testing::TestWithParam<GemmKind> {};
INSTANTIATE_TEST_SUITE_P(Types, TritonGemm,
                         testing::Values(GemmKind{"triton_gemm_f16", 64, 64, 128, 16384, 'h'},
                                         GemmKind{"triton_gemm_bf16", 128, 64, 256, 36864, 'b'},
                                         GemmKind{"triton_gemm_tf32", 32, 32, 64, 8192, 'f'}),
                         [](const auto &info) { return std::string(info.param.file); });

TEST_P(TritonGemm, Multiplies) {
  const GemmKind &p = GetParam();
  const size_t m = p.tileM + 9, n = p.tileN + 16, k = 128;
  auto a = integers<float>(m * k, 1, -4, 4),
       b = integers<float>(k * n, 2, -4, 4); // exact in every type and order
  Case c(std::string(p.file) + ".ptx", "triton_gemm");
  c.grid(2, 2).block(p.threads).dynamicShared(p.shared);
  for (auto *operand : {&a, &b}) {
    std::vector<uint16_t> narrow;
    for (float v : *operand)
      narrow.push_back(p.type == 'b' ? bfloatBits(v) : halfBits(double(v)));
    if (p.type == 'f')
      c.in(*operand);
    else
      c.in(narrow);
  }
  int out = c.out<float>(m * n);
  c.scalar<int32_t>(int32_t(m))
      .scalar<int32_t>(int32_t(n))
      .scalar<int32_t>(int32_t(k))
      .nullPointer()
      .nullPointer()
      .seeds(5);
  ASSERT_TRUE(c.run());
  std::vector<float> expected(m * n);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t l = 0; l < k; ++l)
        expected[i * n + j] += a[i * k + l] * b[l * n + j];
  auto got = c.result<float>(out);
  for (float &v : got)
    v += 0.0f;
  expectEqual(got, expected);
}

TEST(Triton, GemmInt8) {
  const size_t m = 64, n = 32, k = 192;
  auto a = bits<int8_t>(m * k, 3), b = bits<int8_t>(n * k, 4);
  Case c("triton_gemm_int8.ptx", "triton_gemm_int8");
  c.grid(2, 1).block(64).dynamicShared(8192).in(a);
  c.in(b);
  int out = c.out<int32_t>(m * n);
  c.scalar<int32_t>(m).scalar<int32_t>(n).scalar<int32_t>(k).nullPointer().nullPointer().seeds(5);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected(m * n);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t l = 0; l < k; ++l)
        expected[i * n + j] += int32_t(a[i * k + l]) * int32_t(b[j * k + l]);
  expectEqual(c.result<int32_t>(out), expected);
}

TEST(Triton, Softmax) {
  const size_t rows = 5, columns = 781, stride = 800;
  auto data = reals<float>(rows * stride, 5, -6, 6);
  Case c("triton_softmax.ptx", "triton_softmax");
  c.grid(rows).block(128).dynamicShared(16).in(data);
  int out = c.in(std::vector<float>(rows * stride, -1.0f));
  c.scalar<int32_t>(columns).scalar<int32_t>(stride).nullPointer().nullPointer();
  ASSERT_TRUE(c.run());
  std::vector<double> expected(rows * stride, -1.0);
  for (size_t r = 0; r < rows; ++r) {
    double total = 0;
    for (size_t i = 0; i < columns; ++i)
      total += std::exp(double(data[r * stride + i]));
    for (size_t i = 0; i < columns; ++i)
      expected[r * stride + i] = std::exp(double(data[r * stride + i])) / total;
  }
  expectNear(c.result<float>(out), expected, 1e-9, 1e-5);
}

TEST(Triton, LayerNorm) {
  const size_t rows = 3, columns = 700;
  auto values = reals<float>(rows * columns, 6, -2, 3), gain = reals<float>(columns, 7, 0.5, 2),
       bias = reals<float>(columns, 8, -1, 1);
  std::vector<uint16_t> data;
  for (float v : values)
    data.push_back(halfBits(double(v)));
  Case c("triton_layer_norm.ptx", "triton_layer_norm");
  c.grid(rows).block(64).dynamicShared(512).in(data);
  c.in(gain);
  c.in(bias);
  int out = c.out<uint16_t>(rows * columns);
  c.scalar<int32_t>(columns).scalar<float>(1e-5f).nullPointer().nullPointer();
  ASSERT_TRUE(c.run());
  std::vector<double> expected;
  std::vector<float> got;
  for (size_t r = 0; r < rows; ++r) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < columns; ++i) {
      double v = double(halfValue(data[r * columns + i]));
      mean += v / columns;
      square += v * v / columns;
    }
    for (size_t i = 0; i < columns; ++i)
      expected.push_back((double(halfValue(data[r * columns + i])) - mean) /
                             std::sqrt(square - mean * mean + 1e-5) * double(gain[i]) +
                         double(bias[i]));
  }
  for (uint16_t v : c.result<uint16_t>(out))
    got.push_back(halfValue(v));
  expectNear(got, expected, 1e-3, 1e-3);
}

TEST(Triton, ScanAndSort) {
  auto data = integers<int32_t>(768, 9, -1000, 1000);
  Case c("triton_scan.ptx", "triton_scan");
  c.grid(3).block(128).dynamicShared(1024).in(data);
  int sums = c.out<int32_t>(768), sorted = c.out<int32_t>(768);
  c.nullPointer().nullPointer();
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected(768);
  for (size_t i = 0; i < 768; ++i)
    expected[i] = data[i] + (i % 256 ? expected[i - 1] : 0);
  expectEqual(c.result<int32_t>(sums), expected);
  for (long b = 0; b < 3; ++b)
    std::sort(data.begin() + b * 256, data.begin() + b * 256 + 256);
  expectEqual(c.result<int32_t>(sorted), data);
}

TEST(Triton, Histogram) {
  auto data = integers<int32_t>(1300, 10, 0, 31);
  Case c("triton_histogram.ptx", "triton_histogram");
  c.grid(3).block(128).dynamicShared(128).in(data);
  int bins = c.in(std::vector<int32_t>(35, 0));
  c.scalar<int32_t>(1300).nullPointer().nullPointer();
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected(35);
  for (int32_t v : data)
    ++expected[size_t(v)];
  for (long p = 0; p < 3; ++p) {
    auto begin = data.begin() + p * 512, end = data.begin() + std::min(1300l, p * 512 + 512);
    expected[size_t(32 + p)] = int32_t(std::max_element(begin, end) - begin);
  }
  expectEqual(c.result<int32_t>(bins), expected);
}

} // namespace
