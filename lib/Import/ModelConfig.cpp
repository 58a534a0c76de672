// SPDX-License-Identifier: Apache-2.0
// Reads config.json: picks the family, and reads what all families write alike.
#include "Families.h"
#include "FileBytes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"

using namespace llvm;

namespace hadal {

// Upper bounds beyond every published model by a factor of ten or more: a
// larger number is a damaged file, and would make shapes that overflow later.
static constexpr int64_t maxLayers = 4096, maxVocab = 1 << 24,
                         maxExperts = 1 << 16, maxExpertsOfAllLayers = 1 << 18,
                         maxPositions = INT32_MAX;

// Keys that change what the model computes, and that no reader here honours.
static void refuseUnsupported(ConfigReader &reader) {
  reader.requireString("hidden_act", "silu");
  for (StringRef key :
       {"attention_bias", "mlp_bias", "qk_layernorm", "use_qk_norm"})
    reader.requireBoolean(key, false);
  for (StringRef key : {"index_topk", "index_n_heads", "index_head_dim",
                        "compress_ratios", "sliding_window", "swiglu_limit"})
    if (const json::Value *value = reader.find(key))
      reader.error(key, "expected no such key in this family, got " +
                            describeJson(*value));
  if (const json::Value *types = reader.find("layer_types")) {
    const json::Array *list = types->getAsArray();
    if (!list || any_of(*list, [](const json::Value &type) {
          return type.getAsString() != StringRef("full_attention");
        }))
      reader.error("layer_types", "expected \"full_attention\" only, got " +
                                      describeJson(*types));
  }
}

static void readTokens(const ConfigReader &reader, ModelConfig &config) {
  auto add = [&](StringRef key,
                 const json::Value &value) -> std::optional<int64_t> {
    std::optional<int64_t> id = value.getAsInteger();
    if (!id) {
      reader.error(key, "expected a token id, got " + describeJson(value));
      return std::nullopt;
    }
    // Such an id can never be generated, so it only has to be left out.
    if (config.shapesKnown && (*id < 0 || *id >= config.vocabSize)) {
      reader.note(key, "left out, " + Twine(*id) + " is not below vocab_size");
      return std::nullopt;
    }
    return id;
  };
  // An absent key leaves what was known before; null says that there is none.
  if (reader.has("bos_token_id"))
    config.bosToken.reset();
  if (const json::Value *bos = reader.find("bos_token_id"))
    config.bosToken = add("bos_token_id", *bos);
  if (reader.has("eos_token_id"))
    config.eosTokens.clear();
  const json::Value *eos = reader.find("eos_token_id");
  if (!eos)
    return;
  auto one = [&](const json::Value &value) {
    if (std::optional<int64_t> id = add("eos_token_id", value))
      config.eosTokens.push_back(*id);
  };
  if (const json::Array *list = eos->getAsArray())
    for (const json::Value &value : *list)
      one(value);
  else
    one(*eos);
}

// The norms on the latents (q_a_layernorm, kv_a_layernorm) are made without an
// eps in the model code of all these families, so theirs is the 1e-6 of the
// class, whatever rms_norm_eps says: ModelConfig::latentNormEps keeps its
// default.
static void readSizes(ConfigReader &reader, const FamilyDefaults &defaults,
                      ModelConfig &config) {
  config.vocabSize = reader.size("vocab_size", std::nullopt, maxVocab);
  config.hiddenSize = reader.size("hidden_size", std::nullopt);
  config.layers = reader.size("num_hidden_layers", std::nullopt, maxLayers);
  config.heads = reader.size("num_attention_heads", std::nullopt, 1 << 16);
  config.intermediateSize =
      reader.size("intermediate_size", defaults.intermediateSize);
  // A rank of null is a full query projection; an absent one is the family's.
  if (reader.find("q_lora_rank") ||
      (!reader.has("q_lora_rank") && defaults.queryRank))
    config.queryRank = reader.size("q_lora_rank", defaults.queryRank);
  config.latentRank = reader.size("kv_lora_rank", defaults.latentRank);
  config.nopeDim = reader.size("qk_nope_head_dim", defaults.nopeDim, 1 << 16);
  config.ropeDim = reader.size("qk_rope_head_dim", defaults.ropeDim, 1 << 16);
  config.valueDim = reader.size("v_head_dim", defaults.valueDim, 1 << 16);
  config.tiedEmbeddings = reader.find("tie_word_embeddings") &&
                          reader.boolean("tie_word_embeddings", false);
}

void readCommon(ConfigReader &reader, const FamilyDefaults &defaults,
                ModelConfig &config) {
  size_t before = reader.sink().raised();
  readSizes(reader, defaults, config);
  config.shapesKnown &= reader.sink().raised() == before;
  refuseUnsupported(reader);
  config.maxPositions = reader.size("max_position_embeddings",
                                    defaults.maxPositions, maxPositions);
  config.normEps = reader.number("rms_norm_eps", defaults.normEps, 0, 1);
  if (reader.find("num_nextn_predict_layers"))
    config.nextTokenLayers =
        reader.integer("num_nextn_predict_layers", 0, 0, maxLayers);
  // MLA has one latent for all heads; a smaller count would be another
  // attention.
  if (config.shapesKnown && reader.find("num_key_value_heads") &&
      reader.size("num_key_value_heads", config.heads, 1 << 16) != config.heads)
    reader.error("num_key_value_heads",
                 "expected num_attention_heads, which is " +
                     Twine(config.heads) + ", got " +
                     describeJson(*reader.find("num_key_value_heads")));
  if (config.ropeDim % 2)
    reader.error("qk_rope_head_dim",
                 "expected an even number, got " + Twine(config.ropeDim));

  config.bosToken = defaults.bosToken;
  config.eosTokens = {defaults.eosToken};
  readTokens(reader, config);
  config.storedType =
      reader.string("dtype", reader.string("torch_dtype", "bfloat16"));
  if (config.storedType != "bfloat16" && config.storedType != "float16" &&
      config.storedType != "float32")
    reader.error(reader.has("dtype") ? "dtype" : "torch_dtype",
                 "expected \"bfloat16\", \"float16\" or \"float32\", got \"" +
                     config.storedType + "\"");
}

void readLayerPattern(ConfigReader &reader, const FamilyDefaults &defaults,
                      ModelConfig &config) {
  size_t before = reader.sink().raised();
  llvm::scope_exit settle(
      [&] { config.shapesKnown &= reader.sink().raised() == before; });
  const json::Value *types = reader.find("mlp_layer_types");
  // Without routed experts every layer is dense.
  StringRef expertsKey =
      reader.has("n_routed_experts") ? "n_routed_experts" : "num_local_experts";
  bool dense = reader.has(expertsKey) && !reader.find(expertsKey);
  int64_t first = types && !reader.find("first_k_dense_replace")
                      ? 0
                      : reader.integer("first_k_dense_replace",
                                       defaults.firstDense, 0, maxLayers);
  int64_t every = reader.find("moe_layer_freq")
                      ? reader.size("moe_layer_freq", 1, maxLayers)
                      : 1;
  for (int64_t layer = 0; layer < config.layers; ++layer)
    config.isMoE.push_back(!dense && layer >= first && layer % every == 0);
  if (!types)
    return;

  const json::Array *list = types->getAsArray();
  if (!list || int64_t(list->size()) != config.layers) {
    reader.error("mlp_layer_types",
                 "expected a list of " + Twine(config.layers) +
                     " strings, got " +
                     (list ? "one of " + std::to_string(list->size())
                           : describeJson(*types)));
    return;
  }
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    const json::Value &value = (*list)[layer];
    std::optional<StringRef> name = value.getAsString();
    std::string key = ("mlp_layer_types[" + Twine(layer) + "]").str();
    if (name != StringRef("dense") && name != StringRef("sparse")) {
      reader.error(key, "expected \"dense\" or \"sparse\", got " +
                            describeJson(value));
      continue;
    }
    bool sparse = *name == "sparse";
    if (reader.find("first_k_dense_replace") && sparse != config.isMoE[layer])
      reader.error(
          key, "expected \"" + Twine(config.isMoE[layer] ? "sparse" : "dense") +
                   "\" as first_k_dense_replace says, got \"" + *name + "\"");
    config.isMoE[layer] = sparse;
  }
}

