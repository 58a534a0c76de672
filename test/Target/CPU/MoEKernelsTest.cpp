// SPDX-License-Identifier: Apache-2.0
// Runs the routing, grouping and combine kernels against scalar references.
#include "RouteReference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

using namespace hadal::cpu;
using namespace hadal::testing;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float notANumber = std::numeric_limits<float>::quiet_NaN();

struct Routed {
  std::vector<int32_t> ids;
  std::vector<float> weights;
};

// Routes the rows of `logits` with a kernel.
Routed route(const KernelTarget &target, const MoERouteSpec &spec, const std::vector<float> &logits,
             const std::vector<float> &bias) {
  Kernel kernel(target, getMoERouteInfo(spec), [&](KernelBuilder &k) { emitMoERoute(k, spec); });
  EXPECT_TRUE(kernel.valid());
  int64_t rows = int64_t(logits.size()) / spec.experts;
  Buffer x(logits, FloatType::F32), b(bias, FloatType::F32);
  Buffer weights = Buffer::poisoned(rows * spec.topK, FloatType::F32);
  Buffer ids(std::vector<int32_t>(rows * spec.topK, -1));
  std::vector<Buffer *> bindings{&x};
  if (spec.bias)
    bindings.push_back(&b);
  bindings.insert(bindings.end(), {&weights, &ids});
  EXPECT_EQ(kernel.run(bindings, {}, rows), 0);
  return {ids.ints(), weights.floats(FloatType::F32)};
}

TEST(MoEKernels, RouteMatchesReference) {
  std::vector<MoERouteSpec> specs;
  specs.push_back({64, 6, RouteScore::Softmax, false, GroupRule::None, 1, 1, false, 1.0f});
  specs.push_back({160, 6, RouteScore::Softmax, false, GroupRule::Max, 8, 3, false, 16.0f});
  specs.push_back({256, 8, RouteScore::Sigmoid, true, GroupRule::SumOfTwo, 8, 4, true, 2.5f});
  specs.push_back({384, 8, RouteScore::Sigmoid, true, GroupRule::None, 1, 1, true, 2.827f});
  specs.push_back({20, 3, RouteScore::Sigmoid, true, GroupRule::SumOfTwo, 4, 2, true, 1.8f});
  specs.push_back({5, 1, RouteScore::Softmax, true, GroupRule::None, 1, 1, true, 1.0f});
  specs.push_back({8, 8, RouteScore::Softmax, false, GroupRule::None, 1, 1, false, 1.0f});
  constexpr int64_t rows = 20;
  for (const KernelTarget &target : hostTargets())
    for (const MoERouteSpec &spec : specs) {
      std::vector<float> logits = randomFloats(rows * spec.experts, 21, 4.0f);
      std::vector<float> bias = randomFloats(spec.experts, 22, 2.0f);
      Routed routed = route(target, spec, logits, bias);
      for (int64_t n = 0; n < rows; ++n)
        expectRouted(spec, &logits[n * spec.experts], bias, &routed.ids[n * spec.topK],
                     &routed.weights[n * spec.topK]);
    }
}

// Equal choices go to the lower index, within and across groups; kept groups
// win over excluded ones even when every biased score is negative.
TEST(MoEKernels, RouteTiesAndNegativeChoices) {
  MoERouteSpec spec{24, 4, RouteScore::Sigmoid, true, GroupRule::SumOfTwo, 6, 2, true, 1.0f};
  std::vector<float> logits(24, 0.0f);
  std::vector<float> bias(24, -3.0f);
  for (const KernelTarget &target : hostTargets()) {
    Routed routed = route(target, spec, logits, bias);
    EXPECT_EQ(routed.ids, (std::vector<int32_t>{0, 1, 2, 3}));
    EXPECT_EQ(routed.weights, std::vector<float>(4, 0.25f));
    // Group 5 holds the two best, group 1 the next two; the best single expert
    // of all the others, in group 3, stays out.
    std::vector<float> uneven = bias;
    uneven[20] = uneven[23] = -1.0f;
    uneven[6] = uneven[7] = -1.4f;
    uneven[13] = -1.2f;
    routed = route(target, spec, logits, uneven);
    EXPECT_EQ(routed.ids, (std::vector<int32_t>{20, 23, 6, 7}));
  }
}

