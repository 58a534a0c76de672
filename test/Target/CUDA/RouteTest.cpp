// SPDX-License-Identifier: Apache-2.0
// The choice of experts and the sorting by them in one launch: against the definition, at their
// edges, and within their instructions.
#include "../CPU/KernelHarness.h"
#include "Mutations.h"
#include "TileOperands.h"

#include "hadal/Target/CUDA/RouteKernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace hadal;
using namespace hadal::testing;

namespace {
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// The indices of the largest values, in their order, ties to the lower index.
std::vector<int> largest(const std::vector<float> &values, size_t count) {
  std::vector<int> order;
  for (size_t i = 0; i < values.size(); ++i)
    order.insert(std::find_if(order.begin(), order.end(),
                              [&](int other) { return values[i] > values[other]; }),
                 int(i));
  order.resize(count);
  return order;
}

struct Routed {
  std::vector<int32_t> ids, offsets, rows;
  std::vector<float> weights;
  bool operator==(const Routed &other) const {
    return ids == other.ids && offsets == other.offsets && rows == other.rows &&
           weights == other.weights;
  }
};

class Router {
public:
  explicit Router(const cuda::RouteSpec &wanted)
      : spec(wanted), hasBias(spec.experts % 3 != 2),
        kernel("route", cuda::lowestLevel(), [&](mlir::OpBuilder &builder, mlir::Location loc) {
          builder.getContext()->loadDialect<HadalDialect>();
          spec.name = "route";
          spec.sorts = true;
          if (hasBias)
            spec.bias = builder.getF32Type();
          EXPECT_TRUE(cuda::isRoutable(spec));
          launched = cuda::emitRoute(builder, loc, spec);
        }) {}

  Routed run(const std::vector<float> &logits, const std::vector<float> &bias, uint64_t seed) {
    size_t tokens = logits.size() / spec.experts, pairs = tokens * spec.topK;
    std::vector<uint64_t> parameters{kernel->upload(logits)};
    if (hasBias)
      parameters.push_back(kernel->upload(bias));
    uint64_t weights = kernel->allocate(pairs * 4), ids = kernel->allocate(pairs * 4);
    uint64_t offsets = kernel->allocate((spec.experts + 1) * 4), rows = kernel->allocate(pairs * 4);
    for (uint64_t address : {weights, ids, offsets, rows})
      parameters.push_back(address);
    if (!spec.storesIds) // the workspace comes last
      std::rotate(parameters.end() - 3, parameters.end() - 2, parameters.end());
    parameters.push_back(kernel->upload(std::vector<int64_t>{int64_t(tokens)}));
    hadal_sim_launch_t launch = SimImage::defaults();
    launch.block[0] = uint32_t(launched.threads);
    launch.dynamic_shared_bytes = uint32_t(launched.sharedBytes);
    launch.seed = seed;
    kernel.run(launch, parameters);
    return {kernel->download<int32_t>(ids, pairs),
            kernel->download<int32_t>(offsets, spec.experts + 1),
            kernel->download<int32_t>(rows, pairs), kernel->download<float>(weights, pairs)};
  }

  std::vector<float> score(const float *logits) const {
    std::vector<float> scores(logits, logits + spec.experts);
    if (spec.scoring == Scoring::Sigmoid) {
      for (float &score : scores)
        score = 1 / (1 + std::exp(-score));
      return scores;
    }
    float top = *std::max_element(scores.begin(), scores.end()), sum = 0;
    for (float &score : scores)
      sum += score = std::exp(score - top);
    for (float &score : scores)
      score /= sum;
    return scores;
  }

  /// What the definition says of logits and a bias that decide by more than rounding does.
  void expectRouted(const Routed &routed, const std::vector<float> &logits,
                    const std::vector<float> &bias) const {
    size_t tokens = logits.size() / spec.experts;
    for (size_t n = 0; n < tokens; ++n) {
      std::vector<float> scores = score(&logits[n * spec.experts]), choices = scores;
      for (int64_t e = 0; e < spec.experts; ++e) {
        choices[e] += hasBias ? bias[e] : 0;
        if (std::isnan(choices[e]))
          choices[e] = -kInfinity;
      }
      std::vector<int> ids = largest(restrict(choices), spec.topK);
      float sum = 1e-20f;
      for (int id : ids)
        sum += scores[id];
      for (int64_t j = 0; j < spec.topK; ++j) {
        size_t pair = n * spec.topK + j;
        ASSERT_EQ(routed.ids[pair], ids[j]) << n << ", " << j;
        float weight = scores[ids[j]] / (spec.normalise ? sum : 1) * float(spec.scale);
        ASSERT_NEAR(routed.weights[pair], weight, 1e-5 * spec.scale) << n << ", " << j;
      }
    }
    expectSorted(routed);
  }

  void expectSorted(const Routed &routed) const {
    Groups groups = sortPairs(routed.ids, spec.experts);
    ASSERT_EQ(routed.rows, groups.pairs);
    ASSERT_EQ(routed.offsets, groups.offsets);
  }

  /// Choices that are excluded are below all that are not.
  std::vector<float> restrict(std::vector<float> choices) const {
    if (spec.groupRule == GroupRule::None)
      return choices;
    int64_t members = spec.experts / spec.groups;
    std::vector<float> groups;
    for (int64_t g = 0; g < spec.groups; ++g) {
      std::vector<float> own(choices.begin() + g * members, choices.begin() + (g + 1) * members);
      std::sort(own.rbegin(), own.rend());
      groups.push_back(spec.groupRule == GroupRule::Max ? own[0] : own[0] + own[1]);
      if (std::isnan(groups.back()))
        groups.back() = -kInfinity;
    }
    std::vector<int> kept = largest(groups, spec.keptGroups);
    std::vector<float> keys(choices.size(), -kInfinity);
    // Any order-preserving numbers above minus infinity do for those that are kept.
    std::vector<int> order = largest(choices, choices.size());
    float next = float(choices.size());
    for (size_t i = 0; i < order.size(); ++i) {
      if (i && choices[order[i]] < choices[order[i - 1]])
        --next;
      if (std::count(kept.begin(), kept.end(), order[i] / members))
        keys[order[i]] = next;
    }
    return keys;
  }

