// SPDX-License-Identifier: Apache-2.0
// Executes the expansions of the core ops.
#include "../../../Target/CPU/RowReference.h"
#include "ExpansionHarness.h"
#include "StoredWeight.h"

#include "hadal/IR/HadalDialect.h"

#include "llvm/Support/FormatVariadic.h"

#include <gtest/gtest.h>

using namespace hadal;
using namespace hadal::testing;

namespace {

TEST(Expansions, EveryOpThatComputesHasOne) {
  mlir::MLIRContext &c = context();
  c.loadDialect<HadalDialect>();
  unsigned count = 0;
  for (mlir::RegisteredOperationName name : c.getRegisteredOperations())
    if (name.getDialectNamespace() == "hadal" && name.hasInterface<ComputeOpInterface>()) {
      EXPECT_TRUE(name.hasInterface<ExpandableOpInterface>()) << name.getStringRef().str();
      ++count;
    }
  EXPECT_GT(count, 0u);
}

TEST(Expansions, Embedding) {
  Expanded f("func.func @f(%t: tensor<?xi32>, %w: tensor<11x7xbf16>) -> tensor<?x7xf32> {"
             "  %y = hadal.embedding %t, %w : (tensor<?xi32>, tensor<11x7xbf16>) -> tensor<?x7xf32>"
             "  return %y : tensor<?x7xf32> }");
  ASSERT_TRUE(f.valid());
  std::vector<float> table = roundedFloats(11 * 7, 1, FloatType::BF16);
  std::vector<int32_t> ids{3, 10, -1, 0, 11};
  Buffer tokens(ids), tableBuffer(table, FloatType::BF16);
  std::vector<float> y =
      f.run({{tokens, {5}}, {tableBuffer, {11, 7}}}, {4})[0].floats(FloatType::F32);
  for (int64_t n = 0; n < 5; ++n)
    for (int64_t i = 0; i < 7; ++i)
      if (ids[n] < 0 || ids[n] >= 11)
        EXPECT_TRUE(std::isnan(y[n * 7 + i]));
      else
        EXPECT_EQ(y[n * 7 + i], table[ids[n] * 7 + i]);
}

TEST(Expansions, RmsNorm) {
  for (FloatType type : bothTypes)
    for (bool chosen : {false, true}) {
      const char *rows = chosen ? "rows %r" : "", *types = chosen ? ", tensor<?xi32>" : "";
      Expanded f(llvm::formatv(
          "func.func @f(%x: tensor<?x100xf32>, %w: tensor<100xf32>, %r: tensor<?xi32>) -> tensor<?x100x{0}> {{"
          "  %y = hadal.rms_norm %x, %w {1} {{eps = 1.0e-3 : f32} : (tensor<?x100xf32>, tensor<100xf32>{2}) -> tensor<?x100x{0}>"
          "  return %y : tensor<?x100x{0}> }",
          typeOf(type), rows, types));
      ASSERT_TRUE(f.valid());
      std::vector<float> x = randomFloats(4 * 100, 2), w = randomFloats(100, 3);
      std::vector<int32_t> which =
          chosen ? std::vector<int32_t>{2, 0, 2} : std::vector<int32_t>{0, 1, 2, 3};
      Buffer xb(x, FloatType::F32), wb(w, FloatType::F32), rb(which);
      std::vector<Buffer> y =
          f.run({{xb, {4, 100}}, {wb, {100}}, {rb, {int64_t(which.size())}}}, {bytesOf(type)});
      std::vector<double> expected;
      for (int32_t row : which) {
        std::vector<double> normed = norm(&x[row * 100], w, 1e-3f);
        expected.insert(expected.end(), normed.begin(), normed.end());
      }
      EXPECT_LT(relativeError(y[0].floats(type), expected), tolerance(type));
    }
}

std::vector<double> multiply(const std::vector<float> &x, const std::vector<float> &w, int64_t rows,
                             int64_t outputs, int64_t inputs) {
  std::vector<double> y;
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t o = 0; o < outputs; ++o) {
      double sum = 0;
      for (int64_t i = 0; i < inputs; ++i)
        sum += double(x[n * inputs + i]) * w[o * inputs + i];
      y.push_back(sum);
    }
  return y;
}

