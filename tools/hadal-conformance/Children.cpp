// SPDX-License-Identifier: Apache-2.0
// Child processes and the pipes from them.
#include "Children.h"
#include "support/Diagnostics.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hadal::conformance {
namespace {

struct Child {
  size_t number;
  pid_t process;
  int pipe;
  std::string received;
};

using Work = std::function<std::vector<Outcome>(size_t)>;

[[noreturn]] void beChild(int pipe, size_t number, unsigned seconds, const Work &work) {
  alarm(seconds);
  std::string bytes = encode(work(number));
  for (size_t at = 0; at < bytes.size();) {
    ssize_t written = write(pipe, bytes.data() + at, bytes.size() - at);
    if (written < 0 && errno != EINTR)
      _exit(3);
    at += written > 0 ? written : 0;
  }
  _exit(0);
}

Child start(size_t number, unsigned seconds, const Work &work) {
  int ends[2];
  if (pipe(ends) != 0)
    tools::fail(std::string("cannot make a pipe: ") + std::strerror(errno));
  pid_t process = fork();
  if (process < 0)
    tools::fail(std::string("cannot start a process: ") + std::strerror(errno));
  if (process == 0) {
    close(ends[0]);
    beChild(ends[1], number, seconds, work);
  }
  close(ends[1]);
  return {number, process, ends[0], ""};
}

/// What the child has said, and how it ended where it has not said all.
std::vector<Outcome> finish(Child &child) {
  close(child.pipe);
  int status = 0;
  while (waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
  }
  std::vector<Outcome> outcomes = decode(child.received);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return outcomes;
  Outcome crash;
  crash.text = WIFSIGNALED(status)
                   ? std::string("the process ended by a signal: ") + strsignal(WTERMSIG(status))
                   : "the process ended with code " + std::to_string(WEXITSTATUS(status));
  return {crash};
}

} // namespace

void runInChildren(size_t count, unsigned jobs, unsigned seconds,
                   const std::function<std::vector<Outcome>(size_t)> &work,
                   const std::function<void(size_t, std::vector<Outcome>)> &done) {
  std::vector<Child> running;
  std::map<size_t, std::vector<Outcome>> finished;
  size_t started = 0, told = 0;
  while (told < count) {
    while (started < count && running.size() < jobs)
      running.push_back(start(started++, seconds, work));
    std::vector<pollfd> waits;
    for (const Child &child : running)
      waits.push_back({child.pipe, POLLIN, 0});
    if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR)
      tools::fail(std::string("cannot wait for a process: ") + std::strerror(errno));
    for (size_t i = running.size(); i-- > 0;) {
      if (!waits[i].revents)
        continue;
      char buffer[4096];
      ssize_t size = read(running[i].pipe, buffer, sizeof buffer);
      if (size > 0) {
        running[i].received.append(buffer, size);
      } else if (size == 0 || errno != EINTR) {
        finished[running[i].number] = finish(running[i]);
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    for (auto it = finished.find(told); it != finished.end(); it = finished.find(++told)) {
      done(told, std::move(it->second));
      finished.erase(it);
    }
  }
}

} // namespace hadal::conformance
