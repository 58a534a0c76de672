// SPDX-License-Identifier: Apache-2.0
// Builds the module of the model stage from a configuration and its weights.
#include "ModelBuilder.h"
#include "ParameterBuilder.h"
#include "StepFunction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace hadal {

namespace {

class ModelBuilder {
public:
  ModelBuilder(MLIRContext *context, const ModelConfig &config, const WeightTable &weights)
      : config(config), weights(weights), declarations(context), body(context) {}

  OwningOpRef<ModuleOp> build(const Checkpoint &checkpoint, const TextFiles &textFiles,
                              StringRef recordedDirectory, int64_t pageSize);

private:
  void setAttributes(ModuleOp module, const Checkpoint &checkpoint, const TextFiles &textFiles,
                     StringRef recordedDirectory);
  ModelAttr modelFacts();
  Value buildLayers(ParameterBuilder &parameters, Value rotaryCos, Value rotarySin,
                    int64_t pageSize);
  Value attention(ParameterBuilder &parameters, int64_t layer, Value x, Value cos, Value sin,
                  int64_t pageSize);
  Value query(ParameterBuilder &parameters, const std::string &prefix, Value x);
  Value mixture(ParameterBuilder &parameters, const std::string &prefix, Value x);

  Location named(const Twine &name) { return NameLoc::get(body.getStringAttr(name)); }
  RankedTensorType rows(int64_t width) {
    return RankedTensorType::get({ShapedType::kDynamic, width}, body.getF32Type());
  }
  FloatAttr f32(double value) { return body.getF32FloatAttr(float(value)); }
  UnitAttr flag(bool on) { return on ? body.getUnitAttr() : UnitAttr(); }
  Value argument(plan::PortRole role) { return stepArgument(function, role); }

  Value linear(ParameterBuilder &parameters, const std::string &name, Value x);
  Value norm(ParameterBuilder &parameters, const std::string &name, Value x, double eps);
  Value mlp(ParameterBuilder &parameters, const std::string &prefix, Value x);
  Value add(const std::string &name, Value a, Value b) {
    return arith::AddFOp::create(body, named(name), a, b);
  }
  void tap(int64_t index, Value x) {
    TapOp::create(body, named("hidden." + Twine(index)),
                  body.getStringAttr("hidden." + Twine(index)), x);
  }

  const ModelConfig &config;
  const WeightTable &weights;
  OpBuilder declarations;
  OpBuilder body;
  func::FuncOp function;
};

} // namespace

Value ModelBuilder::linear(ParameterBuilder &parameters, const std::string &name, Value x) {
  WeightValue w = parameters.weight(name);
  int64_t width = cast<RankedTensorType>(w.value.getType()).getDimSize(0);
  return LinearOp::create(body, named(name), rows(width), x, w.value, w.scale, w.block);
}

Value ModelBuilder::norm(ParameterBuilder &parameters, const std::string &name, Value x,
                         double eps) {
  Value weight = parameters.weight(name).value;
  return RmsNormOp::create(body, named(name), x.getType(), x, weight,
                           /*rows=*/Value(), f32(eps));
}

Value ModelBuilder::mlp(ParameterBuilder &parameters, const std::string &prefix, Value x) {
  Value gate = linear(parameters, prefix + "gate", x);
  Value up = linear(parameters, prefix + "up", x);
  Value joined = SwigluOp::create(body, named(prefix + "swiglu"), gate.getType(), gate, up);
  return linear(parameters, prefix + "down", joined);
}

Value ModelBuilder::query(ParameterBuilder &parameters, const std::string &prefix, Value x) {
  if (!config.queryRank)
    return linear(parameters, prefix + "q", x);
  Value latent = linear(parameters, prefix + "q_a", x);
  latent = norm(parameters, prefix + "q_a_norm", latent, config.latentNormEps);
  return linear(parameters, prefix + "q_b", latent);
}

