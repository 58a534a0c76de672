// SPDX-License-Identifier: Apache-2.0
// The stages of a compilation and the passes that lead from one to the next.
#ifndef HADAL_PIPELINE_PIPELINE_H
#define HADAL_PIPELINE_PIPELINE_H

#include "hadal/Target/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

#include <optional>
#include <string>
#include <vector>

namespace hadal {

/// The stages of a program, in order. Each is MLIR that can be written out and
/// fed back in.
enum class Stage { Model, Dispatch, Kernel, Plan };

std::optional<Stage> parseStage(llvm::StringRef name);
llvm::StringRef stageName(Stage stage);

/// The stage that a module is at, told by what it holds.
Stage stageOf(mlir::ModuleOp module);

struct PipelineOptions {
  std::vector<const Target *> targets; // of the programs to make, or of those there are
  std::vector<std::string> levels;     // of these, to compile for; none: those that they choose
  std::string precision = "native";  // native, reference
  std::string attention = "auto";    // auto, absorbed, expanded
  bool plain = false;                // no kernels but those of the plain path
  bool taps = false;                 // of what each op makes
};

/// The targets of the programs that `module` holds; none at the model stage.
/// Fails, with a diagnostic, where one is not registered.
mlir::FailureOr<std::vector<const Target *>> targetsOf(mlir::ModuleOp module);

/// Adds the targets that are part of Hadal.
void registerBuiltinTargets(TargetRegistry &targets);

/// Dialects and interfaces that any stage may need, whatever the target.
void registerDialects(mlir::DialectRegistry &registry);

/// All passes of Hadal and of the targets, for tools that run them by name.
void registerPasses(const TargetRegistry &targets);

/// Appends the passes that lead from stage `from` to stage `to`, with the
/// verifier of `from` before them and that of each stage behind its passes.
void buildPipeline(mlir::OpPassManager &pm, Stage from, Stage to, const PipelineOptions &options);

/// Counts the parameters of the module's `hadal.model`: in all, and those that one
/// token goes through, without the embedding table, and of the experts the chosen ones.
/// For a module at the model stage.
void countParameters(mlir::ModuleOp module);

} // namespace hadal

#endif // HADAL_PIPELINE_PIPELINE_H
