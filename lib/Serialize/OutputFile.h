// SPDX-License-Identifier: Apache-2.0
// A file that appears under its name only when it is complete.
#ifndef HADAL_LIB_SERIALIZE_OUTPUTFILE_H
#define HADAL_LIB_SERIALIZE_OUTPUTFILE_H

#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace hadal {

/// Written under a temporary name beside the target and renamed by `commit`;
/// removed when destroyed before, or when a signal ends the process.
class OutputFile {
public:
  static llvm::Expected<OutputFile> create(std::string path);
  OutputFile(OutputFile &&other);
  OutputFile &operator=(OutputFile &&) = delete;
  ~OutputFile();

  /// Appends bytes. A full disk and the like is an error that names the path.
  llvm::Error write(const void *data, size_t size);
  /// Overwrites bytes that were written before.
  llvm::Error patch(uint64_t offset, const void *data, size_t size);
  llvm::Error commit();
  uint64_t size() const { return written; }

private:
  OutputFile() = default;
  llvm::Error fail(const char *what);
  std::string path, temporary;
  int fd = -1;
  uint64_t written = 0;
};

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_OUTPUTFILE_H