TEST(Expansions, Linear) {
  for (FloatType type : bothTypes)
    for (const char *element : {"f32", "bf16", "f8E4M3FN"}) {
      bool scaled = element[1] == '8';
      Expanded f(llvm::formatv(
          "func.func @f(%x: tensor<?x75x{0}>, %w: tensor<50x75x{1}>, %s: tensor<2x3xf32>) -> tensor<?x50x{0}> {{"
          "  %y = hadal.linear %x, %w {2} : (tensor<?x75x{0}>, tensor<50x75x{1}>{3}) -> tensor<?x50x{0}>"
          "  return %y : tensor<?x50x{0}> }",
          typeOf(type), element, scaled ? "scale %s {block = array<i64: 32, 32>}" : "",
          scaled ? ", tensor<2x3xf32>" : ""));
      ASSERT_TRUE(f.valid());
      std::vector<float> x = roundedFloats(3 * 75, 4, type);
      StoredWeight w({50, 75}, element, 5, 32, 32);
      Buffer xb(x, type);
      std::vector<Buffer> y =
          f.run({{xb, {3, 75}}, {w.stored, {50, 75}}, {w.scales, {2, 3}}}, {bytesOf(type)});
      EXPECT_LT(relativeError(y[0].floats(type), multiply(x, w.values, 3, 50, 75)), tolerance(type))
          << element;
    }
}

TEST(Expansions, GatedLinearAndSwiglu) {
  for (FloatType type : bothTypes) {
    Expanded f(llvm::formatv(
        "func.func @f(%x: tensor<?x40x{0}>, %g: tensor<30x40xf8E4M3FN>, %u: tensor<30x40xf8E4M3FN>, %gs: tensor<2x2xf32>, %us: tensor<2x2xf32>) -> tensor<?x30x{0}> {{"
        "  %y = hadal.gated_linear %x, %g, %u scales %gs, %us {{block = array<i64: 16, 32>} : (tensor<?x40x{0}>, tensor<30x40xf8E4M3FN>, tensor<30x40xf8E4M3FN>, tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<?x30x{0}>"
        "  return %y : tensor<?x30x{0}> }",
        typeOf(type)));
    Expanded swiglu(llvm::formatv(
        "func.func @f(%g: tensor<?x30x{0}>, %u: tensor<?x30x{0}>) -> tensor<?x30x{0}> {{"
        "  %y = hadal.swiglu %g, %u : (tensor<?x30x{0}>, tensor<?x30x{0}>) -> tensor<?x30x{0}>"
        "  return %y : tensor<?x30x{0}> }",
        typeOf(type)));
    ASSERT_TRUE(f.valid() && swiglu.valid());
    std::vector<float> x = roundedFloats(3 * 40, 6, type, 8);
    StoredWeight g({30, 40}, "f8E4M3FN", 7, 16, 32), u({30, 40}, "f8E4M3FN", 9, 16, 32);
    Buffer xb(x, type);
    std::vector<Buffer> y = f.run({{xb, {3, 40}},
                                   {g.stored, {30, 40}},
                                   {u.stored, {30, 40}},
                                   {g.scales, {2, 2}},
                                   {u.scales, {2, 2}}},
                                  {bytesOf(type)});
    auto gated = [](double gate, double up) { return gate / (1 + std::exp(-gate)) * up; };
    std::vector<double> gate = multiply(x, g.values, 3, 30, 40),
                        up = multiply(x, u.values, 3, 30, 40), expected;
    for (size_t i = 0; i < gate.size(); ++i)
      expected.push_back(gated(gate[i], up[i]));
    EXPECT_LT(relativeError(y[0].floats(type), expected), tolerance(type));

    std::vector<float> a = roundedFloats(90, 11, type, 120), b = roundedFloats(90, 12, type);
    Buffer ab(a, type), bb(b, type);
    y = swiglu.run({{ab, {3, 30}}, {bb, {3, 30}}}, {bytesOf(type)});
    for (size_t i = 0; i < a.size(); ++i)
      EXPECT_NEAR(y[0].floats(type)[i], gated(a[i], b[i]),
                  std::fabs(gated(a[i], b[i])) * tolerance(type) + 1e-37);
  }
}

