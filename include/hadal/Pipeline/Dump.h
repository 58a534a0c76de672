// SPDX-License-Identifier: Apache-2.0
// Writes what a compilation goes through to a folder: stages, executables, images.
#ifndef HADAL_PIPELINE_DUMP_H
#define HADAL_PIPELINE_DUMP_H

#include "hadal/Pipeline/Pipeline.h"
#include "hadal/Target/Target.h"

#include "llvm/Support/Error.h"

#include <memory>

namespace hadal {

/// A folder that appears when it is complete, or not at all:
///
///   index.json                             what follows what, sizes, launches
///   stages/1-model.mlir ...                the module at each stage
///   cpu/executables/NAME/00-...mlir  an executable, after each pass that changes it
///   cpu/executables/NAME/LEVEL/00-...      its kernel of one level, the same, to its code
///   cpu/images/LEVEL/00-...                the image of all of them
///
/// The same compilation gives the same files. Passes must run in one thread.
class Dump {
public:
  static llvm::Expected<std::unique_ptr<Dump>> open(llvm::StringRef path);
  ~Dump();

  /// Writes what the passes of `pm` make of executables.
  void follow(mlir::PassManager &pm);
  void addStage(mlir::ModuleOp module, Stage stage);
  void addForm(plan::ImageOp image, const ImageForm &form);

  /// What failed to be written so far.
  llvm::Error check() const;
  llvm::Error commit();

private:
  class Files;
  explicit Dump(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files;
};

} // namespace hadal

#endif // HADAL_PIPELINE_DUMP_H
