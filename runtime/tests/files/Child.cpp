// SPDX-License-Identifier: Apache-2.0
// Writers in processes of their own, which a signal meets at a chosen call.
#include "Child.h"
#include "ArtifactBuilder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

namespace hadal::test {

pid_t start(const Writer &writer, const std::string &folder, const Interruption &at,
            const std::string &log) {
  pid_t child = fork();
  if (child != 0)
    return child;
  if (!folder.empty())
    setenv("HADAL_KILL_FOLDER", folder.c_str(), 1);
  if (!log.empty())
    setenv("HADAL_KILL_LOG", log.c_str(), 1);
  setenv("HADAL_KILL_AT", std::to_string(at.call).c_str(), 1);
  setenv("HADAL_KILL_WHEN", at.when, 1);
  setenv("HADAL_KILL_SIGNAL", at.signal, 1);
  std::string error = writer();
  if (!error.empty())
    dprintf(STDERR_FILENO, "%s\n", error.c_str());
  _exit(error.empty() ? 0 : 1);
}

int await(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, WUNTRACED), child);
  return status;
}

std::vector<std::string> callsOf(const Writer &writer, const std::string &folder) {
  TemporaryFolder logs;
  std::string log = logs.path("log");
  std::ofstream{log};
  EXPECT_EQ(await(start(writer, folder, {}, log)), 0);
  std::vector<std::string> calls;
  std::ifstream lines(log);
  for (std::string line; std::getline(lines, line);)
    calls.push_back(line);
  return calls;
}

} // namespace hadal::test
