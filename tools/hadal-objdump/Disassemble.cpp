// SPDX-License-Identifier: Apache-2.0
// Shows the code of a kernel: PTX as it is, machine code through a disassembler.
#include "Objdump.h"
#include "Programs.h"
#include "files/Toolkit.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace hadal::objdump {
namespace {

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

bool isElf(const uint8_t *data, size_t size) {
  static const uint8_t elf[4] = {0x7f, 'E', 'L', 'F'};
  return size >= sizeof elf && std::memcmp(data, elf, sizeof elf) == 0;
}

/// Machine code of NVIDIA's GPUs, where one of their disassemblers is found.
int showMachineCode(const char *path, const Artifact &artifact, const runtime::MachineCode &code) {
  const auto *data = artifact.section(code.image)->data();
  std::printf("%s, machine code by %s, %u B\n", code.symbol, code.compiler, data->size());
  TemporaryFile file;
  if (!file.write(data->data(), data->size()))
    return 1;
  std::vector<std::vector<std::string>> commands;
  if (std::string found = files::findToolkitProgram("nvdisasm"); !found.empty())
    commands.push_back({found, "-c", file.name});
  if (std::string found = files::findToolkitProgram("cuobjdump"); !found.empty())
    commands.push_back({found, "-sass", file.name});
  int exitCode = 0;
  if (!runFirst(commands, &exitCode))
    std::fprintf(stderr,
                 "hadal-objdump: note: %s: machine code is shown by nvdisasm or cuobjdump, got "
                 "neither %s\n",
                 path, files::kToolkitPlaces);
  return exitCode;
}

int showVariant(const char *path, const Artifact &artifact, const runtime::Variant &variant) {
  const auto *data = artifact.section(variant.image)->data();
  std::printf("%s, level %s, %u B of code\n", variant.symbol, variant.level, variant.codeSize);
  if (!isElf(data->data(), data->size())) {
    printPtx({reinterpret_cast<const char *>(data->data()), data->size()}, variant.symbol);
    const runtime::MachineCode &code = variant.machineCode;
    return code.image ? showMachineCode(path, artifact, code) : 0;
  }
  TemporaryFile file;
  if (!file.write(data->data(), data->size()))
    return 1;
  std::vector<std::vector<std::string>> commands;
  for (const char *program : {"llvm-objdump-22", "llvm-objdump"})
    commands.push_back({program, "--no-show-raw-insn", "--no-print-imm-hex",
                        std::string("--disassemble-symbols=") + variant.symbol, file.name});
  int exitCode = 1;
  if (!runFirst(commands, &exitCode)) {
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
