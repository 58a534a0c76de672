// SPDX-License-Identifier: Apache-2.0
// Finds the stored tensors of every expected weight, and what is stored beside
// them.
#include "FileBytes.h"
#include "Quantisers.h"
#include "WeightTable.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace llvm;

namespace hadal {

static std::string formatShape(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (auto [i, extent] : enumerate(shape))
    text += (i ? ", " : "") + std::to_string(extent);
  return text + "]";
}

/// Buffers that old versions of transformers saved and that follow from the
/// configuration.
static bool isRotaryBuffer(StringRef tensor) {
  auto [module, buffer] = tensor.rsplit('.');
  return module.ends_with("rotary_emb") &&
         is_contained({"inv_freq", "original_inv_freq", "cos_cached", "sin_cached"}, buffer);
}

namespace {

class Binder {
public:
  Binder(const ModelConfig &config, const Checkpoint &checkpoint, Problems &problems)
      : config(config), checkpoint(checkpoint), problems(problems),
        prefixes(findPrefixes(config, checkpoint)) {}
  WeightTable run();

private:
  void bind(WeightSpec spec);
  void bindFused(BoundWeight &weight, const StoredTensor &stored);
  void bindScale(BoundWeight &weight, StringRef tensor);
  const StoredTensor *claim(StringRef name, ArrayRef<int64_t> shape);
  bool acceptType(const BoundWeight &weight, StringRef tensor, const StoredTensor &stored);
  void reportMixed();
  void reportSurplus();
  void reportLayer(int64_t layer, bool nextToken, StringRef tensor, StringRef file);

  std::string pathOf(const StoredTensor &stored) const {
    return joinPath(checkpoint.directory, checkpoint.files[stored.file].name);
  }
  /// The file to name where a tensor is missing: the only one, or the folder.
  std::string anyPath() const {
    return checkpoint.files.size() == 1 ? joinPath(checkpoint.directory, checkpoint.files[0].name)
                                        : checkpoint.directory;
  }

