// SPDX-License-Identifier: Apache-2.0
// Kills or stops a process at a call that changes a folder, chosen by the environment.
//
// Part of a test program, or preloaded into any other. Calls that create, write,
// name or remove a file in HADAL_KILL_FOLDER, or flush one, are counted:
//   HADAL_KILL_CALL    only calls of this name count
//   HADAL_KILL_LOG     gets a line for each, with what the call did
//   HADAL_KILL_AT      the process gets a signal at the call of that number, from 1
//   HADAL_KILL_WHEN    before (a killed one does not make the call) or after
//   HADAL_KILL_SIGNAL  kill (default) or stop
#include <atomic>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::atomic<int> count{0};

/// Without the functions that are replaced here.
void log(const char *text) {
  const char *path = std::getenv("HADAL_KILL_LOG");
  if (!path)
    return;
  long file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CLOEXEC);
  syscall(SYS_write, file, text, std::strlen(text));
  syscall(SYS_close, file);
}

/// Whether a path, if relative one of the current folder, is a name in the folder
/// that is watched, or that folder itself.
bool isWatched(const char *path) {
  const char *watched = std::getenv("HADAL_KILL_FOLDER");
  if (!watched)
    return false;
  std::string folder(path);
  size_t slash = folder.rfind('/');
  folder = slash == std::string::npos ? "." : folder.substr(0, slash + 1);
  char real[PATH_MAX], same[PATH_MAX];
  if (!realpath(watched, real))
    return false;
  return (realpath(folder.c_str(), same) && !std::strcmp(real, same)) ||
         (realpath(path, same) && !std::strcmp(real, same));
}

bool isWatched(int descriptor) {
  char link[64], path[PATH_MAX];
  if (!std::getenv("HADAL_KILL_FOLDER"))
    return false;
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0 || path[0] != '/')
    return false;
  path[size] = '\0';
  return isWatched(path);
}

/// Around a call: counts it where it is watched, and ends the process at its turn.
class Turn {
public:
  Turn(const char *name, bool watched) {
    const char *only = std::getenv("HADAL_KILL_CALL");
    if (!watched || (only && std::strcmp(only, name) != 0))
      return;
    int number = ++count;
    const char *at = std::getenv("HADAL_KILL_AT"), *when = std::getenv("HADAL_KILL_WHEN");
    log((std::string(name) + "\n").c_str());
    isOurs = at && std::atoi(at) == number;
    if (isOurs && when && !std::strcmp(when, "before"))
      raiseSignal();
  }
  ~Turn() {
    if (isOurs)
      raiseSignal();
  }

private:
  void raiseSignal() {
    isOurs = false;
    const char *signal = std::getenv("HADAL_KILL_SIGNAL");
    std::raise(signal && !std::strcmp(signal, "stop") ? SIGSTOP : SIGKILL);
  }

  bool isOurs = false;
};

} // namespace

#define HADAL_REPLACES extern "C" __attribute__((visibility("default")))
#define HADAL_NEXT(name)                                                                           \
  static auto *const next = reinterpret_cast<decltype(&::name)>(dlsym(RTLD_NEXT, #name))

#define HADAL_OPEN(name)                                                                           \
  HADAL_REPLACES int name(const char *path, int flags, ...) {                                      \
    HADAL_NEXT(name);                                                                              \
    va_list list;                                                                                  \
    va_start(list, flags);                                                                         \
    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;                                      \
    va_end(list);                                                                                  \
    Turn turn("open", (flags & (O_CREAT | O_TRUNC)) && isWatched(path));                           \
    return next(path, flags, mode);                                                                \
  }
HADAL_OPEN(open)
HADAL_OPEN(open64)

#define HADAL_WRITE(name, offset_t)                                                                \
  HADAL_REPLACES ssize_t name(int file, const void *data, size_t size, offset_t offset) {          \
    HADAL_NEXT(name);                                                                              \
    Turn turn("pwrite", isWatched(file));                                                          \
    return next(file, data, size, offset);                                                         \
  }
HADAL_WRITE(pwrite, off_t)
HADAL_WRITE(pwrite64, off64_t)

HADAL_REPLACES ssize_t write(int file, const void *data, size_t size) {
  HADAL_NEXT(write);
  Turn turn("write", isWatched(file));
  return next(file, data, size);
}

HADAL_REPLACES int ftruncate(int file, off_t size) {
  HADAL_NEXT(ftruncate);
  Turn turn("ftruncate", isWatched(file));
  return next(file, size);
}

// Not made: only the end of the machine would lose what is written, and the tests
// would wait for the disk.
HADAL_REPLACES int fsync(int file) {
  Turn turn("fsync", isWatched(file));
  return 0;
}

HADAL_REPLACES int rename(const char *from, const char *to) {
  HADAL_NEXT(rename);
  Turn turn("rename", isWatched(from) || isWatched(to));
  return next(from, to);
}

HADAL_REPLACES int link(const char *from, const char *to) {
  HADAL_NEXT(link);
  Turn turn("link", isWatched(to));
  return next(from, to);
}

HADAL_REPLACES int unlink(const char *path) {
  HADAL_NEXT(unlink);
  Turn turn("unlink", isWatched(path));
  return next(path);
}
