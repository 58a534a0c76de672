// SPDX-License-Identifier: Apache-2.0
// Writers in processes of their own, which a signal meets at a chosen call.
#ifndef HADAL_TESTS_FILES_CHILD_H
#define HADAL_TESTS_FILES_CHILD_H

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace hadal::test {

/// Writes something, and returns the error or nothing.
using Writer = std::function<std::string()>;

/// Where KillAt.cpp raises its signal; see there.
struct Interruption {
  size_t call = 0; // 0: nowhere
  const char *when = "after", *signal = "kill";
};

/// Starts a process that ends with 0 when `writer` succeeds. Of its calls those
/// that change `folder` count.
pid_t start(const Writer &writer, const std::string &folder = {}, const Interruption &at = {},
            const std::string &log = {});

/// How it ended, or that it was stopped; as waitpid tells.
int await(pid_t child);

/// The calls that change `folder` while a process runs `writer`, which succeeds.
std::vector<std::string> callsOf(const Writer &writer, const std::string &folder);

} // namespace hadal::test

#endif // HADAL_TESTS_FILES_CHILD_H
