// SPDX-License-Identifier: Apache-2.0
// Keeps the commits to one output apart.
#include "files/CommitLock.h"
#include "files/Temporary.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hadal::files {
namespace {

/// Somebody else's file in a shared folder can be locked, if not written.
int openLock(const char *path) {
  constexpr int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  int file = open(path, O_RDWR | O_CREAT | flags, 0666);
  return file < 0 && errno == EACCES ? open(path, O_RDONLY | flags) : file;
}

} // namespace

bool CommitLock::take(const std::string &folder, const std::string &name) {
  path = folder + temporaryPrefix(name) + "lock";
  for (;;) {
    int file = openLock(path.c_str());
    if (file < 0 && errno == ENOENT)
      continue; // removed between the two calls
    if (file < 0)
      return false;
    int locked;
    while ((locked = flock(file, LOCK_EX)) != 0 && errno == EINTR) {
    }
    if (locked != 0) {
      unlink(path.c_str());
      close(file);
      return true;
    }
    // Who held it has removed the file: the lock is on the next one.
    struct stat info;
    if (fstat(file, &info) == 0 && info.st_nlink > 0) {
      descriptor = file;
      return true;
    }
    close(file);
  }
}

CommitLock::~CommitLock() {
  if (descriptor < 0)
    return;
  unlink(path.c_str());
  close(descriptor);
}

} // namespace hadal::files
