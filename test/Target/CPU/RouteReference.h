// SPDX-License-Identifier: Apache-2.0
// The choice of experts in scalar code.
#ifndef HADAL_TEST_TARGET_CPU_ROUTEREFERENCE_H
#define HADAL_TEST_TARGET_CPU_ROUTEREFERENCE_H

#include "KernelHarness.h"

#include "hadal/Target/CPU/MoEKernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace hadal::testing {

/// The indices of the `count` largest values, ties to the lower index.
inline std::vector<int> largest(const std::vector<double> &values, int64_t count) {
  std::vector<int> order(values.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = int(i);
  std::sort(order.begin(), order.end(),
            [&](int a, int b) { return values[a] != values[b] ? values[a] > values[b] : a < b; });
  order.resize(count);
  return order;
}

/// Expects the ids and weights of one row of logits.
inline void expectRouted(const MoERouteSpec &spec, const float *logits,
                         const std::vector<float> &bias, const int32_t *ids, const float *weights) {
  std::vector<double> score(spec.experts), choice;
  double top = *std::max_element(logits, logits + spec.experts), sum = 0;
  for (int64_t e = 0; e < spec.experts; ++e) {
    if (spec.score == RouteScore::Softmax)
      sum += score[e] = std::exp(logits[e] - top);
    else
      score[e] = 1 / (1 + std::exp(-double(logits[e])));
  }
  if (spec.score == RouteScore::Softmax)
    for (double &s : score)
      s /= sum;
  choice = score;
  if (spec.bias)
    for (int64_t e = 0; e < spec.experts; ++e)
      choice[e] += bias[e];
  if (spec.groupRule != GroupRule::None) {
    int64_t members = spec.experts / spec.groups;
    std::vector<double> groupScore;
    for (int64_t g = 0; g < spec.groups; ++g) {
      std::vector<double> sorted(choice.begin() + g * members, choice.begin() + (g + 1) * members);
      std::sort(sorted.rbegin(), sorted.rend());
      groupScore.push_back(spec.groupRule == GroupRule::Max ? sorted[0] : sorted[0] + sorted[1]);
    }
    std::vector<int> kept = largest(groupScore, spec.keptGroups);
    for (int64_t e = 0; e < spec.experts; ++e)
      if (!std::count(kept.begin(), kept.end(), int(e / members)))
        choice[e] = -INFINITY;
  }
  std::vector<int> expected = largest(choice, spec.topK);
  double total = 1e-20;
  for (int id : expected)
    total += score[id];
  for (int64_t j = 0; j < spec.topK; ++j) {
    ASSERT_EQ(ids[j], expected[j]) << "rank " << j;
    double weight = score[expected[j]] / (spec.normalize ? total : 1) * spec.scale;
    ASSERT_NEAR(weights[j], weight, 2e-6 * std::fabs(weight));
  }
}

} // namespace hadal::testing

#endif // HADAL_TEST_TARGET_CPU_ROUTEREFERENCE_H
