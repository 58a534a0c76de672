// SPDX-License-Identifier: Apache-2.0
// Where an output goes, and whether it would destroy an input.
#ifndef HADAL_FILES_PATHS_H
#define HADAL_FILES_PATHS_H

#include <string>
#include <vector>

namespace hadal::files {

/// What the name of an output stands for.
struct Target {
  enum Kind {
    file,     // a regular file, or none yet
    folder,   //
    special,  // a device or a pipe: written to as it is
    descriptor // one that this process has open: -, /dev/stdout, /dev/fd/N
  };
  Kind kind = file;
  std::string path;  // behind links, so that a link stays one
  int number = -1;   // of an open descriptor
};

Target resolveOutput(const std::string &path);

/// The folder of a path, with a slash at its end; "" for the current one.
std::string folderOf(const std::string &path);
/// What follows the last slash.
std::string nameOf(const std::string &path);

/// Why a tool must not write these, or nothing: one of them is an input, under
/// whatever name, link or hard link, or two of them are one file. Only regular
/// files count.
std::string outputProblem(const std::vector<std::string> &outputs,
                          const std::vector<std::string> &inputs);

} // namespace hadal::files

#endif // HADAL_FILES_PATHS_H
