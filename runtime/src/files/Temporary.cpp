// SPDX-License-Identifier: Apache-2.0
// What outputs share that have other names until they are complete.
#include "files/Temporary.h"
#include "files/OutputFile.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hadal::files {

std::string temporaryPrefix(const std::string &name) {
  char hash[32];
  std::snprintf(hash, sizeof hash, ".tmp-%016llx-",
                static_cast<unsigned long long>(XXH3_64bits(name.data(), name.size())));
  return beginningOf(name, 200) + hash;
}

void clearAbandoned(const std::string &folder, const std::string &prefix, int flags,
                    int (*remove)(const char *path)) {
  DIR *entries = opendir(folder.empty() ? "." : folder.c_str());
  if (!entries)
    return;
  while (const dirent *entry = readdir(entries)) {
    if (std::strncmp(entry->d_name, prefix.c_str(), prefix.size()) != 0)
      continue;
    std::string path = folder + entry->d_name;
    int held = open(path.c_str(), flags | O_NOFOLLOW | O_CLOEXEC);
    // The name may be another output's by now, of somebody who is at work; while it
    // is that of what is locked here, nobody can put another there.
    struct stat locked, named;
    if (held >= 0 && flock(held, LOCK_EX | LOCK_NB) == 0 && fstat(held, &locked) == 0 &&
        lstat(path.c_str(), &named) == 0 && locked.st_ino == named.st_ino &&
        locked.st_dev == named.st_dev)
      remove(path.c_str());
    if (held >= 0)
      close(held);
  }
  closedir(entries);
}

bool writeAll(int descriptor, const void *data, size_t size) {
  const char *bytes = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t count = write(descriptor, bytes, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0) {
      errno = count < 0 ? errno : EIO;
      return false;
    }
    bytes += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

} // namespace hadal::files
