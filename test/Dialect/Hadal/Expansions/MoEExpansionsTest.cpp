// SPDX-License-Identifier: Apache-2.0
// Executes the expansions of routing and of experts.
#include "../../../Target/CPU/RouteReference.h"
#include "ExpansionHarness.h"
#include "StoredWeight.h"

#include "llvm/Support/FormatVariadic.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

using namespace hadal::testing;

namespace {

struct Routed {
  std::vector<int32_t> ids;
  std::vector<float> weights;
};

Routed route(const MoERouteSpec &spec, const std::vector<float> &logits, std::vector<float> bias) {
  const char *text = R"(
    func.func @f(%l: tensor<?x{0}xf32>, %b: tensor<{0}xf32>) -> (tensor<?x{1}xf32>, tensor<?x{1}xi32>) {{
      %w, %i = hadal.moe_route %l {2} {{scoring = #hadal.scoring<{3}>, group_rule = #hadal.groups<{4}>, n_group = {5} : i64, topk_group = {6} : i64,
        top_k = {1} : i64, scale = {7} : f32 {8}} : (tensor<?x{0}xf32>{9}) -> (tensor<?x{1}xf32>, tensor<?x{1}xi32>)
      return %w, %i : tensor<?x{1}xf32>, tensor<?x{1}xi32>
    }
  )";
  const char *rule = spec.groupRule == GroupRule::None  ? "none"
                     : spec.groupRule == GroupRule::Max ? "max"
                                                        : "top_two_sum";
  Expanded f(llvm::formatv(text, spec.experts, spec.topK, spec.bias ? "bias %b" : "",
                           spec.score == RouteScore::Sigmoid ? "sigmoid" : "softmax", rule,
                           spec.groups, spec.keptGroups, llvm::formatv("{0:f9}", spec.scale),
                           spec.normalize ? ", normalise" : "",
                           spec.bias ? ", tensor<" + std::to_string(spec.experts) + "xf32>" : ""));
  if (!f.valid())
    return {};
  bias.resize(size_t(spec.experts));
  Buffer lb(logits, FloatType::F32), bb(bias, FloatType::F32);
  std::vector<Buffer> y = f.run(
      {{lb, {int64_t(logits.size()) / spec.experts, spec.experts}}, {bb, {spec.experts}}}, {4, 4});
  return {y[1].ints(), y[0].floats(FloatType::F32)};
}

TEST(MoEExpansions, RouteMatchesReference) {
  std::vector<MoERouteSpec> specs;
  specs.push_back({64, 6, RouteScore::Softmax, false, GroupRule::None, 1, 1, false, 1.0f});
  specs.push_back({160, 6, RouteScore::Softmax, false, GroupRule::Max, 8, 3, false, 16.0f});
  specs.push_back({256, 8, RouteScore::Sigmoid, true, GroupRule::SumOfTwo, 8, 4, true, 2.5f});
  specs.push_back({20, 3, RouteScore::Sigmoid, true, GroupRule::SumOfTwo, 4, 2, true, 1.8f});
  specs.push_back({5, 1, RouteScore::Softmax, true, GroupRule::None, 1, 1, true, 1.0f});
  specs.push_back({8, 8, RouteScore::Softmax, false, GroupRule::None, 1, 1, false, 1.0f});
  constexpr int64_t rows = 20;
  for (const MoERouteSpec &spec : specs) {
    std::vector<float> logits = randomFloats(rows * spec.experts, 21, 4.0f),
                       bias = randomFloats(spec.experts, 22, 2.0f);
    Routed routed = route(spec, logits, bias);
    ASSERT_EQ(routed.ids.size(), size_t(rows * spec.topK));
    for (int64_t n = 0; n < rows; ++n)
      expectRouted(spec, &logits[n * spec.experts], bias, &routed.ids[n * spec.topK],
                   &routed.weights[n * spec.topK]);
  }
}

// Equal choices go to the lower index, within and across groups; kept groups win over
// excluded ones even when every biased score is negative.
TEST(MoEExpansions, RouteTiesAndNegativeChoices) {
  MoERouteSpec spec{24, 4, RouteScore::Sigmoid, true, GroupRule::SumOfTwo, 6, 2, true, 1.0f};
  std::vector<float> logits(24, 0.0f), bias(24, -3.0f);
  Routed routed = route(spec, logits, bias);
  EXPECT_EQ(routed.ids, (std::vector<int32_t>{0, 1, 2, 3}));
  EXPECT_EQ(routed.weights, std::vector<float>(4, 0.25f));
  bias[20] = bias[23] = -1.0f;
  bias[6] = bias[7] = -1.4f;
  bias[13] = -1.2f;
  EXPECT_EQ(route(spec, logits, bias).ids, (std::vector<int32_t>{20, 23, 6, 7}));
}

// Whatever the logits are, ids are distinct and in range.
TEST(MoEExpansions, RouteSurvivesNaN) {
  constexpr float infinity = std::numeric_limits<float>::infinity(),
                  notANumber = std::numeric_limits<float>::quiet_NaN();
  for (const MoERouteSpec &spec :
       {MoERouteSpec{24, 6, RouteScore::Sigmoid, true, GroupRule::SumOfTwo, 6, 2, true, 1.0f},
        MoERouteSpec{24, 6, RouteScore::Softmax, false, GroupRule::Max, 6, 2, false, 1.0f}}) {
    std::vector<float> logits = randomFloats(4 * spec.experts, 23);
    std::fill_n(logits.begin(), spec.experts, notANumber);
    std::fill_n(logits.begin() + spec.experts, spec.experts, -infinity);
    std::fill_n(logits.begin() + 2 * spec.experts, spec.experts, infinity);
    logits[3 * spec.experts + 2] = notANumber;
    Routed routed = route(spec, logits, std::vector<float>(size_t(spec.experts), 0.5f));
    ASSERT_EQ(routed.ids.size(), size_t(4 * spec.topK));
    for (int64_t n = 0; n < 4; ++n) {
      std::set<int32_t> seen(&routed.ids[n * spec.topK], &routed.ids[n * spec.topK] + spec.topK);
      EXPECT_EQ(int64_t(seen.size()), spec.topK);
      EXPECT_TRUE(*seen.begin() >= 0 && *seen.rbegin() < spec.experts);
      if (spec.score == RouteScore::Sigmoid && n == 3)
        EXPECT_FALSE(seen.count(2));
    }
  }
}

TEST(MoEExpansions, Group) {
  Expanded f(
      "func.func @f(%i: tensor<?x3xi32>) -> (tensor<10xi32>, tensor<?xi32>) {"
      "  %o, %r = hadal.moe_group %i {experts = 9 : i64} : (tensor<?x3xi32>) -> (tensor<10xi32>, tensor<?xi32>)"
      "  return %o, %r : tensor<10xi32>, tensor<?xi32> }");
  ASSERT_TRUE(f.valid());
  Buffer ids(std::vector<int32_t>{8, 0, 3, 0, 8, 2, 3, 2, 0, 5, 8, 0});
  std::vector<Buffer> y = f.run({{ids, {4, 3}}}, {4, 4});
  EXPECT_EQ(y[0].ints(), (std::vector<int32_t>{0, 4, 4, 6, 8, 8, 9, 9, 9, 12}));
  EXPECT_EQ(y[1].ints(), (std::vector<int32_t>{1, 3, 8, 11, 5, 7, 2, 6, 9, 0, 4, 10}));
}

TEST(MoEExpansions, Combine) {
  constexpr int64_t width = 45, rows = 3, topK = 6;
  Expanded f(
      "func.func @f(%y: tensor<?x45xf32>, %w: tensor<?x6xf32>) -> tensor<?x45xf32> {"
      "  %z = hadal.moe_combine %y, %w : (tensor<?x45xf32>, tensor<?x6xf32>) -> tensor<?x45xf32>"
      "  return %z : tensor<?x45xf32> }");
  ASSERT_TRUE(f.valid());
  std::vector<float> y = randomFloats(rows * topK * width, 31), w = randomFloats(rows * topK, 32);
  Buffer yb(y, FloatType::F32), wb(w, FloatType::F32);
  std::vector<float> out =
      f.run({{yb, {rows * topK, width}}, {wb, {rows, topK}}}, {4})[0].floats(FloatType::F32);
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t i = 0; i < width; ++i) {
      float sum = 0;
      for (int64_t j = 0; j < topK; ++j)
        sum += w[n * topK + j] * y[(n * topK + j) * width + i];
      ASSERT_NEAR(out[n * width + i], sum, 1e-6);
    }
}

constexpr int64_t experts = 5, width = 18, inner = 11, topK = 2, tokens = 7;

/// What the experts make of each token, and the operands for it.
struct ExpertsCase {
  ExpertsCase(FloatType type, const std::string &element)
      : element(element), gate({experts, inner, width}, "bf16", 41),
        up({experts, inner, width}, element, 43, 8, 16),
        down({experts, width, inner}, element, 45, 8, 16),
        x(roundedFloats(tokens * width, 47, type, 4)), weights(randomFloats(tokens * topK, 48)),
        xb(x, type), wb(weights, FloatType::F32), ib(ids) {}

