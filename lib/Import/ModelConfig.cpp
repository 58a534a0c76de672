// SPDX-License-Identifier: Apache-2.0
// Reads config.json: picks the family, and reads what all families write alike.
#include "Families.h"
#include "FileBytes.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace hadal {

// Upper bounds beyond every published model by a factor of ten or more: a
// larger number is a damaged file, and would make shapes that overflow later.
static constexpr int64_t maxVocab = 1 << 24, maxPositions = INT32_MAX;

// The activation and the types of layers that the op set has.
static void refuseUnsupported(ConfigReader &reader) {
  reader.requireString("hidden_act", "silu");
  refuseKeys(reader, modelKeysOfOthers());
  if (const json::Value *types = reader.find("layer_types")) {
    const json::Array *list = types->getAsArray();
    if (!list || any_of(*list, [](const json::Value &type) {
          return type.getAsString() != StringRef("full_attention");
        }))
      reader.error("layer_types", "expected \"full_attention\" only, got " + describeJson(*types));
  }
}

void readTokens(const ConfigReader &reader, ModelConfig &config) {
  unsigned leftOut = 0;
  auto add = [&](StringRef key, const json::Value &value) -> std::optional<int64_t> {
    std::optional<int64_t> id = value.getAsInteger();
    if (!id) {
      reader.error(key, "expected a token id, got " + describeJson(value));
      return std::nullopt;
    }
    // Such an id can never be generated, so it only has to be left out.
    if (config.shapesKnown && (*id < 0 || *id >= config.vocabSize)) {
      reader.note(key, "left out, " + Twine(*id) + " is not below vocab_size");
      ++leftOut;
      return std::nullopt;
    }
    return id;
  };
  // An absent key leaves what was known before; null says that there is none.
  if (reader.has("bos_token_id"))
    config.bosToken.reset();
  if (const json::Value *bos = reader.find("bos_token_id"))
    config.bosToken = add("bos_token_id", *bos);
  leftOut = 0;
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
  if (config.eosTokens.empty() && leftOut)
    reader.sink().warning(reader.fileName(), "eos_token_id",
                          "no id is left, so generation ends with "
                          "--max-new-tokens alone");
}

// The norms on the latents (q_a_layernorm, kv_a_layernorm) are made without an
// eps in the model code of all these families, so theirs is the 1e-6 of the
// class, whatever rms_norm_eps says: ModelConfig::latentNormEps keeps its
// default.
static void readSizes(ConfigReader &reader, const FamilyDefaults &defaults, ModelConfig &config) {
  config.vocabSize = reader.size("vocab_size", std::nullopt, maxVocab);
  config.hiddenSize = reader.size("hidden_size", std::nullopt);
  config.layers = reader.size("num_hidden_layers", std::nullopt, maxLayers);
  config.heads = reader.size("num_attention_heads", std::nullopt, 1 << 16);
  config.intermediateSize = reader.size("intermediate_size", defaults.intermediateSize);
  // A rank of null is a full query projection; an absent one is the family's.
  if (!reader.isNull("q_lora_rank"))
    config.queryRank = reader.size("q_lora_rank", defaults.queryRank);
  config.latentRank = reader.size("kv_lora_rank", defaults.latentRank);
  config.nopeDim = reader.size("qk_nope_head_dim", defaults.nopeDim, 1 << 16);
  config.ropeDim = reader.size("qk_rope_head_dim", defaults.ropeDim, 1 << 16);
  config.valueDim = reader.size("v_head_dim", defaults.valueDim, 1 << 16);
  config.tiedEmbeddings =
      reader.has("tie_word_embeddings") && reader.boolean("tie_word_embeddings", false);
}

// A size that others write down too: absence means `expected`, and so does null
// where the family's class computes it after it has read the file.
static void requireSize(ConfigReader &reader, StringRef key, StringRef of, int64_t expected,
                        bool nullIsAbsent, const ModelConfig &config) {
  if (!reader.has(key) || (nullIsAbsent && reader.isNull(key)))
    return;
  const json::Value *value = reader.find(key);
  if (config.shapesKnown && (!value || value->getAsInteger() != expected))
    reader.error(key, "expected " + of + ", which is " + Twine(expected) + ", got " +
                          (value ? describeJson(*value) : "null"));
}

