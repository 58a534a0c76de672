// SPDX-License-Identifier: Apache-2.0
// Keeps the commits to one output apart.
#ifndef HADAL_FILES_COMMITLOCK_H
#define HADAL_FILES_COMMITLOCK_H

#include <string>

namespace hadal::files {

/// A lock on an output, whoever writes it, by a file beside it that is there only
/// while somebody holds it. A process that ends otherwise holds it no longer; its
/// file is used by the next one, or removed with other leftovers of the output.
class CommitLock {
public:
  CommitLock() = default;
  ~CommitLock();
  CommitLock(const CommitLock &) = delete;
  CommitLock &operator=(const CommitLock &) = delete;

  /// Waits for it. Returns false, with errno, when the file cannot be made.
  bool take(const std::string &folder, const std::string &name);
  /// False where the file system has no locks: then nobody is kept out.
  bool isHeld() const { return descriptor >= 0; }

private:
  std::string path;
  int descriptor = -1;
};

} // namespace hadal::files

#endif // HADAL_FILES_COMMITLOCK_H