  std::vector<double> expected() const {
    std::vector<double> y(tokens * width);
    for (int64_t p = 0; p < tokens * topK; ++p) {
      int64_t n = p / topK, e = ids[p];
      std::vector<double> h;
      for (int64_t i = 0; i < inner; ++i) {
        double g = 0, u = 0;
        for (int64_t d = 0; d < width; ++d) {
          g += double(x[n * width + d]) * gate.values[(e * inner + i) * width + d];
          u += double(x[n * width + d]) * up.values[(e * inner + i) * width + d];
        }
        h.push_back(g / (1 + std::exp(-g)) * u);
      }
      for (int64_t d = 0; d < width; ++d) {
        double sum = 0;
        for (int64_t i = 0; i < inner; ++i)
          sum += h[i] * down.values[(e * width + d) * inner + i];
        y[n * width + d] += weights[p] * sum;
      }
    }
    return y;
  }

  /// The operands of @f: x, weights, ids, gate, up, down, and scales where there are any.
  std::vector<Argument> arguments() {
    return {{xb, {tokens, width}},
            {wb, {tokens, topK}},
            {ib, {tokens, topK}},
            {gate.stored, gate.extents},
            {up.stored, up.extents},
            {down.stored, down.extents},
            {up.scales, scaled() ? up.scaleExtents : none},
            {down.scales, scaled() ? down.scaleExtents : none}};
  }
  bool scaled() const { return element[1] == '8'; }

