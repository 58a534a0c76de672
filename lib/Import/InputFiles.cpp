// SPDX-License-Identifier: Apache-2.0
// The files of a checkpoint that no output may replace.
#include "hadal/Import/Import.h"

#include "FileBytes.h"

#include "files/WeightsName.h"
#include "hadal/IR/HadalDialect.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace hadal {

/// Whether a checkpoint's files end so, be they read today or not.
static bool isCheckpointName(StringRef name) {
  StringRef extension = sys::path::extension(name);
  return (extension == ".json" || extension == ".safetensors" || extension == ".model") &&
         !files::isWeightsName(name.str());
}

std::vector<std::string> inputFiles(StringRef directory, mlir::ModuleOp module) {
  std::vector<std::string> paths;
  std::error_code error;
  for (sys::fs::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error))
    if (isCheckpointName(sys::path::filename(at->path())))
      paths.push_back(at->path());
  for (FileAttr file : filesOf(module))
    paths.push_back(joinPath(directory, file.getName()));
  llvm::sort(paths);
  return paths;
}

} // namespace hadal