// DeepSeek-V2 (arXiv:2405.04434, equations 9 to 19).
Value ModelBuilder::attention(ParameterBuilder &parameters, int64_t layer, Value x, Value cos,
                              Value sin, int64_t pageSize) {
  std::string prefix = ("layers." + Twine(layer) + ".attn.").str();
  Value q = query(parameters, prefix, x);
  Value rotated = RopeOp::create(
      body, named(prefix + "rope"), q.getType(), q, argument(plan::PortRole::Positions), cos, sin,
      body.getI64IntegerAttr(config.heads), flag(config.rope.interleaved));
  Value latent = linear(parameters, prefix + "kv_a", x);

  std::string state = ("cache." + Twine(layer)).str();
  auto cacheType = RankedTensorType::get(
      {ShapedType::kDynamic, pageSize, config.latentRank + config.ropeDim}, body.getF32Type());
  StateOp::create(declarations, named(state), body.getStringAttr(state),
                  FlatSymbolRefAttr::get(body.getContext(), kPagesName), TypeAttr::get(cacheType));
  auto symbol = FlatSymbolRefAttr::get(body.getContext(), state);
  Value cache = StateReadOp::create(body, named(state), cacheType, symbol);
  Value latentNorm = parameters.weight(prefix + "kv_norm").value;
  cache = MlaAppendOp::create(body, named(prefix + "append"), cacheType, latent, latentNorm, cos,
                              sin, argument(plan::PortRole::Positions),
                              argument(plan::PortRole::SequenceOffsets),
                              argument(plan::PortRole::Slots), argument(plan::PortRole::BlockTable),
                              cache, f32(config.latentNormEps), flag(config.rope.interleaved));
  StateWriteOp::create(body, named(state), symbol, cache);

  auto [upKeys, upValues] = parameters.upProjections(prefix);
  Value attended = MlaAttentionOp::create(
      body, named(prefix + "attention"), rows(config.heads * config.valueDim), rotated, cache,
      upKeys, upValues, argument(plan::PortRole::Positions),
      argument(plan::PortRole::SequenceOffsets), argument(plan::PortRole::Slots),
      argument(plan::PortRole::BlockTable), f32(config.softmaxScale),
      AttentionFormAttr::get(body.getContext(), AttentionForm::Unset),
      /*threshold=*/IntegerAttr());
  return linear(parameters, prefix + "o", attended);
}

Value ModelBuilder::mixture(ParameterBuilder &parameters, const std::string &prefix, Value x) {
  MLIRContext *context = body.getContext();
  Value logits = linear(parameters, prefix + "router", x);
  Value bias = config.correctionBias ? parameters.weight(prefix + "router_bias").value : Value();
  int64_t k = config.expertsPerToken;
  auto idsType = RankedTensorType::get({ShapedType::kDynamic, k}, body.getI32Type());
  auto integer = [&](int64_t value) { return body.getI64IntegerAttr(value); };
  auto route = MoeRouteOp::create(body, named(prefix + "route"), rows(k), idsType, logits, bias,
                                  ScoringAttr::get(context, config.scoring),
                                  GroupRuleAttr::get(context, config.groupRule),
                                  integer(config.groups), integer(config.keptGroups), integer(k),
                                  flag(config.normaliseWeights), f32(config.routedScale));
  WeightValue gate = parameters.weight(prefix + "gate");
  WeightValue up = parameters.weight(prefix + "up");
  WeightValue down = parameters.weight(prefix + "down");
  DenseI64ArrayAttr block;
  for (const WeightValue &weight : {gate, up, down})
    if (weight.block)
      block = weight.block;
  Value routed = MoeExpertsOp::create(body, named(prefix + "experts"), x.getType(), x,
                                      route.getWeights(), route.getIds(), gate.value, up.value,
                                      down.value, gate.scale, up.scale, down.scale, block);
  if (!config.sharedExperts)
    return routed;
  return add(prefix + "add", routed, mlp(parameters, prefix + "shared.", x));
}