// The type that weights outside of fp8 blocks are stored in. The files say it
// themselves, so it matters only where there are none.
static void readStoredType(ConfigReader &reader, ModelConfig &config) {
  const json::Value *newer = reader.find("dtype");
  const json::Value *older = reader.find("torch_dtype");
  StringRef key = newer ? "dtype" : "torch_dtype";
  if (!newer && !older)
    return;
  if (newer && older && *newer != *older)
    reader.note("torch_dtype", "not read, dtype wins");
  std::string type = reader.string(key, config.storedType);
  bool fp8 = type == "fp8" || type == "float8_e4m3fn";
  if (type == "bfloat16" || type == "float16" || type == "float32")
    config.storedType = type;
  else if (!fp8 || !reader.find("quantization_config"))
    reader.error(key, "expected \"bfloat16\", \"float16\" or \"float32\", got " +
                          describeJson(*reader.find(key)) +
                          (fp8 ? ", which takes a quantization_config with "
                                 "quant_method \"fp8\""
                               : ""));
}

void readCommon(ConfigReader &reader, const FamilyDefaults &defaults, ModelConfig &config) {
  size_t before = reader.sink().raised();
  readSizes(reader, defaults, config);
  config.shapesKnown &= reader.sink().raised() == before;
  refuseUnsupported(reader);
  config.maxPositions = reader.size("max_position_embeddings", defaults.maxPositions, maxPositions);
  config.normEps = reader.number("rms_norm_eps", defaults.normEps, 0, 1);
  // Layers beyond the last one are left out, so null and absent are none.
  for (StringRef key : {"num_nextn_predict_layers", "num_mtp_layers"})
    if (reader.find(key))
      config.nextTokenLayers = reader.integer(key, 0, 0, maxLayers);
  // MLA has one latent for all heads; a smaller count would be another
  // attention.
  requireSize(reader, "num_key_value_heads", "num_attention_heads", config.heads, defaults.ownNulls,
              config);
  // transformers 5 writes these sizes into the file, and takes them from there;
  // the first even where it is null, but for deepseek_v2.
  requireSize(reader, "head_dim", "qk_rope_head_dim", config.ropeDim,
              config.family == "deepseek_v2", config);
  requireSize(reader, "qk_head_dim", "qk_nope_head_dim + qk_rope_head_dim", config.queryHeadDim(),
              /*nullIsAbsent=*/true, config);
  if (config.ropeDim % 2)
    reader.error("qk_rope_head_dim", "expected an even number, got " + Twine(config.ropeDim));

  config.bosToken = defaults.bosToken;
  config.eosTokens = {defaults.eosToken};
  readTokens(reader, config);
  readStoredType(reader, config);
}

// What belongs to the whole checkpoint: beside text_config it wins over the
// same key inside, as in transformers, and a null on either side hides nothing.
static const StringRef keysOfCheckpoint[] = {
    "quantization_config", "tie_word_embeddings", "bos_token_id", "eos_token_id", "dtype",
    "torch_dtype"};

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
    text.setOutside(*object, keysOfCheckpoint);
    top.ignore(keysOfCheckpoint);
    top.ignore({"model_type"});
  }
  const json::Value *type = text.find("model_type");
  if (!type || !type->getAsString()) {
    text.error("model_type", "expected a string, got " +
                                 (type ? describeJson(*type) : std::string("no such key")));
    return config;
  }
  config.family = type->getAsString()->str();
  config.shapesKnown = true;

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
    text.error("model_type", "expected deepseek_v2, deepseek_v3, kimi_k2 or glm4_moe_lite, got \"" +
                                 config.family + "\"");
  }
  readQuantization(text, config);
  if (config.shapesKnown)
    reportUnread(top, config.nested ? &text : nullptr);
  return config;
}

} // namespace hadal
