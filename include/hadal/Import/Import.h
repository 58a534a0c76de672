// SPDX-License-Identifier: Apache-2.0
// From a checkpoint in Hugging Face layout to a module at the model stage.
//
// What the module holds
//   attributes  hadal.checkpoint   the folder, as given (see ImportOptions)
//               hadal.files        [#hadal.file<...>], what sources index
//               hadal.model        #hadal.model<...>, what the model is
//               hadal.tokenizer, hadal.tokenizer_config, hadal.generation
//                                  #hadal.file<...>, the text files that the
//                                  runtime's readers accept
//               hadal.text_note    why text is not available, where it is not
//               hadal.generation_note
//                                  why generation_config.json is not used,
//                                  where it is not
//   hadal.parameter                one for each logical weight; experts stacked
//   hadal.state                    @cache.N, one for each layer
//   plan.host_dim                  one for each dim of a language model
//   plan.block_table               @pages, that of all caches
//   func.func @step                of the role step; attributes say what its
//                                  arguments and its result are
#ifndef HADAL_IMPORT_IMPORT_H
#define HADAL_IMPORT_IMPORT_H

#include "hadal/Import/Problems.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace hadal {

struct ImportOptions {
  /// Needs config.json only; parameters then have no sources.
  bool shapesOnly = false;
  /// Tokens on a page of the latent cache.
  int64_t pageSize = 64;
  /// Positions that a session may use, at most those of the model; where it is
  /// not given, all of them.
  std::optional<int64_t> maxContext;
  /// Recorded as hadal.checkpoint instead of the directory that was read.
  std::string recordedDirectory;
};

/// Imports the checkpoint in `directory`. Every problem is emitted as a
/// diagnostic of `context`, located at its file: errors; as warnings what the
/// model will not do; as remarks what was left out or taken by default. Tensor
/// data is never read.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
importModel(mlir::MLIRContext *context, llvm::StringRef directory, const ImportOptions &options);

/// Looks for everything that would make importModel fail, without making a
/// module. `summary` gets one line about the model where its configuration
/// could be read.
void checkCheckpoint(llvm::StringRef directory, const ImportOptions &options, Problems &problems,
                     std::string &summary);

/// What an output must not replace: the files of the checkpoint in `directory`,
/// as far as the folder tells, and those that `module` takes weights from.
std::vector<std::string> inputFiles(llvm::StringRef directory, mlir::ModuleOp module);

} // namespace hadal

#endif // HADAL_IMPORT_IMPORT_H
