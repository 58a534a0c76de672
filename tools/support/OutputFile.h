// SPDX-License-Identifier: Apache-2.0
// A file that is either complete or not there.
#ifndef HADAL_TOOLS_SUPPORT_OUTPUTFILE_H
#define HADAL_TOOLS_SUPPORT_OUTPUTFILE_H

#include <cstddef>
#include <string>

namespace hadal::tools {

/// Removes what unfinished files have written; safe in a signal handler.
void removeUnfinishedFiles();

/// Written under another name beside its own, and renamed when it is complete;
/// what is no regular file (a pipe, a device) is written as it is. Failures are
/// errors of the tool, after which nothing is left; neither is it when SIGTERM or
/// SIGHUP ends the process.
class OutputFile {
public:
  explicit OutputFile(const std::string &path);
  /// Without close() the file is given up.
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  void write(const void *data, size_t size);
  void write(const std::string &text) { write(text.data(), text.size()); }
  void close();

private:
  [[noreturn]] void giveUp(const char *doing, int error);
  std::string path, temporary;
  int descriptor = -1;
};

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_OUTPUTFILE_H
