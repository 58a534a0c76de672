// SPDX-License-Identifier: Apache-2.0
// Cases of routing and grouping.
#include "Routing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hadal::conformance {

std::vector<Ids> idsOf(Case &c, int64_t topK, int64_t experts) {
  auto make = [&](const std::string &name, int64_t rows,
                  const std::function<int64_t(int64_t, int64_t)> &id) {
    Ids ids{name, rows, topK, experts, {}};
    for (int64_t n = 0; n < rows; ++n)
      for (int64_t j = 0; j < topK; ++j)
        ids.values.push_back(static_cast<int32_t>(id(n, j) % experts));
    return ids;
  };
  std::vector<Ids> all;
  Random random(topK * 100 + experts);
  if (c.draw)
    random = c.draw->random;
  for (int64_t rows : c.rowCounts()) {
    std::vector<int64_t> first(rows), stride(rows);
    // Drawn, they are also of few experts, so that others have no row.
    int64_t begins = c.draw ? random.between(1, experts) : experts;
    for (int64_t n = 0; n < rows; ++n) {
      first[n] = random.below(begins);
      stride[n] = random.below(2) ? 1 : experts - 1; // neither meets an id twice
    }
    all.push_back(
        make(rowsText(rows), rows, [&](int64_t n, int64_t j) { return first[n] + j * stride[n]; }));
  }
  all.push_back(make("all rows to the same experts", 21, [](int64_t, int64_t j) { return j; }));
  all.push_back(
      make("all experts used alike", experts, [](int64_t n, int64_t j) { return n + j; }));
  all.push_back(
      make("the last experts alone", 3, [&](int64_t, int64_t j) { return experts - 1 - j; }));
  return all;
}

Groups::Groups(const Ids &ids) {
  rows.resize(ids.values.size());
  std::iota(rows.begin(), rows.end(), 0);
  std::sort(rows.begin(), rows.end(), [&](int32_t a, int32_t b) {
    return std::pair(ids.values[a], a) < std::pair(ids.values[b], b);
  });
  offsets.assign(ids.experts + 1, 0);
  for (int32_t id : ids.values)
    for (int64_t e = id + 1; e <= ids.experts; ++e)
      ++offsets[e];
}

namespace {

struct Route {
  int64_t experts, topK;
  bool sigmoid, bias;
  int64_t groups, keptGroups; // groups: 1, none
  bool topTwo, normalise;
  double scale;

  std::string text() const {
    return std::string(sigmoid ? "sigmoid" : "softmax") + (bias ? "/bias" : "") +
           (groups > 1 ? std::string(topTwo ? "/top two sum " : "/max ") +
                             std::to_string(keptGroups) + " of " + std::to_string(groups)
                       : "") +
           (normalise ? "/normalise/" : "/") + std::to_string(topK) + " of " +
           std::to_string(experts);
  }
};

/// The indices of the largest values, ties to the lower index; `margin` is how far the
/// last of them is from the first that is left out.
std::vector<int64_t> largest(const std::vector<double> &values, int64_t count, double &margin) {
  std::vector<int64_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return std::pair(-values[a], a) < std::pair(-values[b], b);
  });
  for (int64_t i = 1; i <= count && i < static_cast<int64_t>(order.size()); ++i)
    margin = std::min(margin, values[order[i - 1]] - values[order[i]]);
  order.resize(count);
  return order;
}

/// Routes one row; returns how near two choices come.
double route(const Route &spec, const double *logits, const double *bias, double *weights,
             double *ids) {
  std::vector<double> score(spec.experts), choice;
  double top = *std::max_element(logits, logits + spec.experts), sum = 0, margin = INFINITY;
  for (int64_t e = 0; e < spec.experts; ++e)
    sum += score[e] = spec.sigmoid ? 1 / (1 + std::exp(-logits[e])) : std::exp(logits[e] - top);
  if (!spec.sigmoid)
    for (double &value : score)
      value /= sum;
  choice = score;
  for (int64_t e = 0; spec.bias && e < spec.experts; ++e)
    choice[e] += bias[e];
  if (spec.groups > 1) {
    int64_t members = spec.experts / spec.groups;
    std::vector<double> ranks;
    for (int64_t g = 0; g < spec.groups; ++g) {
      std::vector<double> sorted(choice.begin() + g * members, choice.begin() + (g + 1) * members);
      std::sort(sorted.rbegin(), sorted.rend());
      ranks.push_back(spec.topTwo ? sorted[0] + sorted[1] : sorted[0]);
    }
    std::vector<int64_t> kept = largest(ranks, spec.keptGroups, margin);
    for (int64_t e = 0; e < spec.experts; ++e)
      if (std::find(kept.begin(), kept.end(), e / members) == kept.end())
        choice[e] = -INFINITY;
  }
  std::vector<int64_t> chosen = largest(choice, spec.topK, margin);
  double total = 1e-20;
  for (int64_t id : chosen)
    total += score[id];
  for (int64_t j = 0; j < spec.topK; ++j) {
    ids[j] = static_cast<double>(chosen[j]);
    weights[j] = score[chosen[j]] / (spec.normalise ? total : 1) * static_cast<float>(spec.scale);
  }
  return margin;
}