TEST(Expansions, Rope) {
  for (FloatType type : bothTypes)
    for (bool interleaved : {false, true})
      for (int64_t nope : {0, 20}) {
        constexpr int64_t heads = 3, half = 5;
        int64_t size = nope + 2 * half, width = heads * size;
        Expanded f(llvm::formatv(
            "func.func @f(%x: tensor<?x{0}xf32>, %p: tensor<?xi32>, %c: tensor<9x5xf32>, %s: tensor<9x5xf32>) -> tensor<?x{0}x{1}> {{"
            "  %y = hadal.rope %x, %p, %c, %s {{heads = 3 : i64 {2}} : (tensor<?x{0}xf32>, tensor<?xi32>, tensor<9x5xf32>, tensor<9x5xf32>) -> tensor<?x{0}x{1}>"
            "  return %y : tensor<?x{0}x{1}> }",
            width, typeOf(type), interleaved ? ", interleaved" : ""));
        ASSERT_TRUE(f.valid());
        std::vector<float> x = randomFloats(2 * width, 5), cos = randomFloats(9 * half, 6),
                           sin = randomFloats(9 * half, 7);
        std::vector<int32_t> positions{8, 3};
        Buffer xb(x, FloatType::F32), pb(positions), cb(cos, FloatType::F32),
            sb(sin, FloatType::F32);
        std::vector<Buffer> y =
            f.run({{xb, {2, width}}, {pb, {2}}, {cb, {9, half}}, {sb, {9, half}}}, {bytesOf(type)});
        std::vector<double> expected;
        for (int64_t n = 0; n < 2; ++n)
          for (int64_t h = 0; h < heads; ++h) {
            const float *row = x.data() + (n * heads + h) * size;
            expected.insert(expected.end(), row, row + nope);
            std::vector<double> turned =
                rotate(row + nope, 2 * half, interleaved, &cos[positions[n] * half],
                       &sin[positions[n] * half]);
            expected.insert(expected.end(), turned.begin(), turned.end());
          }
        EXPECT_LT(relativeError(y[0].floats(type), expected), tolerance(type));
      }
}

TEST(Expansions, GatherRows) {
  Expanded f(
      "func.func @f(%x: tensor<?x13xbf16>, %r: tensor<?xi32>) -> tensor<?x13xbf16> {"
      "  %y = hadal.gather_rows %x, %r : (tensor<?x13xbf16>, tensor<?xi32>) -> tensor<?x13xbf16>"
      "  return %y : tensor<?x13xbf16> }");
  ASSERT_TRUE(f.valid());
  std::vector<float> x = roundedFloats(6 * 13, 4, FloatType::BF16);
  std::vector<int32_t> rows{5, 1, 1};
  Buffer xb(x, FloatType::BF16), rb(rows);
  std::vector<Buffer> y = f.run({{xb, {6, 13}}, {rb, {3}}}, {2});
  for (int64_t n = 0; n < 3; ++n)
    for (int64_t i = 0; i < 13; ++i)
      EXPECT_EQ(y[0].floats(FloatType::BF16)[n * 13 + i], x[rows[n] * 13 + i]);
}

// Heads of x that are wider than the weights: their last columns are not read.
TEST(Expansions, HeadLinear) {
  for (FloatType type : bothTypes) {
    constexpr int64_t heads = 3, width = 9, in = 6, out = 4;
    Expanded f(llvm::formatv(
        "func.func @f(%x: tensor<?x27x{0}>, %w: tensor<3x4x6x{0}>) -> tensor<?x12x{0}> {{"
        "  %y = hadal.head_linear %x, %w : (tensor<?x27x{0}>, tensor<3x4x6x{0}>) -> tensor<?x12x{0}>"
        "  return %y : tensor<?x12x{0}> }",
        typeOf(type)));
    ASSERT_TRUE(f.valid());
    std::vector<float> x = roundedFloats(2 * heads * width, 13, type);
    for (size_t i = 0; i < x.size(); ++i)
      if (int64_t(i) % width >= in)
        x[i] = std::nanf("");
    StoredWeight w({heads, out, in}, typeOf(type), 14);
    Buffer xb(x, type);
    std::vector<Buffer> y =
        f.run({{xb, {2, heads * width}}, {w.stored, {heads, out, in}}}, {bytesOf(type)});
    std::vector<double> expected;
    for (int64_t n = 0; n < 2; ++n)
      for (int64_t h = 0; h < heads; ++h) {
        std::vector<float> row(&x[(n * heads + h) * width], &x[(n * heads + h) * width] + in);
        std::vector<float> matrix(&w.values[h * out * in], &w.values[h * out * in] + out * in);
        std::vector<double> part = multiply(row, matrix, 1, out, in);
        expected.insert(expected.end(), part.begin(), part.end());
      }
    EXPECT_LT(relativeError(y[0].floats(type), expected), tolerance(type));
  }
}

} // namespace
