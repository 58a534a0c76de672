// SPDX-License-Identifier: Apache-2.0
// A folder of files that appears under its name when it is complete, or not at all.
#include "files/FolderOutput.h"
#include "files/Paths.h"
#include "files/Temporary.h"
#include "files/Unfinished.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hadal::files {
namespace {

int removeOne(const char *path, const struct stat *, int, struct FTW *) { return remove(path); }

int removeTree(const char *path) { return nftw(path, removeOne, 16, FTW_DEPTH | FTW_PHYS); }

bool isEmpty(const std::string &path) {
  DIR *entries = opendir(path.c_str());
  if (!entries)
    return false;
  bool empty = true;
  while (const dirent *entry = readdir(entries))
    empty =
        empty && (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0);
  closedir(entries);
  return empty;
}

} // namespace

bool FolderOutput::fail(const std::string &path, int error) {
  message = path + ": cannot be written: " + std::strerror(error);
  discard();
  return false;
}

bool FolderOutput::open(const std::string &path) {
  given = path;
  std::string name = path;
  while (name.size() > 1 && name.back() == '/')
    name.pop_back();
  Target where = resolveOutput(name);
  target = where.path;
  struct stat info;
  bool exists = stat(target.c_str(), &info) == 0;
  if (where.kind != Target::folder && (where.kind != Target::file || exists)) {
    message = path + ": expected a folder, got " +
              (where.kind == Target::file ? "a file" : "a special file");
    return false;
  }
  if (exists && !isEmpty(target)) {
    message =
        path + ": expected a folder that is not there yet, or is empty, got one that holds files";
    return false;
  }
  if (exists && faccessat(AT_FDCWD, target.c_str(), W_OK, AT_EACCESS) != 0)
    return fail(path, errno);
  std::string prefix = temporaryPrefix(nameOf(target));
  clearAbandoned(folderOf(target), prefix, O_RDONLY | O_DIRECTORY, removeTree);
  temporary = folderOf(target) + prefix + std::to_string(getpid());
  addUnfinished(temporary);
  if (mkdir(temporary.c_str(), 0777) != 0) {
    int error = errno;
    dropUnfinished(temporary);
    temporary.clear();
    return fail(path, error);
  }
  lock = ::open(temporary.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock >= 0)
    flock(lock, LOCK_EX);
  return true;
}

bool FolderOutput::makeFolders(const std::string &path) {
  for (size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    std::string folder = temporary + "/" + path.substr(0, slash);
    if (std::find(made.begin(), made.end(), folder) != made.end())
      continue;
    addUnfinished(folder);
    if (mkdir(folder.c_str(), 0777) == 0) {
      made.push_back(folder);
      continue;
    }
    int error = errno;
    dropUnfinished(folder);
    if (error != EEXIST)
      return fail(given + "/" + path, error);
  }
  return true;
}

bool FolderOutput::write(const std::string &path, const void *data, size_t size) {
  if (!makeFolders(path))
    return false;
  std::string file = temporary + "/" + path;
  addUnfinished(file);
  made.push_back(file);
  int descriptor = ::open(file.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
  if (descriptor < 0)
    return fail(given + "/" + path, errno);
  if (!writeAll(descriptor, data, size)) {
    int error = errno;
    close(descriptor);
    return fail(given + "/" + path, error);
  }
  // Some file systems tell of a full disk here.
  return close(descriptor) == 0 || fail(given + "/" + path, errno);
}

bool FolderOutput::commit() {
  if (rename(temporary.c_str(), target.c_str()) != 0)
    return fail(given, errno);
  for (; !made.empty(); made.pop_back())
    dropUnfinished(made.back());
  dropUnfinished(temporary);
  temporary.clear();
  discard();
  return true;
}

void FolderOutput::discard() {
  for (; !made.empty(); made.pop_back()) {
    remove(made.back().c_str());
    dropUnfinished(made.back());
  }
  if (!temporary.empty()) {
    rmdir(temporary.c_str());
    dropUnfinished(temporary);
    temporary.clear();
  }
  if (lock >= 0)
    close(lock);
  lock = -1;
}

} // namespace hadal::files
