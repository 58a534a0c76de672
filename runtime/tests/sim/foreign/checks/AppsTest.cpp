// SPDX-License-Identifier: Apache-2.0
// Small programs of ../cuda/apps.cu, exactly compiled and with fast math, against host computations.
#include "Harness.h"
#include "Values.h"

#include <algorithm>
#include <complex>
#include <deque>

using namespace hadal::simtest;

namespace {

class Apps : public testing::TestWithParam<const char *> {
protected:
  std::string file() const { return std::string("apps") + GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Options, Apps, testing::Values(".ptx", ".fast.ptx"), [](const auto &info) {
  return std::string(info.param) == ".ptx" ? "exact" : "fast";
});

TEST_P(Apps, Stencil) {
  const int width = 37, height = 30;
  auto data = reals<float>(width * height, 1, -1, 1);
  Case c(file(), "app_stencil");
  c.grid(3, 2).block(16, 16).in(data);
  int out = c.out<float>(width * height);
  c.scalar<int32_t>(width).scalar<int32_t>(height);
  ASSERT_TRUE(c.run());
  auto at = [&](int x, int y) {
    return x >= 0 && y >= 0 && x < width && y < height ? data[size_t(y * width + x)] : 0.0f;
  };
  std::vector<float> expected;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      volatile float vertical = at(x, y - 1) + at(x, y + 1), across = at(x - 1, y) + at(x + 1, y),
                     sum = vertical + across;
      volatile float centre = at(x, y) * 0.5f, rest = 0.125f * sum;
      expected.push_back(centre + rest);
    }
  expectEqual(c.result<float>(out), expected);
}

TEST_P(Apps, TransposeOfBytes) {
  const size_t width = 64, height = 96;
  auto data = bits<uint8_t>(width * height, 2);
  Case c(file(), "app_transpose_u8");
  c.grid(width / 32, height / 32).block(8, 32).in(data);
  int out = c.out<uint8_t>(width * height);
  c.scalar<int32_t>(width).scalar<int32_t>(height);
  ASSERT_TRUE(c.run());
  std::vector<uint8_t> expected(width * height);
  for (size_t y = 0; y < height; ++y)
    for (size_t x = 0; x < width; ++x)
      expected[x * height + y] = data[y * width + x];
  expectEqual(c.result<uint8_t>(out), expected);
}

TEST_P(Apps, FourierTransform) {
  auto data = reals<float>(2 * 512, 3, -1, 1);
  Case c(file(), "app_fft256");
  c.grid(2).block(128).in(data);
  int out = c.out<float>(2 * 512);
  ASSERT_TRUE(c.run());
  std::vector<double> expected;
  for (size_t b = 0; b < 2; ++b)
    for (size_t f = 0; f < 256; ++f) {
      std::complex<double> sum = 0;
      for (size_t t = 0; t < 256; ++t)
        sum +=
            std::complex<double>(double(data[b * 512 + 2 * t]), double(data[b * 512 + 2 * t + 1])) *
            std::polar(1.0, -2 * 3.14159265358979323846 * double(f * t % 256) / 256);
      expected.push_back(sum.real());
      expected.push_back(sum.imag());
    }
  expectNear(c.result<float>(out), expected, 1e-4, 1e-5);
}

TEST_P(Apps, LinearSystems) {
  auto matrices = reals<double>(3 * 1024, 4, -1, 1), solution = reals<double>(96, 5, -2, 2);
  std::vector<double> right(96);
  for (size_t s = 0; s < 3; ++s)
    for (size_t i = 0; i < 32; ++i)
      for (size_t j = 0; j < 32; ++j)
        right[s * 32 + i] += matrices[(s * 32 + i) * 32 + j] * solution[s * 32 + j];
  Case c(file(), "app_solve32");
  c.grid(3).block(32).in(matrices);
  c.in(right);
  int out = c.out<double>(96);
  c.seeds(4);
  ASSERT_TRUE(c.run());
  expectNear(c.result<double>(out), solution, 1e-10, 1e-10);
}

struct Graph {
  std::vector<int32_t> rows = {0}, columns;
};
Graph makeGraph(int nodes, uint64_t seed) {
  Graph graph;
  Random random(seed);
  for (int i = 0; i < nodes; ++i) {
    for (int64_t e = random.integer(0, i % 20 == 0 ? 70 : 5); e > 0; --e)
      graph.columns.push_back(int32_t(random.integer(0, nodes - 1)));
    graph.rows.push_back(int32_t(graph.columns.size()));
  }
  return graph;
}

TEST_P(Apps, SparseProduct) {
  Graph graph = makeGraph(61, 6);
  auto values = integers<double>(graph.columns.size(), 7, -9, 9),
       x = integers<double>(61, 8, -9, 9);
  Case c(file(), "app_spmv");
  c.grid(16).block(128).in(graph.rows);
  c.in(graph.columns);
  c.in(values);
  c.in(x);
  int out = c.out<double>(61);
  c.scalar<int32_t>(61);
  ASSERT_TRUE(c.run());
  std::vector<double> expected(61);
  for (size_t i = 0; i < 61; ++i)
    for (size_t e = size_t(graph.rows[i]); e < size_t(graph.rows[i + 1]); ++e)
      expected[i] += values[e] * x[size_t(graph.columns[e])];
  auto got = c.result<double>(out);
  for (double &v : got)
    v += 0.0;
  expectEqual(got, expected);
}

TEST_P(Apps, BreadthFirstLevels) {
  Graph graph = makeGraph(150, 9);
  std::vector<int32_t> level(150, -1), frontier = {0};
  level[0] = 0;
  for (int depth = 1; !frontier.empty() && depth < 4; ++depth) {
    Case c(file(), "app_bfs_level");
    c.grid(unsigned(frontier.size() / 64 + 1)).block(64).in(graph.rows);
    c.in(graph.columns);
    c.in(frontier);
    c.scalar<int32_t>(int32_t(frontier.size()));
    int outLevel = c.in(level), next = c.in(std::vector<int32_t>(150, -1)),
        size = c.in(std::vector<int32_t>{0});
    // Which warp sees a node first, and so appends it, depends on the others.
    c.scalar<int32_t>(depth).timingDependent().ignore(next);
    ASSERT_TRUE(c.run());
    std::vector<int32_t> expected = level;
    for (int32_t node : frontier)
      for (size_t e = size_t(graph.rows[size_t(node)]); e < size_t(graph.rows[size_t(node) + 1]);
           ++e)
        if (expected[size_t(graph.columns[e])] < 0)
          expected[size_t(graph.columns[e])] = depth;
    expectEqual(c.result<int32_t>(outLevel), expected);
    auto queue = c.result<int32_t>(next);
    queue.resize(size_t(c.result<int32_t>(size)[0]));
    EXPECT_EQ(long(queue.size()), std::count(expected.begin(), expected.end(), depth));
    level = expected;
    frontier = queue;
  }
}

TEST_P(Apps, Bodies) {
  const size_t n = 128;
  auto data = reals<float>(4 * n, 10, -1, 1);
  Case c(file(), "app_nbody");
  c.grid(2).block(64).in(data);
  int out = c.out<float>(4 * n);
  c.scalar<int32_t>(n).seeds(4);
  ASSERT_TRUE(c.run());
  std::vector<double> expected;
  for (size_t i = 0; i < n; ++i) {
    double force[4] = {};
    for (size_t j = 0; j < n; ++j) {
      double d[3], square = 0.01;
      for (size_t a = 0; a < 3; ++a) {
        d[a] = double(data[4 * j + a]) - double(data[4 * i + a]);
        square += d[a] * d[a];
      }
      for (size_t a = 0; a < 3; ++a)
        force[a] += d[a] * double(data[4 * j + 3]) / (square * std::sqrt(square));
    }
    expected.insert(expected.end(), force, force + 4);
  }
  expectNear(c.result<float>(out), expected, 2e-3, 1e-4);
}

TEST_P(Apps, MonteCarlo) {
  Case c(file(), "app_monte_carlo");
  c.grid(2).block(64);
  int out = c.out<uint32_t>(128);
  c.scalar<uint32_t>(12345).seeds(4);
  ASSERT_TRUE(c.run());
  std::vector<uint32_t> expected;
  for (uint32_t i = 0; i < 128; ++i) {
    uint32_t inside = 0;
    for (uint32_t round = 0; round < 32; ++round) {
      uint32_t x = i, y = round, z = 0, w = 0, k0 = 12345, k1 = ~12345u;
      for (int r = 0; r < 10; ++r) {
        uint64_t first = uint64_t(0xD2511F53u) * x, second = uint64_t(0xCD9E8D57u) * z;
        x = uint32_t(second >> 32) ^ y ^ k0, y = uint32_t(second);
        z = uint32_t(first >> 32) ^ w ^ k1, w = uint32_t(first);
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
      }
      auto test = [&](uint32_t a, uint32_t b) {
        uint64_t p = a >> 1, q = b >> 1;
        inside += p * p + q * q < (uint64_t(1) << 62);
      };
      test(x, y);
      test(z, w);
    }
    expected.push_back(inside);
  }
  expectEqual(c.result<uint32_t>(out), expected);
}

TEST_P(Apps, EditDistance) {
  const size_t length = 90, pairs = 3;
  auto a = integers<uint8_t>(length * pairs, 11, 'a', 'd'),
       b = integers<uint8_t>(length * pairs, 12, 'a', 'd');
  std::copy(a.begin(), a.begin() + 80, b.begin() + 3);
  Case c(file(), "app_edit_distance");
  c.grid(pairs).block(128).in(a);
  c.in(b);
  c.scalar<int32_t>(length);
  int out = c.out<int32_t>(pairs);
  c.seeds(5);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (size_t p = 0; p < pairs; ++p) {
    std::vector<std::vector<int32_t>> d(length + 1, std::vector<int32_t>(length + 1));
    for (size_t i = 0; i <= length; ++i)
      for (size_t j = 0; j <= length; ++j)
        d[i][j] =
            i == 0 || j == 0
                ? int32_t(i + j)
                : std::min(std::min(d[i - 1][j], d[i][j - 1]) + 1,
                           d[i - 1][j - 1] + (a[p * length + i - 1] != b[p * length + j - 1]));
    expected.push_back(d[length][length]);
  }
  expectEqual(c.result<int32_t>(out), expected);
}

TEST_P(Apps, LayerNorm) {
  const size_t columns = 300, rows = 4;
  auto data = reals<float>(columns * rows, 13, -3, 5), gain = reals<float>(columns, 14, 0.5, 2),
       bias = reals<float>(columns, 15, -1, 1);
  Case c(file(), "app_layer_norm");
  c.grid(rows).block(64).in(data);
  c.in(gain);
  c.in(bias);
  int out = c.out<float>(columns * rows);
  c.scalar<int32_t>(columns);
  ASSERT_TRUE(c.run());
  std::vector<double> expected;
  for (size_t r = 0; r < rows; ++r) {
    double mean = 0, variance = 0;
    for (size_t i = 0; i < columns; ++i)
      mean += double(data[r * columns + i]) / columns;
    for (size_t i = 0; i < columns; ++i)
      variance += std::pow(double(data[r * columns + i]) - mean, 2) / columns;
    for (size_t i = 0; i < columns; ++i)
      expected.push_back((double(data[r * columns + i]) - mean) / std::sqrt(variance + 1e-5) *
                             double(gain[i]) +
                         double(bias[i]));
  }
  expectNear(c.result<float>(out), expected, 1e-5, 1e-5);
}

} // namespace