void routeCase(Case &c, const Route &spec) {
  Random random(spec.experts * 100 + spec.topK);
  Tensor bias = Tensor::random(random, Element::f32, {spec.experts});
  c.argument("logits", Element::f32, {-1, spec.experts});
  if (spec.bias)
    c.parameter("bias", bias);
  c.op("%w, %ids = hadal.moe_route %logits" + std::string(spec.bias ? " bias %bias" : "") +
           " {scoring = #hadal.scoring<" + (spec.sigmoid ? "sigmoid" : "softmax") + ">" +
           (spec.groups > 1
                ? std::string(", group_rule = #hadal.groups<") +
                      (spec.topTwo ? "top_two_sum" : "max") +
                      ">, n_group = " + std::to_string(spec.groups) +
                      " : i64, topk_group = " + std::to_string(spec.keptGroups) + " : i64"
                : "") +
           ", top_k = " + std::to_string(spec.topK) + " : i64" +
           (spec.normalise ? ", normalise" : "") + ", scale = " + std::to_string(spec.scale) +
           " : f32}",
       {typeText(Element::f32, {-1, spec.topK}), typeText(Element::i32, {-1, spec.topK})});
  c.result("w", Element::f32, {-1, spec.topK});
  c.result("ids", Element::i32, {-1, spec.topK});
  auto add = [&](const std::string &name, const Tensor &logits) {
    Tensor weights = Tensor::undefined(Element::f32, {logits.rows(), spec.topK});
    Tensor ids = Tensor::undefined(Element::i32, weights.shape);
    for (int64_t n = 0; n < logits.rows(); ++n)
      route(spec, logits.row(n), bias.values.data(), weights.row(n), ids.row(n));
    Call &call = c.call(name);
    call.argument("logits", logits);
    call.expect("ids", ids, kExact);
    call.expect("w", weights, kOfF32);
  };
  std::vector<double> weights(spec.topK), ids(spec.topK);
  for (int64_t rows : c.rowCounts()) {
    Tensor logits = Tensor::undefined(Element::f32, {rows, spec.experts});
    for (int64_t n = 0; n < rows;) {
      Tensor row = Tensor::random(random, Element::f32, {1, spec.experts}, 4);
      // What is decided by less than f32 can tell is no case.
      if (route(spec, row.row(0), bias.values.data(), weights.data(), ids.data()) > 1e-6)
        std::copy_n(row.row(0), spec.experts, logits.row(n++));
    }
    add(rowsText(rows), logits);
  }
  if (spec.bias)
    return; // ties are of choices, and a bias makes them differ
  Tensor equal{Element::f32, {2, spec.experts}, std::vector<double>(2 * spec.experts, 0.5)};
  add("all equal", equal);
  for (int64_t e = 0; e < spec.experts; e += 2)
    equal.row(0)[e] = equal.row(1)[spec.experts - 1 - e] = 1.5;
  add("two values, half of each", equal);
}

void groupCase(Case &c, int64_t topK, int64_t experts) {
  c.argument("ids", Element::i32, {-1, topK});
  c.op("%offsets, %rows = hadal.moe_group %ids {experts = " + std::to_string(experts) + " : i64}",
       {typeText(Element::i32, {experts + 1}), typeText(Element::i32, {-1})});
  c.result("offsets", Element::i32, {experts + 1});
  c.result("rows", Element::i32, {-1});
  for (const Ids &ids : idsOf(c, topK, experts)) {
    Groups groups(ids);
    Call &call = c.call(ids.name);
    call.indices("ids", Tensor::integers(ids.values, {ids.rows, topK}), experts);
    call.expect("offsets", Tensor::integers(groups.offsets), kExact);
    call.expect("rows", Tensor::integers(groups.rows), kExact);
  }
}

} // namespace

void addRoutingCases(Cases &cases) {
  const Route routes[] = {
      {64, 6, false, false, 1, 1, false, false, 1}, {160, 6, false, false, 8, 3, false, false, 16},
      {256, 8, true, true, 8, 4, true, true, 2.5},  {20, 3, true, true, 4, 2, true, true, 1.75},
      {24, 4, true, false, 6, 2, true, true, 1},    {384, 8, true, true, 1, 1, false, true, 2.75},
      {5, 1, false, true, 1, 1, false, true, 1},    {8, 8, false, false, 1, 1, false, false, 1}};
  for (const Route &spec : routes)
    cases.push_back({"moe_route/" + spec.text(), [=](Case &c) { routeCase(c, spec); }});
  for (auto [topK, experts] : {std::pair<int64_t, int64_t>{3, 9}, {1, 5}, {8, 8}, {6, 160}})
    cases.push_back({"moe_group/" + std::to_string(topK) + " of " + std::to_string(experts),
                     [topK = topK, experts = experts](Case &c) { groupCase(c, topK, experts); }});
}

void addRoutingFamilies(Families &families) {
  families.push_back({"moe_route", [](Case &c, Random &r) {
                        Route spec{};
                        spec.groups = r.coin() ? 1 : r.between(2, 6);
                        int64_t members = r.between(2, spec.groups > 1 ? 24 : 120);
                        spec.experts = spec.groups * members;
                        spec.keptGroups = spec.groups > 1 ? r.between(1, spec.groups) : 1;
                        spec.topK = r.between(1, std::min<int64_t>(8, spec.keptGroups * members));
                        spec.sigmoid = r.coin();
                        spec.bias = r.coin();
                        spec.topTwo = r.coin();
                        spec.normalise = r.coin();
                        spec.scale = oneOf(r, {1.0, 2.5, 16.0});
                        routeCase(c, spec);
                      }});
  families.push_back({"moe_group", [](Case &c, Random &r) {
                        int64_t experts = r.between(1, 64);
                        groupCase(c, r.between(1, std::min<int64_t>(8, experts)), experts);
                      }});
}

} // namespace hadal::conformance
