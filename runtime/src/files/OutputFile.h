// SPDX-License-Identifier: Apache-2.0
// A file that appears under its name when it is complete, or not at all.
#ifndef HADAL_FILES_OUTPUTFILE_H
#define HADAL_FILES_OUTPUTFILE_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace hadal::files {

/// Written under another name in its folder and renamed when it is complete. A
/// link stays one; what is no regular file (a pipe, a device, - for standard
/// output) is written as it is. Until then nothing but the other file is touched,
/// and that is removed when the object or the process ends; what a killed process
/// left is removed when the same output is opened again.
///
/// Calls return false on failure; error() then says which file and why.
class OutputFile {
public:
  OutputFile() = default;
  ~OutputFile() { discard(); }
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  bool open(const std::string &path);
  /// A file of `folder` that gets its name with commitAs. Messages speak of
  /// `path`, and what killed processes left under `name` is removed.
  bool openUnnamed(const std::string &folder, const std::string &name, const std::string &path);
  /// Appends bytes.
  bool write(const void *data, size_t size);
  /// Overwrites bytes that were written before; not for pipes.
  bool patch(uint64_t offset, const void *data, size_t size);
  /// Has the bytes on the disk, so that no crash of the machine leaves the name
  /// without them.
  bool sync();
  /// Renames to its name; or to `name`, another one of its folder.
  bool commit() { return commitAs(target); }
  bool commitAs(const std::string &path);
  /// Removes what was written.
  void discard();

  bool isOpen() const { return descriptor >= 0; }
  uint64_t size() const { return written; }
  const std::string &error() const { return message; }

private:
  bool makeTemporary(const std::string &folder, const std::string &name);
  bool fail(int error);

  std::string given, target, temporary, message;
  int descriptor = -1;
  uint64_t written = 0;
};

/// The longest beginning of `name` of at most `limit` bytes that does not end
/// within a character.
std::string beginningOf(const std::string &name, size_t limit);

} // namespace hadal::files

#endif // HADAL_FILES_OUTPUTFILE_H
