// SPDX-License-Identifier: Apache-2.0
// Runs another program with a limit of its time.
#include "RunProgram.h"

#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char **environ;

namespace {
using Clock = std::chrono::steady_clock;

/// Starts it in a process group of its own; what went wrong, or "".
std::string start(const std::vector<std::string> &arguments, const std::string &log, pid_t &child) {
  std::vector<char *> words;
  for (const std::string &argument : arguments)
    words.push_back(const_cast<char *>(argument.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  int error = posix_spawn(&child, words[0], &actions, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error ? "cannot be started: " + std::string(std::strerror(error)) : "";
}
} // namespace

std::string hadal::cuda::runProgram(const std::vector<std::string> &arguments,
                                    const std::string &log, unsigned seconds) {
  pid_t child = 0;
  if (std::string problem = start(arguments, log, child); !problem.empty())
    return problem;
  Clock::time_point end = Clock::now() + std::chrono::seconds(seconds);
  int status = 0;
  for (pid_t ended = 0; ended != child;) {
    ended = waitpid(child, &status, WNOHANG);
    if (ended < 0 && errno != EINTR)
      return "cannot be waited for: " + std::string(std::strerror(errno));
    if (ended == child)
      break;
    if (Clock::now() >= end) {
      kill(-child, SIGKILL);
      while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
      }
      return "expected an end within " + std::to_string(seconds) + " s, got none";
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (WIFSIGNALED(status))
    return "ended by a signal: " + std::string(strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0)
    return "expected exit status 0, got " + std::to_string(WEXITSTATUS(status));
  return "";
}
