// SPDX-License-Identifier: Apache-2.0
// Parameters by value of ../cuda/structs.cu: structs with pointers, dynamic parameter addressing, module variables.
#include "Harness.h"
#include "Values.h"

#include <cstddef>

using namespace hadal::simtest;

namespace {

class Structs : public testing::TestWithParam<const char *> {
protected:
  std::string file() const { return std::string("structs") + GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Compilers, Structs, testing::Values(".ptx", ".clang.ptx"),
                         [](const auto &info) {
                           return std::string(info.param) == ".ptx" ? "nvcc" : "clang";
                         });

struct GemmParams {
  int32_t m, n, k;
  struct {
    uint64_t data;
    int64_t row, column;
  } a, b;
  uint64_t out;
  int64_t row, column;
  float alpha, beta;
  uint8_t transpose;
  uint64_t bias;
};

TEST_P(Structs, GemmWithPointersInside) {
  const size_t m = 19, n = 23, k = 31;
  auto a = integers<float>(m * k, 1, -5, 5), b = integers<float>(k * n, 2, -5, 5),
       old = integers<float>(m * n, 3, -9, 9);
  auto bias = integers<float>(n, 4, -9, 9);
  for (bool transpose : {false, true})
    for (bool withBias : {false, true}) {
      Case c(file(), "struct_gemm");
      c.grid(3, 3).block(8, 8);
      GemmParams p{};
      p.m = m, p.n = n, p.k = k;
      p.a = {0, k, 1};
      p.b = {0, 1, k}; // column-major
      p.row = transpose ? int64_t(m) : int64_t(n), p.column = 1;
      p.alpha = 2.0f, p.beta = -1.0f, p.transpose = transpose;
      std::vector<uint8_t> bytes(sizeof(p));
      std::memcpy(bytes.data(), &p, sizeof(p));
      std::vector<Argument::Patch> patches = {{offsetof(GemmParams, a), c.buffer(a)},
                                              {offsetof(GemmParams, b), c.buffer(b)}};
      int out = c.buffer(old);
      patches.push_back({offsetof(GemmParams, out), out});
      if (withBias)
        patches.push_back({offsetof(GemmParams, bias), c.buffer(bias)});
      c.structure(bytes, patches);
      ASSERT_TRUE(c.run());
      std::vector<float> expected(m * n);
      for (size_t i = 0; i < m; ++i)
        for (size_t j = 0; j < n; ++j) {
          float sum = 0;
          for (size_t l = 0; l < k; ++l)
            sum += a[i * k + l] * b[j * k + l];
          size_t at = transpose ? j * m + i : i * n + j;
          expected[at] = 2 * sum - old[at] + (withBias ? bias[j] : 0.0f);
        }
      auto got = c.result<float>(out);
      for (float &v : got)
        v += 0.0f;
      for (float &v : expected)
        v += 0.0f;
      expectEqual(got, expected);
    }
}

struct Table {
  int32_t count;
  int16_t entries[601];
  double scale[3];
};

Table makeTable() {
  Table table{};
  table.count = 590;
  for (int i = 0; i < 601; ++i)
    table.entries[i] = int16_t(i * 37 % 1001 - 500);
  table.scale[0] = 0.5, table.scale[1] = -3, table.scale[2] = 1e-3;
  return table;
}
std::vector<uint8_t> bytesOf(const Table &table) {
  std::vector<uint8_t> bytes(sizeof(Table));
  std::memcpy(bytes.data(), &table, sizeof(Table));
  return bytes;
}

TEST_P(Structs, TableInParameters) {
  Table table = makeTable();
  auto index = integers<int32_t>(96, 5, 0, 100000);
  Case c(file(), "struct_table");
  c.grid(3).block(32).structure(bytesOf(table), {}).in(index);
  int out = c.out<double>(96);
  ASSERT_TRUE(c.run());
  std::vector<double> expected;
  for (size_t i = 0; i < 96; ++i)
    expected.push_back(table.entries[index[i] % 590] * table.scale[i % 3]);
  expectEqual(c.result<double>(out), expected);
}

TEST_P(Structs, ModifiedTable) {
  Case c(file(), "struct_modified");
  c.grid(2).block(48).structure(bytesOf(makeTable()), {});
  int out = c.out<int32_t>(96);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (int i = 0; i < 96; ++i) {
    Table table = makeTable();
    table.entries[i % 601] = int16_t(-i);
    int16_t &changed = table.entries[i * 7 % 590];
    changed = int16_t(changed + 5);
    uint32_t sum = 0;
    for (int j = 0; j < 64; ++j)
      sum = sum * 3 + uint32_t(table.entries[(i + j * 11) % 601]);
    expected.push_back(int32_t(sum));
  }
  expectEqual(c.result<int32_t>(out), expected);
}

TEST_P(Structs, ReturnedByFunctions) {
  auto data = integers<float>(64, 6, -20, 20);
  Case c(file(), "struct_returned");
  c.block(64).in(data);
  int first = c.out<float>(64), second = c.out<int64_t>(64);
  ASSERT_TRUE(c.run());
  std::vector<float> expectedFirst;
  std::vector<int64_t> expectedSecond;
  for (int64_t i = 0; i < 64; ++i) {
    expectedFirst.push_back(data[size_t(i)] * 4 + 2);
    expectedSecond.push_back(i * i - (i + 2) * (i + 2));
  }
  expectEqual(c.result<float>(first), expectedFirst);
  expectEqual(c.result<int64_t>(second), expectedSecond);
}

TEST_P(Structs, ModuleVariables) {
  auto data = integers<float>(100, 7, 0, 64);
  Case c(file(), "struct_module_variables");
  c.grid(2).block(64).in(data);
  int out = c.out<float>(100), log = c.out<int32_t>(9);
  c.scalar<int32_t>(100);
  ASSERT_TRUE(c.run());
  std::vector<float> expected;
  const float weights[5] = {0.0625f, 0.25f, 0.375f, 0.25f, 0.0625f};
  for (int i = 0; i < 100; ++i) {
    float sum = 0;
    for (int j = -2; j <= 2; ++j)
      sum += weights[j + 2] * data[size_t(std::min(std::max(i + j, 0), 99))];
    expected.push_back(sum);
  }
  expectEqual(c.result<float>(out), expected);
  expectEqual(c.result<int32_t>(log), {41, 'd', 'e', 'e', 'p', ' ', 's', 'e', 'a'});
}

TEST_P(Structs, Scalars) {
  Case c(file(), "struct_scalars");
  c.block(4)
      .scalar<int8_t>(-3)
      .scalar<double>(2.5)
      .scalar<uint16_t>(60000)
      .scalar<float>(0.25f)
      .scalar<uint8_t>(1)
      .scalar<int64_t>(-7);
  c.scalar<int16_t>(-2);
  std::vector<uint8_t> vector(16);
  int32_t values[4] = {1, 2, 3, 4};
  std::memcpy(vector.data(), values, 16);
  c.structure(vector, {});
  int out = c.out<double>(4);
  ASSERT_TRUE(c.run());
  double expected = -3 + 25 + 6e6 + 250 + 1e4 - 7e5 - 2e6 + 30e7;
  expectEqual(c.result<double>(out), {expected, expected, expected, expected});
}

} // namespace
