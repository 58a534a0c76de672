// SPDX-License-Identifier: Apache-2.0
// Bounded reads of files, with errors that name them.
#ifndef HADAL_LIB_IMPORT_FILEBYTES_H
#define HADAL_LIB_IMPORT_FILEBYTES_H

#include "hadal/Import/Problems.h"

#include <optional>

namespace hadal {

/// `directory/name`.
std::string joinPath(llvm::StringRef directory, llvm::StringRef name);

/// Whether `path` is a regular file (through links).
bool isRegularFile(llvm::StringRef path);

/// Whether something goes by this name, be it a link to a file that is gone.
bool hasEntry(llvm::StringRef path);

/// The contents of a regular file of at most `limit` bytes that should be JSON:
/// not what a failed download left under its name.
std::optional<std::string> readJsonText(llvm::StringRef path, uint64_t limit, Problems &problems);

/// An open regular file that is read in pieces.
class FileReader {
public:
  FileReader() = default;
  FileReader(const FileReader &) = delete;
  FileReader &operator=(const FileReader &) = delete;
  ~FileReader();

  bool open(llvm::StringRef path, Problems &problems);
  uint64_t size() const { return bytes; }
  /// Exactly `length` bytes from `offset`; false, with an error, otherwise.
  bool read(uint64_t offset, uint64_t length, char *to, Problems &problems);

private:
  std::string path;
  int descriptor = -1;
  uint64_t bytes = 0;
};

} // namespace hadal

#endif // HADAL_LIB_IMPORT_FILEBYTES_H