  const ModelConfig &config;
  const Checkpoint &checkpoint;
  Problems &problems;
  NamePrefixes prefixes;
  WeightTable table;
  DenseSet<const StoredTensor *> claimed;
};

} // namespace

const StoredTensor *Binder::claim(StringRef name, ArrayRef<int64_t> shape) {
  auto found = checkpoint.tensors.find(name);
  if (found == checkpoint.tensors.end()) {
    if (!checkpoint.isUnusable(name))
      problems.error(anyPath(), name,
                     "expected a tensor of shape " + formatShape(shape) + ", got none");
    return nullptr;
  }
  const StoredTensor &stored = found->second;
  claimed.insert(&stored);
  if (ArrayRef<int64_t>(stored.shape) != shape) {
    problems.error(pathOf(stored), name,
                   "expected shape " + formatShape(shape) + ", got " + formatShape(stored.shape));
    return nullptr;
  }
  return &stored;
}

// Whether the stored type can be one of the weight's.
bool Binder::acceptType(const BoundWeight &weight, StringRef tensor, const StoredTensor &stored) {
  bool plain = stored.dtype == "BF16" || stored.dtype == "F16" || stored.dtype == "F32";
  bool fp8 = stored.dtype == "F8_E4M3" && weight.spec.kind == WeightSpec::Matrix && config.fp8;
  if (!plain && !fp8) {
    StringRef allowed = weight.spec.kind == WeightSpec::Matrix && config.fp8
                            ? "BF16, F16, F32 or F8_E4M3"
                            : "BF16, F16 or F32";
    problems.error(
        pathOf(stored), tensor,
        "expected type " + allowed + ", got " + stored.dtype +
            (stored.dtype == "F8_E4M3" && !config.fp8 ? " without a quantization_config" : ""));
    return false;
  }
  return true;
}

void Binder::bindScale(BoundWeight &weight, StringRef tensor) {
  SmallVector<int64_t, 2> shape = scaleShape(*config.fp8, weight.spec.shape);
  std::string name = (tensor + "_scale_inv").str();
  const StoredTensor *stored = claim(name, shape);
  if (!stored)
    return;
  if (stored->dtype != "F32")
    problems.error(pathOf(*stored), name, "expected type F32, got " + stored->dtype);
  weight.scales.push_back({name, stored->dtype, stored->file, stored->offset, stored->length});
}

// One tensor [experts, rows, in]: the rows of an expert are contiguous, so a
// weight is a list of slices of it.
void Binder::bindFused(BoundWeight &weight, const StoredTensor &stored) {
  const WeightSpec::Fused &fused = *weight.spec.fused;
  // Gate and up are slices of one tensor, which is reported once.
  bool first = claimed.insert(&stored).second;
  SmallVector<int64_t, 3> shape = {config.experts, fused.rows, weight.spec.shape[1]};
  if (ArrayRef<int64_t>(stored.shape) != ArrayRef<int64_t>(shape)) {
    if (first)
      problems.error(pathOf(stored), fused.tensor,
                     "expected shape " + formatShape(shape) + ", got " + formatShape(stored.shape));
    return;
  }
  if (stored.dtype == "F8_E4M3") {
    problems.error(pathOf(stored), fused.tensor,
                   "expected type BF16, F16 or F32 for fused experts, got F8_E4M3");
    return;
  }
  if (!acceptType(weight, fused.tensor, stored))
    return;
  weight.join(stored.dtype);
  uint64_t expertBytes = stored.length / config.experts, rowBytes = expertBytes / fused.rows;
  for (int64_t e = 0; e < config.experts; ++e)
    weight.sources.push_back({fused.tensor, stored.dtype, stored.file,
                              stored.offset + e * expertBytes + fused.firstRow * rowBytes,
                              weight.spec.shape[0] * rowBytes});
}

void Binder::bind(WeightSpec spec) {
  BoundWeight weight;
  weight.spec = std::move(spec);
  const WeightSpec &wanted = weight.spec;
  if (wanted.fused && !checkpoint.tensors.contains(wanted.tensors.front()))
    if (auto found = checkpoint.tensors.find(wanted.fused->tensor);
        found != checkpoint.tensors.end()) {
      bindFused(weight, found->second);
      return table.add(std::move(weight));
    }
  for (const std::string &tensor : wanted.tensors) {
    const StoredTensor *stored = claim(tensor, wanted.shape);
    if (!stored || !acceptType(weight, tensor, *stored))
      continue;
    weight.join(stored->dtype);
    weight.sources.push_back({tensor, stored->dtype, stored->file, stored->offset, stored->length});
    if (BoundWeight::isFp8(stored->dtype))
      bindScale(weight, tensor);
  }
  table.add(std::move(weight));
}

// Once: such checkpoints have it in many layers.
void Binder::reportMixed() {
  auto isMixed = [](const BoundWeight &weight) { return weight.mixed; };
  size_t count = count_if(table.weights, isMixed);
  if (count == 0)
    return;
  const BoundWeight &first = *find_if(table.weights, isMixed);
  const std::string &type = first.sources.front().dtype;
  auto other =
      find_if(first.sources, [&](const BoundSource &source) { return source.dtype != type; });
  problems.note(checkpoint.directory, other->tensor,
                "stored as " + other->dtype + ", expert 0 as " + type +
                    ": such experts are widened to bf16, or to f32 with "
                    "--precision=reference (" +
                    Twine(count) + " of the model's stacks of experts)");
}

void Binder::reportLayer(int64_t layer, bool nextToken, StringRef tensor, StringRef file) {
  if (nextToken)
    problems.note(file, prefixes.model + "layers." + std::to_string(layer),
                  "left out, the layer predicts a further token and generation "
                  "does not need it");
  else
    problems.error(file, tensor,
                   "expected " + Twine(config.layers) +
                       " layers as num_hidden_layers says, got layer " + Twine(layer));
}

void Binder::reportSurplus() {
  std::vector<StringRef> surplus;
  for (const auto &entry : checkpoint.tensors)
    if (!claimed.contains(&entry.second))
      surplus.push_back(entry.first());
  sort(surplus);

  struct Layer {
    StringRef tensor, file;
    bool nextToken;
  };
  std::map<int64_t, Layer> layers; // beyond the last, reported once each
  std::vector<std::string> paths;
  for (const WeightFile &file : checkpoint.files)
    paths.push_back(joinPath(checkpoint.directory, file.name));
  size_t outside = 0;
  QuantiserNames refused;
  for (StringRef name : surplus) {
    const StoredTensor &stored = checkpoint.tensors.find(name)->second;
    StringRef file = paths[stored.file];
    StringRef rest = name;
    if (isRotaryBuffer(name))
      continue;
    if (isCacheScale(name, stored.shape)) {
      problems.note(file, name, "left out, it scales a quantised cache and this one is not");
      continue;
    }
    if (config.tiedEmbeddings && name == prefixes.head) {
      problems.note(file, name, "left out, tie_word_embeddings is true");
      continue;
    }
    if (!rest.consume_front(prefixes.model)) {
      if (config.nested) {
        ++outside;
        continue;
      }
    } else if (int64_t layer; rest.consume_front("layers.") && !rest.consumeInteger(10, layer) &&
                              layer >= config.layers && rest.starts_with(".")) {
      std::string prefix = (prefixes.model + "layers." + Twine(layer)).str();
      layers.insert({layer,
                     {name, file,
                      layer < config.layers + config.nextTokenLayers ||
                          checkpoint.tensors.contains(prefix + ".eh_proj.weight")}});
      continue;
    }
    refused.add(name);
    problems.error(file, name,
                   "expected no such tensor in this model, got one of shape " +
                       formatShape(stored.shape));
  }
  for (auto &[layer, found] : layers)
    reportLayer(layer, found.nextToken, found.tensor, found.file);
  if (std::optional<std::string> quantiser = refused.describe())
    problems.cause(checkpoint.directory, "", *quantiser);
  if (outside)
    problems.note(checkpoint.directory, "",
                  "left out " + Twine(outside) + " tensors outside of the language model");
}

WeightTable Binder::run() {
  for (WeightSpec &spec : expectedWeights(config, prefixes))
    bind(std::move(spec));
  reportMixed();
  reportSurplus();
  return std::move(table);
}

WeightTable bindWeights(const ModelConfig &config, const Checkpoint &checkpoint,
                        Problems &problems) {
  return Binder(config, checkpoint, problems).run();
}

} // namespace hadal
