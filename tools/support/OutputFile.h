// SPDX-License-Identifier: Apache-2.0
// A file that is either complete or not there, for tools.
#ifndef HADAL_TOOLS_SUPPORT_OUTPUTFILE_H
#define HADAL_TOOLS_SUPPORT_OUTPUTFILE_H

#include "files/OutputFile.h"
#include "support/Diagnostics.h"

#include <string>

namespace hadal::tools {

/// Failures are errors of the tool, after which nothing is left.
class OutputFile {
public:
  explicit OutputFile(const std::string &path) { check(file.open(path)); }

  void write(const void *data, size_t size) { check(file.write(data, size)); }
  void write(const std::string &text) { write(text.data(), text.size()); }
  /// Without close() the file is given up.
  void close() { check(file.commit()); }

private:
  void check(bool good) {
    if (!good)
      fail(file.error());
  }
  files::OutputFile file;
};

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_OUTPUTFILE_H
