// SPDX-License-Identifier: Apache-2.0
// Reads which layers have experts, how many there are, and how a token gets
// its own.
#include "Families.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"

using namespace llvm;

namespace hadal {

static constexpr int64_t maxExperts = 1 << 16, maxExpertsOfAllLayers = 1 << 18;

// transformers 5 also knows the count under the names of other families. Two
// names must agree: there the second would win.
static StringRef expertsKey(const ConfigReader &reader) {
  StringRef key = "n_routed_experts";
  for (StringRef alias : {"num_local_experts", "num_experts"}) {
    if (!reader.has(alias))
      continue;
    if (!reader.has(key))
      key = alias;
    const json::Value *first = reader.find(key), *second = reader.find(alias);
    if (!first || !second ? first != second : *first != *second)
      reader.error(alias, "expected the same as " + key + ", got " +
                              (second ? describeJson(*second) : "null"));
  }
  return key;
}

void readLayerPattern(ConfigReader &reader, const FamilyDefaults &defaults, ModelConfig &config) {
  size_t before = reader.sink().raised();
  llvm::scope_exit settle([&] { config.shapesKnown &= reader.sink().raised() == before; });
  const json::Value *types = reader.find("mlp_layer_types");
  // Without routed experts every layer is dense.
  StringRef experts = expertsKey(reader);
  bool dense = reader.isNull(experts);
  if (dense && !defaults.ownNulls)
    reader.error(experts, "expected a whole number, got null");
  bool counted = reader.has("first_k_dense_replace") || !defaults.typesOfLayers;
  int64_t first = types && !counted
                      ? 0
                      : reader.integer("first_k_dense_replace", defaults.firstDense, 0, maxLayers);
  int64_t every = reader.has("moe_layer_freq") ? reader.size("moe_layer_freq", 1, maxLayers) : 1;
  for (int64_t layer = 0; layer < config.layers; ++layer)
    config.isMoE.push_back(!dense && layer >= first && layer % every == 0);
  if (!types)
    return;

  const json::Array *list = types->getAsArray();
  if (!list || int64_t(list->size()) != config.layers) {
    reader.error("mlp_layer_types",
                 "expected a list of " + Twine(config.layers) + " strings, got " +
                     (list ? "one of " + std::to_string(list->size()) : describeJson(*types)));
    return;
  }
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    const json::Value &value = (*list)[layer];
    std::optional<StringRef> name = value.getAsString();
    std::string key = ("mlp_layer_types[" + Twine(layer) + "]").str();
    if (name != StringRef("dense") && name != StringRef("sparse")) {
      reader.error(key, "expected \"dense\" or \"sparse\", got " + describeJson(value));
      continue;
    }
    bool sparse = *name == "sparse";
    if (counted && sparse != config.isMoE[layer])
      reader.error(key, "expected \"" + Twine(config.isMoE[layer] ? "sparse" : "dense") +
                            "\" as first_k_dense_replace says, got \"" + *name + "\"");
    config.isMoE[layer] = sparse;
  }
}

void readExperts(ConfigReader &reader, const FamilyDefaults &defaults, ModelConfig &config) {
  size_t before = reader.sink().raised();
  StringRef key = expertsKey(reader);
  config.experts = reader.size(key, defaults.experts, maxExperts);
  config.expertSize = reader.size("moe_intermediate_size", defaults.expertSize);
  // Null and 0 both mean none.
  if (!defaults.ownNulls || !reader.isNull("n_shared_experts"))
    config.sharedExperts = reader.integer("n_shared_experts", defaults.sharedExperts, 0, 1 << 10);
  int64_t mixtures = llvm::count(config.isMoE, true);
  if (config.experts * mixtures > maxExpertsOfAllLayers)
    reader.error(key, "expected at most " + Twine(maxExpertsOfAllLayers) +
                          " experts in all layers, got " + Twine(config.experts * mixtures));
  config.shapesKnown &= reader.sink().raised() == before;
  config.expertsPerToken = reader.size("num_experts_per_tok", defaults.expertsPerToken, maxExperts);
  if (config.expertsPerToken > config.experts)
    reader.error("num_experts_per_tok", "expected at most " + key + ", which is " +
                                            Twine(config.experts) + ", got " +
                                            Twine(config.expertsPerToken));
}

void ignoreExperts(const ConfigReader &reader) {
  reader.ignore({"n_routed_experts", "n_shared_experts", "num_experts_per_tok",
                 "moe_intermediate_size", "n_group", "topk_group", "topk_method", "scoring_func",
                 "norm_topk_prob", "routed_scaling_factor"});
}

void readGroups(ConfigReader &reader, const FamilyDefaults &defaults, GroupRule rule,
                ModelConfig &config) {
  // Null means that there are no groups, which is not what absence means.
  if (rule == GroupRule::TopTwoSum && defaults.ownNulls && reader.isNull("n_group")) {
    if (const json::Value *kept = reader.find("topk_group"))
      if (kept->getAsInteger() != 1)
        reader.error("topk_group", "expected null as n_group is, got " + describeJson(*kept));
    return;
  }
  int64_t groups = reader.size("n_group", defaults.groups, maxExperts);
  int64_t kept = reader.size("topk_group", defaults.keptGroups, maxExperts);
  int64_t least = rule == GroupRule::TopTwoSum ? 2 : 1;
  if (config.experts % groups || config.experts / groups < least)
    reader.error("n_group", "expected a divisor of the " + Twine(config.experts) +
                                " experts with at least " + Twine(least) + " in a group, got " +
                                Twine(groups));
  else if (kept > groups)
    reader.error("topk_group",
                 "expected at most n_group, which is " + Twine(groups) + ", got " + Twine(kept));
  else if (config.expertsPerToken > kept * (config.experts / groups))
    reader.error("num_experts_per_tok",
                 "expected at most the " + Twine(kept * (config.experts / groups)) +
                     " experts of the kept groups, got " + Twine(config.expertsPerToken));
  else if (kept < groups) {
    // Keeping every group is the same as having none.
    config.groupRule = rule;
    config.groups = groups;
    config.keptGroups = kept;
  }
}

} // namespace hadal
