// SPDX-License-Identifier: Apache-2.0
// Lists every weight that a configuration asks for, by logical and by stored
// name.
#include "WeightTable.h"

#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace hadal {

NamePrefixes findPrefixes(const ModelConfig &config, const Checkpoint &checkpoint) {
  NamePrefixes plain;
  if (!config.nested)
    return plain;
  // A language model inside a multimodal one, as published and as transformers
  // 5 saves it.
  for (NamePrefixes candidate :
       {NamePrefixes{"language_model.model.", "language_model.lm_head.weight"},
        NamePrefixes{"model.language_model.", "lm_head.weight"}})
    if (checkpoint.tensors.contains(candidate.model + "embed_tokens.weight"))
      return candidate;
  return plain;
}

namespace {

class SpecBuilder {
public:
  SpecBuilder(const ModelConfig &config, const NamePrefixes &prefixes)
      : config(config), prefixes(prefixes) {}
  std::vector<WeightSpec> build();

private:
  void add(const Twine &name, const Twine &tensor, WeightSpec::Kind kind, ArrayRef<int64_t> shape) {
    WeightSpec spec;
    spec.name = name.str();
    spec.kind = kind;
    spec.shape.assign(shape.begin(), shape.end());
    spec.tensors = {tensor.str()};
    specs.push_back(std::move(spec));
  }
  void addAttention(const std::string &name, const std::string &tensor);
  void addMlp(const std::string &name, const std::string &tensor, int64_t width);
  void addExperts(const std::string &name, const std::string &tensor);
  void addExpertKind(const std::string &name, const std::string &tensor, StringRef kind,
                     ArrayRef<int64_t> shape);

  const ModelConfig &config;
  const NamePrefixes &prefixes;
  std::vector<WeightSpec> specs;
};

} // namespace

void SpecBuilder::addAttention(const std::string &name, const std::string &tensor) {
  int64_t D = config.hiddenSize, r = config.latentRank, H = config.heads;
  int64_t queryWidth = H * config.queryHeadDim();
  if (config.queryRank) {
    add(name + "q_a", tensor + "q_a_proj.weight", WeightSpec::Matrix, {*config.queryRank, D});
    add(name + "q_a_norm", tensor + "q_a_layernorm.weight", WeightSpec::Plain, {*config.queryRank});
    add(name + "q_b", tensor + "q_b_proj.weight", WeightSpec::Matrix,
        {queryWidth, *config.queryRank});
  } else {
    add(name + "q", tensor + "q_proj.weight", WeightSpec::Matrix, {queryWidth, D});
  }
  add(name + "kv_a", tensor + "kv_a_proj_with_mqa.weight", WeightSpec::Matrix,
      {r + config.ropeDim, D});
  add(name + "kv_norm", tensor + "kv_a_layernorm.weight", WeightSpec::Plain, {r});
  add(name + "kv_b", tensor + "kv_b_proj.weight", WeightSpec::Matrix,
      {H * (config.nopeDim + config.valueDim), r});
  add(name + "o", tensor + "o_proj.weight", WeightSpec::Matrix, {D, H * config.valueDim});
}

void SpecBuilder::addMlp(const std::string &name, const std::string &tensor, int64_t width) {
  int64_t D = config.hiddenSize;
  add(name + "gate", tensor + "gate_proj.weight", WeightSpec::Matrix, {width, D});
  add(name + "up", tensor + "up_proj.weight", WeightSpec::Matrix, {width, D});
  add(name + "down", tensor + "down_proj.weight", WeightSpec::Matrix, {D, width});
}

