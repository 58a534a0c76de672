// SPDX-License-Identifier: Apache-2.0
// The files that a process has begun and must not leave behind.
#include "files/Unfinished.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

namespace hadal::files {
namespace {

/// Copies of names, which a handler may read at any time.
std::atomic<char *> unfinished[16];

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
  for (std::atomic<char *> &slot : unfinished) {
    char *none = nullptr;
    if (slot.compare_exchange_strong(none, copy))
      return;
  }
  std::free(copy);
}

void dropUnfinished(const std::string &path) {
  for (std::atomic<char *> &slot : unfinished) {
    char *name = slot.load();
    if (name && path == name && slot.compare_exchange_strong(name, nullptr)) {
      std::free(name);
      return;
    }
  }
}

void removeUnfinished() {
  for (std::atomic<char *> &slot : unfinished)
    if (const char *name = slot.load())
      unlink(name);
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
