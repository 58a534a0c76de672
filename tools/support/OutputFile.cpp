// SPDX-License-Identifier: Apache-2.0
// A file that is either complete or not there.
#include "support/OutputFile.h"
#include "support/Diagnostics.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hadal::tools {

namespace {

/// Names that a signal handler may have to remove. A tool writes few files.
std::atomic<const char *> unfinished[8];

void remember(const char *name) {
  for (std::atomic<const char *> &slot : unfinished) {
    const char *none = nullptr;
    if (slot.compare_exchange_strong(none, name))
      return;
  }
}

void forget(const char *name) {
  for (std::atomic<const char *> &slot : unfinished)
    if (slot == name)
      slot = nullptr;
}

void onTermination(int signal) {
  removeUnfinishedFiles();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

} // namespace

void removeUnfinishedFiles() {
  for (std::atomic<const char *> &slot : unfinished)
    if (const char *name = slot.load())
      unlink(name);
}

OutputFile::OutputFile(const std::string &path) : path(path) {
  struct stat info;
  bool special = stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
  if (special && S_ISDIR(info.st_mode))
    fail(path + ": expected a file to write, got a directory");
  if (special) {
    descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    temporary = path + ".tmp-" + std::to_string(getpid());
    remember(temporary.c_str());
    std::signal(SIGTERM, onTermination);
    std::signal(SIGHUP, onTermination);
    descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  }
  if (descriptor < 0)
    fail(path + ": cannot be written: " + std::strerror(errno));
}

OutputFile::~OutputFile() {
  if (descriptor >= 0) {
    ::close(descriptor);
    if (!temporary.empty())
      unlink(temporary.c_str());
  }
  forget(temporary.c_str());
}

void OutputFile::giveUp(const char *doing, int error) {
  if (descriptor >= 0)
    ::close(descriptor);
  if (!temporary.empty())
    unlink(temporary.c_str());
  fail(path + ": cannot be " + doing + ": " + std::strerror(error));
}

void OutputFile::write(const void *data, size_t size) {
  const char *bytes = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t count = ::write(descriptor, bytes, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      giveUp("written", count < 0 ? errno : EIO);
    bytes += count;
    size -= static_cast<size_t>(count);
  }
}

void OutputFile::close() {
  int result = ::close(descriptor);
  descriptor = -1;
  if (result != 0)
    giveUp("written", errno);
  if (!temporary.empty() && std::rename(temporary.c_str(), path.c_str()) != 0)
    giveUp("renamed into place", errno);
  forget(temporary.c_str());
  temporary.clear();
}

} // namespace hadal::tools