void readExperts(ConfigReader &reader, const FamilyDefaults &defaults,
                 ModelConfig &config) {
  size_t before = reader.sink().raised();
  // transformers 5 also knows the count under the names of other families.
  StringRef key = "n_routed_experts";
  for (StringRef alias : {"num_local_experts", "num_experts"})
    if (!reader.find("n_routed_experts") && reader.find(alias))
      key = alias;
  config.experts = reader.size(key, defaults.experts, maxExperts);
  config.expertSize = reader.size("moe_intermediate_size", defaults.expertSize);
  // Null and 0 both mean none.
  if (reader.find("n_shared_experts") || !reader.has("n_shared_experts"))
    config.sharedExperts =
        reader.integer("n_shared_experts", defaults.sharedExperts, 0, 1 << 10);
  int64_t mixtures = llvm::count(config.isMoE, true);
  if (config.experts * mixtures > maxExpertsOfAllLayers)
    reader.error(key, "expected at most " + Twine(maxExpertsOfAllLayers) +
                          " experts in all layers, got " +
                          Twine(config.experts * mixtures));
  config.shapesKnown &= reader.sink().raised() == before;
  config.expertsPerToken =
      reader.size("num_experts_per_tok", defaults.expertsPerToken, maxExperts);
  if (config.expertsPerToken > config.experts)
    reader.error("num_experts_per_tok", "expected at most " + key +
                                            ", which is " +
                                            Twine(config.experts) + ", got " +
                                            Twine(config.expertsPerToken));
}