  std::string element;
  StoredWeight gate, up, down;
  std::vector<float> x, weights;
  std::vector<int32_t> ids{4, 0, 0, 4, 2, 0, 2, 4, 0, 2, 4, 2, 1, 0};
  Buffer xb, wb, ib;
  std::vector<int64_t> none{0, 0, 0};
};

// As one op, and as the ops that it is split into. Types of weights may differ.
TEST(MoEExpansions, Experts) {
  for (FloatType type : {FloatType::F32, FloatType::BF16})
    for (const char *element : {"f32", "bf16", "f8E4M3FN"})
      for (bool split : {false, true}) {
        ExpertsCase c(type, element);
        const char *text = R"(
          !x = tensor<?x18x{0}>
          !w = tensor<?x2xf32>
          !i = tensor<?x2xi32>
          !g = tensor<5x11x18xbf16>
          !u = tensor<5x11x18x{1}>
          !d = tensor<5x18x11x{1}>
          !us = tensor<5x2x2xf32>
          !ds = tensor<5x3x1xf32>
          func.func @f(%x: !x, %w: !w, %i: !i, %g: !g, %u: !u, %d: !d, %us: !us, %ds: !ds) -> tensor<?x18xf32> {{
            {2}
            return %y : tensor<?x18xf32>
          }
        )";
        const char *block = "block = array<i64: 8, 16>";
        std::string whole = llvm::formatv(
            "%y = hadal.moe_experts %x, %w, %i, %g, %u, %d {0} : (!x, !w, !i, !g, !u, !d {1}) -> tensor<?x18xf32>",
            c.scaled() ? std::string("scales none, %us, %ds {") + block + "}" : "",
            c.scaled() ? ", !us, !ds" : "");
        std::string parts = llvm::formatv(
            R"(
            %o, %r = hadal.moe_group %i {{experts = 5 : i64} : (!i) -> (tensor<6xi32>, tensor<?xi32>)
            %h = hadal.moe_gate_up %x, %o, %r, %g, %u {0} {{top_k = 2 : i64 {2}} : (!x, tensor<6xi32>, tensor<?xi32>, !g, !u {1}) -> tensor<?x11xf32>
            %p = hadal.moe_down %h, %o, %r, %d {3} : (tensor<?x11xf32>, tensor<6xi32>, tensor<?xi32>, !d {4}) -> tensor<?x18xf32>
            %y = hadal.moe_combine %p, %w : (tensor<?x18xf32>, !w) -> tensor<?x18xf32>)",
            c.scaled() ? "scales none, %us" : "", c.scaled() ? ", !us" : "",
            c.scaled() ? std::string(", ") + block : "",
            c.scaled() ? std::string("scale %ds {") + block + "}" : "", c.scaled() ? ", !ds" : "");
        Expanded f(llvm::formatv(text, typeOf(type), element, split ? parts : whole));
        ASSERT_TRUE(f.valid());
        EXPECT_LT(relativeError(f.run(c.arguments(), {4})[0].floats(FloatType::F32), c.expected()),
                  2e-6)
            << element << split;
      }
}

} // namespace
