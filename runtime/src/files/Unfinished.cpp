// SPDX-License-Identifier: Apache-2.0
// The files that a process has begun and must not leave behind.
#include "files/Unfinished.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

namespace hadal::files {
namespace {

/// A copy of a name, which a handler may read at any time. Entries are never freed, so
/// that it may walk them at any time too, and used again.
struct Entry {
  std::atomic<char *> name{nullptr};
  Entry *next = nullptr;
};
std::atomic<Entry *> entries{nullptr};

/// Folders hold folders, but not many in each other.
constexpr int kMostDepth = 8;

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
struct sigaction before[NSIG];

void onSignal(int number) {
  removeUnfinished();
  sigaction(number, &before[number], nullptr);
  raise(number); // delivered when this handler returns
}

} // namespace

void addUnfinished(const std::string &path) {
  char *copy = strdup(path.c_str());
  for (Entry *entry = entries.load(); entry; entry = entry->next) {
    char *none = nullptr;
    if (entry->name.compare_exchange_strong(none, copy))
      return;
  }
  auto *added = new Entry;
  added->name = copy;
  added->next = entries.load();
  while (!entries.compare_exchange_weak(added->next, added)) {
  }
}

void dropUnfinished(const std::string &path) {
  for (Entry *entry = entries.load(); entry; entry = entry->next) {
    char *name = entry->name.load();
    if (name && path == name && entry->name.compare_exchange_strong(name, nullptr)) {
      std::free(name);
      return;
    }
  }
}

void removeUnfinished() {
  // A folder goes when what it holds has gone.
  bool isLeft = true;
  for (int depth = 0; isLeft && depth < kMostDepth; ++depth) {
    isLeft = false;
    for (Entry *entry = entries.load(); entry; entry = entry->next)
      if (const char *name = entry->name.load(); name && unlink(name) != 0 && errno == EISDIR)
        isLeft |= rmdir(name) != 0 && errno == ENOTEMPTY;
  }
}

void removeUnfinishedOnSignals() {
  for (int number : kSignals) {
    struct sigaction action = {};
    action.sa_handler = onSignal;
    sigemptyset(&action.sa_mask);
    sigaction(number, nullptr, &before[number]);
    if (before[number].sa_handler != SIG_IGN)
      sigaction(number, &action, nullptr);
  }
}

} // namespace hadal::files
