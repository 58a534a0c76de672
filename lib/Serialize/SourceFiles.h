// SPDX-License-Identifier: Apache-2.0
// The checkpoint's files, mapped while parameters are packed from them.
#ifndef HADAL_LIB_SERIALIZE_SOURCEFILES_H
#define HADAL_LIB_SERIALIZE_SOURCEFILES_H

#include "hadal/IR/HadalDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <vector>

namespace hadal {

/// Where a tensor begins in its file, and its shape.
struct TensorExtent {
  uint64_t offset = 0;
  llvm::SmallVector<int64_t> shape;
};

/// Maps the files that `hadal.files` names, and checks that they are the ones
/// that were imported: size and header hash.
class SourceFiles {
public:
  static llvm::Expected<SourceFiles> open(mlir::ModuleOp module);
  SourceFiles(SourceFiles &&) = default;
  SourceFiles &operator=(SourceFiles &&) = default;
  ~SourceFiles();

  /// The bytes of a stored tensor.
  llvm::Expected<const uint8_t *> bytes(SourceAttr source) const;
  const std::string &path(SourceAttr source) const { return files[source.getFile()].path; }
  /// The tensor that a source is, or is a slice of, as the file's header has it.
  TensorExtent tensor(SourceAttr source);
  /// Lets the pages of a tensor go; reading them again maps them again.
  void release(SourceAttr source) const;

private:
  SourceFiles() = default;
  struct File {
    std::string path;
    uint8_t *data = nullptr;
    uint64_t size = 0;
    llvm::json::Value header = nullptr; // once it was asked for
  };
  std::vector<File> files;
};

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_SOURCEFILES_H
