// SPDX-License-Identifier: Apache-2.0
// hadal-objdump: shows what an artifact holds; needs neither its weights nor LLVM.
#include "Objdump.h"
#include "files/Streams.h"

#include <cstdio>
#include <cstring>

namespace {

constexpr const char *kUsage =
    "usage: hadal-objdump MODEL.hadal [options]\n"
    "\n"
    "Prints the header, facts about the model, sections, weights, states, kernels and\n"
    "entry points of an artifact. The weight files are not needed.\n"
    "\n"
    "  --plan                 print every op of the entry points too\n"
    "  --json                 print one JSON object\n"
    "  --disassemble=KERNEL   print the code of one kernel: PTX, and machine code through\n"
    "                         llvm-objdump, nvdisasm or cuobjdump\n"
    "  --level=LEVEL          of that level alone, as x86-64-v3\n"
    "  --help                 print this\n";

struct Options {
  const char *path = nullptr;
  bool plan = false, json = false, help = false;
  std::string kernel, level;
};

// Writes why the command line is wrong, and returns false, when it is.
bool parseOptions(int argc, char **argv, Options &options) {
  auto value = [](const char *argument, const char *name, std::string &out) {
    size_t length = std::strlen(name);
    if (std::strncmp(argument, name, length) != 0)
      return false;
    out = argument + length;
    return true;
  };
  for (int i = 1; i < argc; ++i) {
    const char *argument = argv[i];
    if (!std::strcmp(argument, "--help") || !std::strcmp(argument, "-h")) {
      options.help = true;
    } else if (!std::strcmp(argument, "--plan")) {
      options.plan = true;
    } else if (!std::strcmp(argument, "--json")) {
      options.json = true;
    } else if (value(argument, "--disassemble=", options.kernel) ||
               value(argument, "--level=", options.level)) {
      if (options.kernel.empty() && options.level.empty()) {
        std::fprintf(stderr, "hadal-objdump: error: expected a name in %s\n", argument);
        return false;
      }
    } else if (argument[0] == '-') {
      std::fprintf(stderr, "hadal-objdump: error: unknown option %s\n", argument);
      return false;
    } else if (options.path) {
      std::fprintf(stderr, "hadal-objdump: error: expected one artifact, got %s and %s\n",
                   options.path, argument);
      return false;
    } else {
      options.path = argument;
    }
  }
  if (options.help)
    return true;
  if (!options.path)
    std::fprintf(stderr, "hadal-objdump: error: expected an artifact, got none\n");
  else if (options.plan && options.json)
    std::fprintf(stderr, "hadal-objdump: error: expected --plan or --json, got both\n");
  else if (!options.level.empty() && options.kernel.empty())
    std::fprintf(stderr, "hadal-objdump: error: --level needs --disassemble\n");
  else
    return true;
  return false;
}

} // namespace

int main(int argc, char **argv) {
  hadal::files::startTool("hadal-objdump");
  Options options;
  if (!parseOptions(argc, argv, options)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  if (options.help) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  hadal::runtime::Artifact artifact;
  hadal::runtime::Status status = hadal::runtime::Artifact::open(options.path, artifact);
  if (!status.ok()) {
    std::fprintf(stderr, "hadal-objdump: error: %s\n", status.message());
    return 1;
  }
  if (!options.kernel.empty())
    return hadal::objdump::disassemble(options.path, artifact, options.kernel, options.level);
  if (options.json)
    hadal::objdump::printJson(options.path, artifact);
  else
    hadal::objdump::printText(options.path, artifact, options.plan);
  return 0;
}