// Whatever the logits are, ids are distinct and in range.
TEST(MoEKernels, RouteSurvivesNaN) {
  MoERouteSpec specs[] = {{24, 6, RouteScore::Sigmoid, true, GroupRule::SumOfTwo, 6, 2, true, 1.0f},
                          {24, 6, RouteScore::Softmax, false, GroupRule::Max, 6, 2, false, 1.0f},
                          {20, 6, RouteScore::Softmax, false, GroupRule::None, 1, 1, true, 1.0f}};
  for (const KernelTarget &target : hostTargets())
    for (const MoERouteSpec &spec : specs) {
      std::vector<float> logits = randomFloats(5 * spec.experts, 23);
      std::fill_n(logits.begin(), spec.experts, notANumber);
      std::fill_n(logits.begin() + spec.experts, spec.experts, -infinity);
      std::fill_n(logits.begin() + 2 * spec.experts, spec.experts, infinity);
      logits[3 * spec.experts + 2] = notANumber;
      logits[4 * spec.experts + 7] = -notANumber;
      Routed routed = route(target, spec, logits, std::vector<float>(spec.experts, 0.5f));
      for (int64_t n = 0; n < 5; ++n) {
        std::set<int32_t> seen;
        for (int64_t j = 0; j < spec.topK; ++j) {
          int32_t id = routed.ids[n * spec.topK + j];
          EXPECT_TRUE(id >= 0 && id < spec.experts) << id;
          EXPECT_TRUE(seen.insert(id).second) << id << " chosen twice";
        }
        if (spec.score == RouteScore::Sigmoid && n >= 3) {
          EXPECT_FALSE(seen.count(n == 3 ? 2 : 7));
          for (int64_t j = 0; j < spec.topK; ++j)
            EXPECT_TRUE(std::isfinite(routed.weights[n * spec.topK + j]));
        }
      }
    }
}

TEST(MoEKernels, Group) {
  for (const KernelTarget &target : hostTargets()) {
    MoEGroupSpec spec{9, 3};
    Kernel kernel(target, getMoEGroupInfo(spec), [&](KernelBuilder &k) { emitMoEGroup(k, spec); });
    ASSERT_TRUE(kernel.valid());
    std::vector<int32_t> ids{8, 0, 3, 0, 8, 2, 3, 2, 0, 5, 8, 0};
    Buffer idBuffer(ids), offsets(std::vector<int32_t>(10, -1)), rows(std::vector<int32_t>(12, -1));
    EXPECT_EQ(kernel.run({&idBuffer, &offsets, &rows}, {4}, 4), 0);
    EXPECT_EQ(offsets.ints(), (std::vector<int32_t>{0, 4, 4, 6, 8, 8, 9, 9, 9, 12}));
    EXPECT_EQ(rows.ints(), (std::vector<int32_t>{1, 3, 8, 11, 5, 7, 2, 6, 9, 0, 4, 10}));
    for (int32_t bad : {-1, 9}) {
      Buffer badIds(std::vector<int32_t>{0, bad, 1});
      EXPECT_EQ(kernel.run({&badIds, &offsets, &rows}, {1}, 1), 1);
    }
  }
}

TEST(MoEKernels, Combine) {
  constexpr int64_t width = 45, rows = 3;
  for (const KernelTarget &target : hostTargets())
    for (int64_t topK : {1, 6})
      for (bool shared : {false, true})
        for (bool residual : {false, true}) {
          MoECombineSpec spec{width, topK, shared + residual};
          Kernel kernel(target, getMoECombineInfo(spec),
                        [&](KernelBuilder &k) { emitMoECombine(k, spec); });
          ASSERT_TRUE(kernel.valid());
          std::vector<float> y = randomFloats(rows * topK * width, 31),
                             w = randomFloats(rows * topK, 32);
          std::vector<float> s = randomFloats(rows * width, 33), r = randomFloats(rows * width, 34);
          Buffer yb(y, FloatType::F32), wb(w, FloatType::F32), sb(s, FloatType::F32),
              rb(r, FloatType::F32);
          Buffer out = Buffer::poisoned(rows * width, FloatType::F32);
          std::vector<Buffer *> bindings{&yb, &wb};
          if (shared)
            bindings.push_back(&sb);
          if (residual)
            bindings.push_back(&rb);
          bindings.push_back(&out);
          EXPECT_EQ(kernel.run(bindings, {}, rows), 0);
          for (int64_t n = 0; n < rows; ++n)
            for (int64_t i = 0; i < width; ++i) {
              // The same operations in the same order give the same bits.
              float sum = w[n * topK] * y[n * topK * width + i];
              for (int64_t j = 1; j < topK; ++j)
                sum = std::fma(w[n * topK + j], y[(n * topK + j) * width + i], sum);
              if (shared)
                sum += s[n * width + i];
              if (residual)
                sum += r[n * width + i];
              ASSERT_EQ(out.floats(FloatType::F32)[n * width + i], sum);
            }
        }
}

} // namespace
