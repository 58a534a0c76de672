// SPDX-License-Identifier: Apache-2.0
// A folder of files that appears under its name when it is complete, or not at all.
#ifndef HADAL_FILES_FOLDEROUTPUT_H
#define HADAL_FILES_FOLDEROUTPUT_H

#include <cstddef>
#include <string>
#include <vector>

namespace hadal::files {

/// Written under another name beside its own, and renamed when it is complete. A name
/// that is taken must be that of an empty folder. What is begun is removed when the
/// object or the process ends; what a killed process left is removed when the same
/// folder is opened again.
///
/// Calls return false on failure; error() then says which file and why, and nothing
/// is left.
class FolderOutput {
public:
  FolderOutput() = default;
  ~FolderOutput() { discard(); }
  FolderOutput(const FolderOutput &) = delete;
  FolderOutput &operator=(const FolderOutput &) = delete;

  bool open(const std::string &path);
  /// Writes a file, `path` in the folder; folders on the way are made.
  bool write(const std::string &path, const void *data, size_t size);
  bool commit();
  /// Removes what was written.
  void discard();

  const std::string &error() const { return message; }

private:
  bool fail(const std::string &path, int error);
  bool makeFolders(const std::string &path);

  std::string given, target, temporary, message;
  std::vector<std::string> made; // files and folders, in order
  int lock = -1;
};

} // namespace hadal::files

#endif // HADAL_FILES_FOLDEROUTPUT_H