void SpecBuilder::addExpertKind(const std::string &name, const std::string &tensor, StringRef kind,
                                ArrayRef<int64_t> shape) {
  add(name + kind, "", WeightSpec::Matrix, shape);
  WeightSpec &spec = specs.back();
  spec.stacked = true;
  spec.tensors.clear();
  for (int64_t e = 0; e < config.experts; ++e)
    spec.tensors.push_back((tensor + "experts." + Twine(e) + "." + kind + "_proj.weight").str());
  if (kind == "down")
    spec.fused = {tensor + "experts.down_proj", shape[0], 0};
  else
    spec.fused = {tensor + "experts.gate_up_proj", 2 * shape[0], kind == "gate" ? 0 : shape[0]};
}

void SpecBuilder::addExperts(const std::string &name, const std::string &tensor) {
  int64_t D = config.hiddenSize, I = config.expertSize;
  add(name + "router", tensor + "gate.weight", WeightSpec::Plain, {config.experts, D});
  if (config.correctionBias)
    add(name + "router_bias", tensor + "gate.e_score_correction_bias", WeightSpec::Plain,
        {config.experts});
  addExpertKind(name, tensor, "gate", {I, D});
  addExpertKind(name, tensor, "up", {I, D});
  addExpertKind(name, tensor, "down", {D, I});
  if (config.sharedExperts)
    addMlp(name + "shared.", tensor + "shared_experts.", config.sharedExperts * I);
}

std::vector<WeightSpec> SpecBuilder::build() {
  int64_t D = config.hiddenSize;
  add("embed", prefixes.model + "embed_tokens.weight", WeightSpec::Plain, {config.vocabSize, D});
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    std::string name = ("layers." + Twine(layer) + ".").str();
    std::string tensor = prefixes.model + name;
    add(name + "input_norm", tensor + "input_layernorm.weight", WeightSpec::Plain, {D});
    addAttention(name + "attn.", tensor + "self_attn.");
    add(name + "post_norm", tensor + "post_attention_layernorm.weight", WeightSpec::Plain, {D});
    if (config.isMoE[layer])
      addExperts(name + "moe.", tensor + "mlp.");
    else
      addMlp(name + "mlp.", tensor + "mlp.", config.intermediateSize);
  }
  add("norm", prefixes.model + "norm.weight", WeightSpec::Plain, {D});
  if (!config.tiedEmbeddings)
    add("lm_head", prefixes.head, WeightSpec::Plain, {config.vocabSize, D});
  return std::move(specs);
}

SmallVector<int64_t, 2> scaleShape(const BlockScales &blocks, ArrayRef<int64_t> matrix) {
  return {int64_t(divideCeil(matrix[0], blocks.rows)),
          int64_t(divideCeil(matrix[1], blocks.columns))};
}

void BoundWeight::join(StringRef stored) {
  if (dtype.empty()) {
    dtype = stored.str();
  } else if (dtype != stored) {
    mixed = true;
    dtype = "F32";
  }
}

std::vector<WeightSpec> expectedWeights(const ModelConfig &config, const NamePrefixes &prefixes) {
  return SpecBuilder(config, prefixes).build();
}

static bool staysUnconverted(const BlockScales &fp8, StringRef tensor) {
  return any_of(fp8.unconverted,
                [&](const std::string &module) { return tensor.contains(module); });
}

WeightTable weightsWithoutFiles(const ModelConfig &config) {
  std::string plain = config.storedType == "float32"   ? "F32"
                      : config.storedType == "float16" ? "F16"
                                                       : "BF16";
  WeightTable table;
  for (WeightSpec &spec : expectedWeights(config, NamePrefixes())) {
    BoundWeight weight;
    // The bias decides between near ties, so every publisher stores it in f32.
    bool bias = StringRef(spec.name).ends_with("router_bias");
    for (const std::string &tensor : spec.tensors) {
      bool fp8 =
          config.fp8 && spec.kind == WeightSpec::Matrix && !staysUnconverted(*config.fp8, tensor);
      weight.join(bias ? "F32" : fp8 ? "F8_E4M3" : StringRef(plain));
    }
    weight.spec = std::move(spec);
    table.add(std::move(weight));
  }
  return table;
}

} // namespace hadal