void readGroups(ConfigReader &reader, const FamilyDefaults &defaults,
                GroupRule rule, ModelConfig &config) {
  int64_t groups = reader.size("n_group", defaults.groups, maxExperts);
  int64_t kept = reader.size("topk_group", defaults.keptGroups, maxExperts);
  int64_t least = rule == GroupRule::TopTwoSum ? 2 : 1;
  if (config.experts % groups || config.experts / groups < least)
    reader.error("n_group", "expected a divisor of the " +
                                Twine(config.experts) +
                                " experts with at least " + Twine(least) +
                                " in a group, got " + Twine(groups));
  else if (kept > groups)
    reader.error("topk_group", "expected at most n_group, which is " +
                                   Twine(groups) + ", got " + Twine(kept));
  else if (config.expertsPerToken > kept * (config.experts / groups))
    reader.error("num_experts_per_tok",
                 "expected at most the " +
                     Twine(kept * (config.experts / groups)) +
                     " experts of the kept groups, got " +
                     Twine(config.expertsPerToken));
  else if (kept < groups) {
    // Keeping every group is the same as having none.
    config.groupRule = rule;
    config.groups = groups;
    config.keptGroups = kept;
  }
}

ModelConfig readModelConfig(StringRef directory, Problems &problems) {
  ModelConfig config;
  config.shapesKnown = false; // until a family has read them
  std::string path = joinPath(directory, "config.json");
  std::optional<json::Object> object = readJsonObject(path, problems);
  if (!object)
    return config;
  ConfigReader top(*object, path, "", problems);
  ConfigReader text = top;
  if (std::optional<ConfigReader> nested = top.nested("text_config")) {
    config.nested = true;
    text = *nested;
  }
  const json::Value *type = text.find("model_type");
  if (!type || !type->getAsString()) {
    text.error("model_type",
               "expected a string, got " +
                   (type ? describeJson(*type) : std::string("no such key")));
    return config;
  }
  config.family = type->getAsString()->str();
  config.shapesKnown = true;

  // What belongs to the whole checkpoint may stand outside of text_config.
  json::Object merged;
  if (config.nested) {
    merged = *object->getObject("text_config");
    for (StringRef key :
         {"quantization_config", "tie_word_embeddings", "bos_token_id",
          "eos_token_id", "dtype", "torch_dtype"})
      if (const json::Value *outer = object->get(key);
          outer && !merged.get(key))
        merged[key] = *outer;
    text = ConfigReader(merged, path, "text_config.", problems);
  }
  if (config.family == "deepseek_v2")
    readDeepseekV2(text, config);
  else if (config.family == "deepseek_v3")
    readDeepseekV3(text, config);
  else if (config.family == "kimi_k2")
    readKimiK2(text, config);
  else if (config.family == "glm4_moe_lite")
    readGlm4MoeLite(text, config);
  else {
    config.shapesKnown = false;
    text.error(
        "model_type",
        "expected deepseek_v2, deepseek_v3, kimi_k2 or glm4_moe_lite, got \"" +
            config.family + "\"");
  }
  readQuantization(text, config);
  return config;
}

void readGenerationConfig(StringRef directory, ModelConfig &config,
                          Problems &problems) {
  std::string path = joinPath(directory, "generation_config.json");
  if (!isRegularFile(path))
    return;
  if (std::optional<json::Object> object = readJsonObject(path, problems))
    readTokens(ConfigReader(*object, path, "", problems), config);
}

} // namespace hadal
