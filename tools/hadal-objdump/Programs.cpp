// SPDX-License-Identifier: Apache-2.0
// Runs other programs that show machine code.
#include "Programs.h"
#include "files/Unfinished.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace hadal::objdump {

bool TemporaryFile::write(const uint8_t *data, size_t size) {
  const char *folder = std::getenv("TMPDIR");
  name = std::string(folder && *folder ? folder : "/tmp") + "/hadal-objdump-XXXXXX";
  int descriptor = mkstemp(name.data());
  if (descriptor < 0) {
    std::fprintf(stderr, "hadal-objdump: error: %s: cannot create: %s\n", name.c_str(),
                 strerror(errno));
    name.clear();
    return false;
  }
  files::addUnfinished(name);
  FILE *file = fdopen(descriptor, "wb");
  bool written = file && std::fwrite(data, 1, size, file) == size;
  if ((file ? std::fclose(file) : close(descriptor)) != 0 || !written) {
    std::fprintf(stderr, "hadal-objdump: error: %s: cannot write %zu B: %s\n", name.c_str(), size,
                 strerror(errno));
    return false;
  }
  return true;
}

TemporaryFile::~TemporaryFile() {
  if (name.empty())
    return;
  unlink(name.c_str());
  files::dropUnfinished(name);
}

namespace {

// Copies what comes from a pipe, to its end: the program at the other one must
// not meet a closed pipe, whatever became of our own output.
void copyToOutput(int from) {
  char bytes[1 << 16];
  ssize_t count;
  while ((count = read(from, bytes, sizeof bytes)) > 0 || (count < 0 && errno == EINTR))
    if (count > 0)
      std::fwrite(bytes, 1, static_cast<size_t>(count), stdout);
}

// False when the program cannot be started.
bool run(const std::vector<std::string> &command, int *exitCode) {
  std::vector<char *> words;
  for (const std::string &word : command)
    words.push_back(const_cast<char *>(word.c_str()));
  words.push_back(nullptr);
  pid_t child;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return false;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  int failed = posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (!failed)
    copyToOutput(ends[0]);
  close(ends[0]);
  if (failed)
    return false;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  *exitCode = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
  return !WIFEXITED(status) || WEXITSTATUS(status) != 127;
}

} // namespace

bool runFirst(const std::vector<std::vector<std::string>> &commands, int *exitCode) {
  for (const std::vector<std::string> &command : commands)
    if (run(command, exitCode))
      return true;
  return false;
}

} // namespace hadal::objdump
