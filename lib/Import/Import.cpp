// SPDX-License-Identifier: Apache-2.0
// From a checkpoint in Hugging Face layout to a module at the model stage.
#include "hadal/Import/Import.h"

#include "FileBytes.h"
#include "ModelBuilder.h"
#include "WeightTable.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace hadal {

namespace {
/// Everything that is known of a checkpoint before a module is built.
struct Inputs {
  ModelConfig config;
  TextFiles text;
  Checkpoint checkpoint;
  WeightTable weights;
};
} // namespace

/// Chooses how many positions a session may use.
static void limitContext(StringRef directory, const ImportOptions &options, ModelConfig &config,
                         Problems &problems) {
  int64_t most = config.maxPositions;
  config.context = std::min(options.maxContext.value_or(most), most);
  std::string configPath = joinPath(directory, "config.json");
  StringRef key = "max_position_embeddings";
  if (options.maxContext > most)
    problems.error(configPath, key,
                   "expected at least the --max-context of " + formatCount(*options.maxContext) +
                       ", got " + formatCount(most));
}

static Inputs readInputs(StringRef directory, const ImportOptions &options, Problems &problems) {
  Inputs inputs;
  if (!llvm::sys::fs::is_directory(directory)) {
    problems.error(directory, "",
                   "expected a folder with config.json, got " +
                       Twine(llvm::sys::fs::exists(directory) ? "a file" : "no such folder"));
    return inputs;
  }
  inputs.config = readModelConfig(directory, problems);
  if (inputs.config.shapesKnown && inputs.config.maxPositions)
    limitContext(directory, options, inputs.config, problems);
  inputs.text = readTextFiles(directory, inputs.config, problems);
  if (options.shapesOnly) {
    if (inputs.config.shapesKnown)
      inputs.weights = weightsWithoutFiles(inputs.config);
    return inputs;
  }
  // Where the configuration does not tell the shapes, the files can still be
  // checked by themselves.
  inputs.checkpoint = readCheckpoint(directory, problems);
  if (inputs.config.shapesKnown)
    inputs.weights = bindWeights(inputs.config, inputs.checkpoint, problems);
  return inputs;
}

static std::string formatParameters(double count) {
  if (count >= 1e9)
    return llvm::formatv("{0:f1}B", count / 1e9);
  if (count >= 1e6)
    return llvm::formatv("{0:f1}M", count / 1e6);
  return llvm::formatv("{0:f1}K", count / 1e3);
}

static std::string summarise(const Inputs &inputs) {
  double parameters = 0;
  for (const BoundWeight &weight : inputs.weights.weights) {
    double count = weight.spec.tensors.size();
    for (int64_t extent : weight.spec.shape)
      count *= extent;
    parameters += count;
  }
  size_t mixtures = llvm::count(inputs.config.isMoE, true);
  size_t files = inputs.checkpoint.files.size();
  return llvm::formatv("{0}, {1} layers ({2} with experts), {3} parameters, {4} weight file{5}",
                       inputs.config.family, inputs.config.layers, mixtures,
                       formatParameters(parameters), files, files == 1 ? "" : "s");
}

void checkCheckpoint(StringRef directory, const ImportOptions &options, Problems &problems,
                     std::string &summary) {
  Inputs inputs = readInputs(directory, options, problems);
  if (!inputs.weights.weights.empty())
    summary = summarise(inputs);
}

FailureOr<OwningOpRef<ModuleOp>> importModel(MLIRContext *context, StringRef directory,
                                             const ImportOptions &options) {
  context
      ->loadDialect<HadalDialect, arith::ArithDialect, func::FuncDialect, tensor::TensorDialect>();
  Problems problems;
  Inputs inputs = readInputs(directory, options, problems);
  auto at = [&](const Problem &problem) -> Location {
    if (problem.file.empty())
      return UnknownLoc::get(context);
    return FileLineColLoc::get(StringAttr::get(context, problem.file), 0, 0);
  };
  for (const Problem &problem : problems.notes())
    emitRemark(at(problem)) << problem.detail();
  for (const Problem &problem : problems.warnings())
    emitWarning(at(problem)) << problem.detail();
  for (const Problem &problem : problems.errors())
    emitError(at(problem)) << problem.detail();
  if (problems.any())
    return failure();

  StringRef recorded =
      options.recordedDirectory.empty() ? directory : StringRef(options.recordedDirectory);
  OwningOpRef<ModuleOp> module =
      buildModel(context, inputs.config, inputs.weights, inputs.checkpoint, inputs.text, recorded,
                 options.pageSize);
  if (failed(verify(*module)))
    return failure();
  return module;
}

} // namespace hadal