Value ModelBuilder::buildLayers(ParameterBuilder &parameters, Value cos, Value sin,
                                int64_t pageSize) {
  Value table = parameters.weight("embed").value;
  Value x = EmbeddingOp::create(body, named("embed"), rows(config.hiddenSize),
                                argument(plan::PortRole::Tokens), table);
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    tap(layer, x);
    std::string prefix = ("layers." + Twine(layer) + ".").str();
    Value normed = norm(parameters, prefix + "input_norm", x, config.normEps);
    x = add(prefix + "attn.add", x, attention(parameters, layer, normed, cos, sin, pageSize));
    normed = norm(parameters, prefix + "post_norm", x, config.normEps);
    bool moe = config.isMoE[layer];
    Value change = moe ? mixture(parameters, prefix + "moe.", normed)
                       : mlp(parameters, prefix + "mlp.", normed);
    x = add(prefix + (moe ? "moe.residual" : "mlp.residual"), x, change);
  }
  return x;
}

ModelAttr ModelBuilder::modelFacts() {
  return ModelAttr::get(body.getContext(), config.family, config.layers, config.hiddenSize,
                        config.vocabSize, config.heads, config.context, config.maxPositions,
                        config.latentRank, config.nopeDim, config.ropeDim, config.valueDim,
                        config.experts, config.expertsPerToken, config.bosToken.value_or(-1),
                        config.eosTokens.empty() ? DenseI64ArrayAttr()
                                                 : body.getDenseI64ArrayAttr(config.eosTokens),
                        /*parameters_total=*/0, /*parameters_active=*/0);
}

void ModelBuilder::setAttributes(ModuleOp module, const Checkpoint &checkpoint,
                                 const TextFiles &textFiles, StringRef recordedDirectory) {
  auto text = [&](StringRef name, StringRef value) {
    if (!value.empty())
      module->setAttr(name, body.getStringAttr(value));
  };
  text(kCheckpointAttrName, recordedDirectory);
  SmallVector<Attribute> files;
  for (const WeightFile &file : checkpoint.files)
    files.push_back(FileAttr::get(body.getContext(), file.name, file.size, file.headerHash));
  module->setAttr(kFilesAttrName, body.getArrayAttr(files));
  module->setAttr(kModelAttrName, modelFacts());
  auto file = [&](StringRef name, const std::optional<TextFile> &value) {
    if (value)
      module->setAttr(name,
                      FileAttr::get(body.getContext(), value->name, value->size, value->hash));
  };
  file(kTokenizerAttrName, textFiles.tokenizer);
  file(kTokenizerConfigAttrName, textFiles.tokenizerConfig);
  file(kGenerationAttrName, textFiles.generation);
  text(kTextNoteAttrName, textFiles.textNote);
  text(kGenerationNoteAttrName, textFiles.generationNote);
}

OwningOpRef<ModuleOp> ModelBuilder::build(const Checkpoint &checkpoint, const TextFiles &textFiles,
                                          StringRef recordedDirectory, int64_t pageSize) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(named("model"));
  setAttributes(*module, checkpoint, textFiles, recordedDirectory);
  function = createStep(*module, config.vocabSize, pageSize);
  declarations.setInsertionPoint(function);
  body.setInsertionPointToStart(&function.getBody().front());

  ParameterBuilder parameters(declarations, body, config, weights);
  Value cos = parameters.ropeTable(TableComponent::Cos);
  Value sin = parameters.ropeTable(TableComponent::Sin);
  Value x = buildLayers(parameters, cos, sin, pageSize);
  x = norm(parameters, "norm", x, config.normEps);
  tap(config.layers, x);
  Value chosen = GatherRowsOp::create(body, named("logit_rows"), x.getType(), x,
                                      argument(plan::PortRole::LogitRows));
  Value logits;
  if (config.tiedEmbeddings)
    logits = LinearOp::create(body, named("lm_head"), rows(config.vocabSize), chosen,
                              parameters.weight("embed").value,
                              /*scale=*/Value(), DenseI64ArrayAttr());
  else
    logits = linear(parameters, "lm_head", chosen);
  func::ReturnOp::create(body, named("step"), logits);
  return module;
}

OwningOpRef<ModuleOp> buildModel(MLIRContext *context, const ModelConfig &config,
                                 const WeightTable &weights, const Checkpoint &checkpoint,
                                 const TextFiles &textFiles, StringRef recordedDirectory,
                                 int64_t pageSize) {
  return ModelBuilder(context, config, weights)
      .build(checkpoint, textFiles, recordedDirectory, pageSize);
}

} // namespace hadal
