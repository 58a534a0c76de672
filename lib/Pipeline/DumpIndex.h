// SPDX-License-Identifier: Apache-2.0
// The index of a dump: what follows what, sizes, and which launch uses which executable.
#ifndef HADAL_LIB_PIPELINE_DUMPINDEX_H
#define HADAL_LIB_PIPELINE_DUMPINDEX_H

#include "mlir/IR/BuiltinOps.h"

#include <map>
#include <string>
#include <vector>

namespace hadal {

struct DumpIndex {
  struct File {
    std::string path, after; // what made it: a pass, a stage, a step of code generation
    uint64_t bytes = 0;
  };
  /// Files each of which follows the one before.
  struct List {
    std::vector<File> files;
    uint64_t hash = 0; // of the last one
  };
  struct Executable {
    List all;
    std::map<std::string, List> levels;
  };
  struct Launch {
    std::string program, entry, label, executable;
    int64_t index; // among those of the entry
  };
  using Key = std::pair<std::string, std::string>; // a program and what it holds

  Executable &executable(llvm::StringRef family, llvm::StringRef name) {
    return executables[{family.str(), name.str()}];
  }
  void setLaunches(mlir::ModuleOp module);
  /// JSON, a line for each stage, executable, image and launch.
  std::string text() const;

  std::vector<File> stages;
  std::map<Key, Executable> executables;
  std::map<Key, List> images; // by level
  std::vector<Launch> launches;
};

} // namespace hadal

#endif // HADAL_LIB_PIPELINE_DUMPINDEX_H
