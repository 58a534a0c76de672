// SPDX-License-Identifier: Apache-2.0
// Shows the code of a kernel: PTX as it is, machine code through llvm-objdump.
#include "Objdump.h"
#include "files/Unfinished.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace hadal::objdump {
namespace {

// A file that is removed with the object.
class TemporaryFile {
public:
  bool write(const uint8_t *data, size_t size) {
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
  ~TemporaryFile() {
    if (name.empty())
      return;
    unlink(name.c_str());
    files::dropUnfinished(name);
  }
  std::string name;
};

// Copies what comes from a pipe, to its end: the program at the other one must
// not meet a closed pipe, whatever became of our own output.
void copyToOutput(int from) {
  char bytes[1 << 16];
  ssize_t count;
  while ((count = read(from, bytes, sizeof bytes)) > 0 || (count < 0 && errno == EINTR))
    if (count > 0)
      std::fwrite(bytes, 1, static_cast<size_t>(count), stdout);
}

// Runs the first of the programs that is installed. Returns false when none is.
bool runDisassembler(const std::string &image, const std::string &symbol, int *exitCode) {
  std::string symbols = "--disassemble-symbols=" + symbol;
  for (const char *program : {"llvm-objdump-22", "llvm-objdump"}) {
    const char *arguments[] = {program,         "--no-show-raw-insn", "--no-print-imm-hex",
                               symbols.c_str(), image.c_str(),        nullptr};
    pid_t child;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
      return false;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    int failed = posix_spawnp(&child, program, &actions, nullptr,
                              const_cast<char *const *>(arguments), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (!failed)
      copyToOutput(ends[0]);
    close(ends[0]);
    if (failed)
      continue;
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
      ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
      continue;
    *exitCode = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
    return true;
  }
  return false;
}

/// The end of the braces that open at or after `at`, or of the text.
size_t endOfBody(std::string_view text, size_t at) {
  int depth = 0;
  for (at = text.find('{', at); at < text.size(); ++at) {
    depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
    if (depth == 0)
      return at + 1;
  }
  return text.size();
}

/// Prints what is between kernels, but for lines of comments alone: directives, variables, functions.
void printAround(std::string_view text) {
  while (!text.empty()) {
    size_t length = std::min(text.find('\n'), text.size() - 1) + 1;
    std::string_view line = text.substr(0, length);
    text.remove_prefix(length);
    size_t first = line.find_first_not_of(" \t\n");
    if (first != line.npos && line.substr(first, 2) != "//")
      std::fwrite(line.data(), 1, line.size(), stdout);
  }
}

/// Prints PTX without the kernels of other names.
void printPtx(std::string_view text, std::string_view symbol) {
  constexpr std::string_view mark = ".entry ";
  size_t done = 0;
  for (size_t at = text.find(mark); at != text.npos; at = text.find(mark, done)) {
    size_t begin = text.rfind('\n', at) + 1, name = at + mark.size();
    begin = std::max(begin, done);
    printAround(text.substr(done, begin - done));
    done = endOfBody(text, at);
    if (text.substr(name, text.find_first_of("( \t\n", name) - name) == symbol) {
      std::fwrite(text.data() + begin, 1, done - begin, stdout);
      std::fputc('\n', stdout);
    }
  }
  printAround(text.substr(done));
}

int showVariant(const char *path, const Artifact &artifact, const runtime::Variant &variant) {
  const auto *data = artifact.section(variant.image)->data();
  std::printf("%s, level %s, %u B of code\n", variant.symbol, variant.level, variant.codeSize);
  static const uint8_t elf[4] = {0x7f, 'E', 'L', 'F'};
  if (data->size() < sizeof elf || std::memcmp(data->data(), elf, sizeof elf) != 0) {
    printPtx({reinterpret_cast<const char *>(data->data()), data->size()}, variant.symbol);
    return 0;
  }
  TemporaryFile file;
  if (!file.write(data->data(), data->size()))
    return 1;
  int exitCode = 1;
  if (!runDisassembler(file.name, variant.symbol, &exitCode)) {
    std::fprintf(stderr,
                 "hadal-objdump: error: %s: --disassemble needs llvm-objdump-22 or llvm-objdump, "
                 "got neither on the path\n",
                 path);
    return 1;
  }
  return exitCode;
}

} // namespace

int disassemble(const char *path, const Artifact &artifact, const std::string &kernel,
                const std::string &level) {
  bool foundKernel = false, foundLevel = false;
  for (const Program &program : artifact.programs()) {
    for (const runtime::Executable &executable : program.executables) {
      for (const runtime::Variant &variant : executable.variants) {
        if (kernel != executable.name && kernel != variant.symbol)
          continue;
        foundKernel = true;
        if (!level.empty() && level != variant.level)
          continue;
        foundLevel = true;
        if (int code = showVariant(path, artifact, variant))
          return code;
      }
    }
  }
  if (foundLevel)
    return 0;
  if (foundKernel)
    std::fprintf(stderr,
                 "hadal-objdump: error: %s: --level: expected a level of kernel '%s', got '%s'\n",
                 path, kernel.c_str(), level.c_str());
  else
    std::fprintf(
        stderr,
        "hadal-objdump: error: %s: --disassemble: expected the name of an executable, got '%s'\n",
        path, kernel.c_str());
  return 1;
}

} // namespace hadal::objdump
