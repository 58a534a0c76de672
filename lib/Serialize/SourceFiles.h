// SPDX-License-Identifier: Apache-2.0
// The checkpoint's files, mapped while parameters are packed from them.
#ifndef HADAL_LIB_SERIALIZE_SOURCEFILES_H
#define HADAL_LIB_SERIALIZE_SOURCEFILES_H

#include "hadal/IR/HadalDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <vector>

namespace hadal {

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
  /// Lets the pages of a tensor go; reading them again maps them again.
  void release(SourceAttr source) const;

private:
  SourceFiles() = default;
  struct File {
    std::string path;
    uint8_t *data = nullptr;
    uint64_t size = 0;
  };
  std::vector<File> files;
};

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_SOURCEFILES_H
