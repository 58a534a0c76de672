// SPDX-License-Identifier: Apache-2.0
// A file that appears under its name when it is complete, or not at all.
#include "files/OutputFile.h"
#include "files/Paths.h"
#include "files/Temporary.h"
#include "files/Unfinished.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hadal::files {
namespace {

/// A file that is there and that nobody may write is not replaced either, though
/// the rights of its folder alone would let it.
bool isWritable(const std::string &path) {
  return faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0 || errno == ENOENT;
}

} // namespace

std::string beginningOf(const std::string &name, size_t limit) {
  size_t end = std::min(name.size(), limit);
  while (end > 0 && end < name.size() && (name[end] & 0xc0) == 0x80)
    --end;
  return name.substr(0, end);
}

bool OutputFile::fail(int error) {
  message = given + ": cannot be written: " + std::strerror(error);
  discard();
  return false;
}

bool OutputFile::open(const std::string &path) {
  given = path;
  Target where = resolveOutput(path);
  target = where.path;
  switch (where.kind) {
  case Target::folder: message = path + ": expected a file to write, got a directory"; return false;
  case Target::special:
    descriptor = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
    return descriptor >= 0 || fail(errno);
  case Target::descriptor:
    descriptor = fcntl(where.number, F_DUPFD_CLOEXEC, 3);
    return descriptor >= 0 || fail(errno);
  case Target::file: break;
  }
  if (!isWritable(target))
    return fail(errno);
  return makeTemporary(folderOf(target), nameOf(target)) || fail(errno);
}

bool OutputFile::openUnnamed(const std::string &folder, const std::string &name,
                             const std::string &path) {
  given = path;
  return makeTemporary(folder, name) || fail(errno);
}

bool OutputFile::makeTemporary(const std::string &folder, const std::string &name) {
  std::string prefix = temporaryPrefix(name);
  clearAbandoned(folder, prefix, O_RDWR | O_NONBLOCK, unlink);
  for (int i = 0;; ++i) {
    temporary = folder + prefix + std::to_string(getpid()) + (i ? "-" + std::to_string(i) : "");
    addUnfinished(temporary);
    descriptor = ::open(temporary.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
    if (descriptor < 0) {
      int error = errno;
      dropUnfinished(temporary);
      temporary.clear();
      errno = error;
      if (error == EEXIST && i < 1000)
        continue;
      return false;
    }
    // Another writer may have taken it for abandoned before it was locked.
    struct stat info;
    while (flock(descriptor, LOCK_EX) != 0 && errno == EINTR) {
    }
    if (fstat(descriptor, &info) == 0 && info.st_nlink > 0)
      return true;
    dropUnfinished(temporary);
    close(descriptor);
  }
}

bool OutputFile::write(const void *data, size_t size) {
  if (!writeAll(descriptor, data, size))
    return fail(errno);
  written += size;
  return true;
}

bool OutputFile::patch(uint64_t offset, const void *data, size_t size) {
  ssize_t count = pwrite(descriptor, data, size, static_cast<off_t>(offset));
  return count == static_cast<ssize_t>(size) || fail(count < 0 ? errno : EIO);
}

bool OutputFile::sync() { return temporary.empty() || fsync(descriptor) == 0 || fail(errno); }

bool OutputFile::commitAs(const std::string &path) {
  // Some file systems tell of a full disk when a descriptor is closed. The other
  // one keeps the lock, so that nobody takes the file for abandoned.
  int flushed = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
  if (flushed < 0 || close(flushed) != 0)
    return fail(errno);
  if (!temporary.empty()) {
    if (rename(temporary.c_str(), path.c_str()) != 0)
      return fail(errno);
    dropUnfinished(temporary);
    temporary.clear();
  }
  discard();
  return true;
}

void OutputFile::discard() {
  if (!temporary.empty()) {
    unlink(temporary.c_str());
    dropUnfinished(temporary);
    temporary.clear();
  }
  if (descriptor >= 0)
    close(descriptor);
  descriptor = -1;
}

} // namespace hadal::files
