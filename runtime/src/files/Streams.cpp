// SPDX-License-Identifier: Apache-2.0
// The standard streams of a tool: what was printed arrived, or the tool failed.
#include "files/Streams.h"
#include "files/Unfinished.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace hadal::files {
namespace {

const char *tool = "hadal";
FlushOutput flushOutput;

int flushStdio() {
  if (fflush(stdout) != 0)
    return errno;
  if (!ferror(stdout))
    return 0;
  // A buffer was lost earlier. What stopped it stops the next byte too.
  return write(STDOUT_FILENO, "\n", 1) < 0 ? errno : EIO;
}

/// A closed descriptor is the next one that open() returns, and prints would end
/// up in that file. It gets one that cannot be used for what it is for.
void keepClosed(int descriptor, int mode) {
  if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) {
    int opened = open("/dev/null", mode);
    if (opened >= 0 && opened != descriptor) {
      dup2(opened, descriptor);
      close(opened);
    }
  }
}

void atEnd() {
  removeUnfinished();
  if (int error = flushOutput())
    standardOutputFailed(error);
}

} // namespace

void startTool(const char *name, FlushOutput flush) {
  tool = name;
  flushOutput = flush ? flush : flushStdio;
  keepClosed(STDIN_FILENO, O_WRONLY);
  keepClosed(STDOUT_FILENO, O_RDONLY);
  keepClosed(STDERR_FILENO, O_RDONLY);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  removeUnfinishedOnSignals();
  std::atexit(atEnd);
}

void standardOutputFailed(int error) {
  removeUnfinished();
  if (error != EPIPE)
    dprintf(STDERR_FILENO, "%s: error: standard output: cannot be written: %s\n", tool,
            std::strerror(error));
  _exit(1);
}

} // namespace hadal::files
