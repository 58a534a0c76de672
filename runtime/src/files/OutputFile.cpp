// SPDX-License-Identifier: Apache-2.0
// A file that appears under its name when it is complete, or not at all.
#include "files/OutputFile.h"
#include "files/Paths.h"
#include "files/Unfinished.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hadal::files {
namespace {

/// Removes temporary files whose writers are gone. A writer holds a lock on its
/// file as long as it lives; where the system has no locks, they stay.
void clearAbandoned(const std::string &folder, const std::string &prefix) {
  DIR *entries = opendir(folder.empty() ? "." : folder.c_str());
  if (!entries)
    return;
  while (const dirent *entry = readdir(entries)) {
    if (std::strncmp(entry->d_name, prefix.c_str(), prefix.size()) != 0)
      continue;
    std::string path = folder + entry->d_name;
    int file = open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    // The name may be another file's by now, of somebody who is at work; while it
    // is that of the file which is locked here, nobody can put another there.
    struct stat locked, named;
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0 && fstat(file, &locked) == 0 &&
        lstat(path.c_str(), &named) == 0 && locked.st_ino == named.st_ino &&
        locked.st_dev == named.st_dev)
      unlink(path.c_str());
    if (file >= 0)
      close(file);
  }
  closedir(entries);
}

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

std::string temporaryPrefix(const std::string &name) {
  char hash[32];
  std::snprintf(hash, sizeof hash, ".tmp-%016llx-",
                static_cast<unsigned long long>(XXH3_64bits(name.data(), name.size())));
  return beginningOf(name, 200) + hash;
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
  clearAbandoned(folder, prefix);
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
  const char *bytes = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t count = ::write(descriptor, bytes, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return fail(count < 0 ? errno : EIO);
    bytes += count;
    size -= static_cast<size_t>(count);
    written += static_cast<uint64_t>(count);
  }
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