  cuda::RouteSpec spec;
  bool hasBias;

private:
  cuda::LaneLaunch launched;

public:
  SimKernel kernel;
};

cuda::RouteSpec specOf(int64_t experts, int64_t topK, Scoring scoring, GroupRule rule,
                       int64_t groups, int64_t kept, bool normalise) {
  cuda::RouteSpec spec;
  spec.experts = experts;
  spec.topK = topK;
  spec.scoring = scoring;
  spec.groupRule = rule;
  spec.groups = groups;
  spec.keptGroups = kept;
  spec.normalise = normalise;
  spec.scale = normalise ? 2.5 : 1;
  return spec;
}

const cuda::RouteSpec v3 =
    specOf(256, 8, Scoring::Sigmoid, GroupRule::TopTwoSum, 8, 4, /*normalise=*/true);
class RouteAndSort : public ::testing::TestWithParam<cuda::RouteSpec> {};
} // namespace

TEST_P(RouteAndSort, IsWhatTheDefinitionSays) {
  Router router(GetParam());
  int64_t experts = router.spec.experts;
  std::vector<float> bias = randomFloats(experts, 1, 0.3f);
  for (size_t tokens : {1, 2, 9, 17, 70}) {
    std::vector<float> logits = randomFloats(tokens * experts, unsigned(tokens), 4);
    for (uint64_t seed : {0, 5}) {
      Routed routed = router.run(logits, bias, seed);
      router.expectRouted(routed, logits, bias);
    }
    const hadal_sim_counters_t &counters = router.kernel.counters;
    EXPECT_EQ(counters.local_read_bytes + counters.local_write_bytes, 0u);
    EXPECT_EQ(counters.shared_bank_conflicts, 0u) << tokens << " tokens";
  }
}

TEST_P(RouteAndSort, EqualChoicesAreOfTheFirstExperts) {
  Router router(GetParam());
  int64_t experts = router.spec.experts;
  std::vector<float> none(experts, 0.0f), logits(3 * experts, 0.5f);
  for (int64_t e = 0; e < experts; ++e) {
    logits[experts + e] = e % 2 ? 1.5f : 0.5f;
    logits[2 * experts + e] = -0.0f * float(e % 2);
  }
  router.expectRouted(router.run(logits, none, 0), logits, none);
}

TEST_P(RouteAndSort, ABiasThatIsNoNumberIsAsLowAsAny) {
  Router router(GetParam());
  if (!router.hasBias)
    return;
  int64_t experts = router.spec.experts;
  std::vector<float> logits = randomFloats(5 * experts, 3, 4),
                     bias = randomFloats(experts, 4, 0.3f);
  for (int64_t e = 0; e < experts; ++e)
    bias[e] = e % 5 == 1 ? kNaN : e % 5 == 2 ? -kInfinity : e % 7 == 3 ? -10 : bias[e];
  router.expectRouted(router.run(logits, bias, 0), logits, bias);
  std::fill(bias.begin(), bias.end(), kNaN);
  router.expectRouted(router.run(logits, bias, 0), logits, bias);
}

INSTANTIATE_TEST_SUITE_P(
    Models, RouteAndSort,
    ::testing::Values(v3, specOf(160, 6, Scoring::Softmax, GroupRule::Max, 8, 3, false),
                      specOf(65, 6, Scoring::Softmax, GroupRule::None, 1, 1, false),
                      specOf(384, 8, Scoring::Sigmoid, GroupRule::None, 1, 1, true),
                      specOf(20, 3, Scoring::Sigmoid, GroupRule::TopTwoSum, 4, 2, true),
                      specOf(24, 8, Scoring::Sigmoid, GroupRule::Max, 6, 2, true),
                      specOf(8, 8, Scoring::Softmax, GroupRule::None, 1, 1, false),
                      specOf(5, 1, Scoring::Softmax, GroupRule::None, 1, 1, true)));

TEST(RouteAndSort, IdsOfNoResultAreInTheWorkspace) {
  cuda::RouteSpec spec = v3;
  spec.storesIds = false;
  Router router(spec);
  std::vector<float> bias = randomFloats(256, 1, 0.3f), logits = randomFloats(6 * 256, 2, 4);
  router.expectRouted(router.run(logits, bias, 0), logits, bias);
}

TEST(RouteAndSort, TakesFewInstructionsAToken) {
  Router router(v3);
  std::vector<float> bias = randomFloats(256, 1, 0.3f);
  for (size_t tokens : {1, 2, 4, 5, 8, 16, 17, 64, 256}) {
    router.run(randomFloats(tokens * 256, 2, 4), bias, 0);
    EXPECT_LE(router.kernel.counters.warp_instructions, tokens * 1000) << tokens << " tokens";
  }
}

TEST(RouteAndSort, EachOfItsBarriersIsMissed) {
  Router router(v3);
  std::vector<float> bias = randomFloats(256, 1, 0.3f), logits = randomFloats(70 * 256, 2, 4);
  // ids, counts, totals and places
  expectWaitsMissed(router.kernel, 4, compareWith([&] { return router.run(logits, bias, 0); }));
}
