// SPDX-License-Identifier: Apache-2.0
// The choice of experts and the sorting by them in one launch: against the definition, at their
// edges, and within their instructions.
#include "SimHarness.h"

#include "hadal/Target/CUDA/RouteKernels.h"

#include "mlir/IR/Builders.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

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
  explicit Router(const cuda::RouteSpec &wanted) : spec(wanted) {
    auto context = makeKernelContext();
    context->loadDialect<HadalDialect>();
    mlir::OpBuilder builder(context.get());
    mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(builder.getUnknownLoc());
    builder.setInsertionPointToStart(module->getBody());
    spec.name = "route";
    spec.sorts = true;
    hasBias = spec.experts % 3 != 2;
    if (hasBias)
      spec.bias = builder.getF32Type();
    EXPECT_TRUE(cuda::isRoutable(spec));
    launched = cuda::emitRoute(builder, builder.getUnknownLoc(), spec);
    setCode(compileToPtx(*module, cuda::lowestLevel()));
  }

  void setCode(const std::string &text) {
    ptx = text;
    image = std::make_unique<SimImage>(ptx);
  }

  /// Without ids where a check fires, if it may.
  Routed run(const std::vector<float> &logits, const std::vector<float> &bias, uint64_t seed,
             bool mayFail = false) {
    size_t tokens = logits.size() / spec.experts, pairs = tokens * spec.topK;
    std::vector<uint64_t> parameters{image->upload(logits)};
    if (hasBias)
      parameters.push_back(image->upload(bias));
    uint64_t weights = image->allocate(pairs * 4), ids = image->allocate(pairs * 4);
    uint64_t offsets = image->allocate((spec.experts + 1) * 4), rows = image->allocate(pairs * 4);
    for (uint64_t address : {weights, ids, offsets, rows})
      parameters.push_back(address);
    if (!spec.storesIds) // the workspace comes last
      std::rotate(parameters.end() - 3, parameters.end() - 2, parameters.end());
    parameters.push_back(image->upload(std::vector<int64_t>{int64_t(tokens)}));
    hadal_sim_launch_t launch = SimImage::defaults();
    launch.block[0] = uint32_t(launched.threads);
    launch.dynamic_shared_bytes = uint32_t(launched.sharedBytes);
    launch.seed = seed;
    if (!mayFail)
      counters = image->run("route", launch, parameters);
    else if (!image->runsWell("route", launch, parameters))
      return {};
    return {image->download<int32_t>(ids, pairs),
            image->download<int32_t>(offsets, spec.experts + 1),
            image->download<int32_t>(rows, pairs), image->download<float>(weights, pairs)};
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
    std::vector<int32_t> rows(routed.ids.size());
    std::iota(rows.begin(), rows.end(), 0);
    std::sort(rows.begin(), rows.end(), [&](int a, int b) {
      return std::pair(routed.ids[a], a) < std::pair(routed.ids[b], b);
    });
    ASSERT_EQ(routed.rows, rows);
    for (int64_t e = 0; e <= spec.experts; ++e)
      ASSERT_EQ(routed.offsets[e], std::count_if(routed.ids.begin(), routed.ids.end(),
                                                 [&](int32_t id) { return id < e; }))
          << e;
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
  hadal_sim_counters_t counters = {};
  std::string ptx;
  bool hasBias = false;

private:
  cuda::LaneLaunch launched;
  std::unique_ptr<SimImage> image;
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

std::vector<float> draw(size_t count, unsigned seed, float most) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> values(-most, most);
  std::vector<float> drawn(count);
  for (float &value : drawn)
    value = values(random);
  return drawn;
}

const cuda::RouteSpec v3 =
    specOf(256, 8, Scoring::Sigmoid, GroupRule::TopTwoSum, 8, 4, /*normalise=*/true);
class RouteAndSort : public ::testing::TestWithParam<cuda::RouteSpec> {};
} // namespace

TEST_P(RouteAndSort, IsWhatTheDefinitionSays) {
  Router router(GetParam());
  int64_t experts = router.spec.experts;
  std::vector<float> bias = draw(experts, 1, 0.3f);
  for (size_t tokens : {1, 2, 9, 17, 70}) {
    std::vector<float> logits = draw(tokens * experts, unsigned(tokens), 4);
    for (uint64_t seed : {0, 5}) {
      Routed routed = router.run(logits, bias, seed);
      router.expectRouted(routed, logits, bias);
    }
    EXPECT_EQ(router.counters.local_read_bytes + router.counters.local_write_bytes, 0u);
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
  std::vector<float> logits = draw(5 * experts, 3, 4), bias = draw(experts, 4, 0.3f);
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
  std::vector<float> bias = draw(256, 1, 0.3f), logits = draw(6 * 256, 2, 4);
  router.expectRouted(router.run(logits, bias, 0), logits, bias);
}

TEST(RouteAndSort, TakesFewInstructionsAToken) {
  Router router(v3);
  std::vector<float> bias = draw(256, 1, 0.3f);
  for (size_t tokens : {1, 2, 4, 5, 8, 16, 17, 64, 256}) {
    router.run(draw(tokens * 256, 2, 4), bias, 0);
    EXPECT_LE(router.counters.warp_instructions, tokens * 1000) << tokens << " tokens";
  }
}

TEST(RouteAndSort, EachOfItsBarriersIsNeeded) {
  Router router(v3);
  std::vector<float> bias = draw(256, 1, 0.3f), logits = draw(70 * 256, 2, 4);
  const Routed right = router.run(logits, bias, 0);
  const std::string whole = router.ptx;
  std::vector<size_t> lines = findLines(whole, {"bar.sync", "barrier.sync"});
  EXPECT_GE(lines.size(), 4u); // ids, counts, totals and places
  for (size_t line : lines) {
    router.setCode(withoutLine(whole, line));
    EXPECT_FALSE(router.run(logits, bias, 0, /*mayFail=*/true) == right)
        << whole.substr(line, whole.find('\n', line) - line) << " at " << line;
  }
}
