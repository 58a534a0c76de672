// SPDX-License-Identifier: Apache-2.0
// Runs NVIDIA's assembler and reads what it tells of a kernel.
#include "Assembler.h"

#include "RunProgram.h"

#include "hadal/Target/Workplace.h"

#include "files/Toolkit.h"

#include "llvm/Support/Regex.h"

using namespace hadal;
using namespace hadal::cuda;
using namespace llvm;

namespace {
/// What was printed, as the end of a message.
std::string printed(const Workplace &work) {
  std::string text = work.read("log");
  StringRef log = StringRef(text).trim();
  return log.empty() ? "" : ": " + log.take_front(2000).str();
}

bool readNumber(StringRef text, const char *pattern, uint32_t &out) {
  SmallVector<StringRef> matches;
  return Regex(pattern).match(text, &matches) && !matches[1].getAsInteger(10, out);
}

/// What `ptxas -v` prints of a kernel; false where it does not tell.
bool readFacts(StringRef log, StringRef kernel, MachineCode &code) {
  StringRef text = log.substr(log.find(("Function properties for " + kernel + "\n").str()));
  readNumber(text, "([0-9]+) bytes smem", code.sharedBytes); // named where there is some
  return readNumber(text, "([0-9]+) bytes stack frame", code.stackBytes) &&
         readNumber(text, "([0-9]+) bytes spill stores", code.spillStoreBytes) &&
         readNumber(text, "([0-9]+) bytes spill loads", code.spillLoadBytes) &&
         readNumber(text, "Used ([0-9]+) registers", code.registers);
}

Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}
} // namespace

Expected<std::optional<Assembler>> Assembler::find(unsigned seconds) {
  std::string path = files::findToolkitProgram("ptxas");
  if (path.empty())
    return std::nullopt;
  Assembler found(path, seconds);
  Workplace work("hadal-ptxas");
  if (work.error)
    return makeError("cannot create a temporary folder: " + work.error.message());
  if (std::string problem = runProgram({path, "--version"}, work.path("log"), seconds);
      !problem.empty())
    return makeError(path + " --version: " + problem + printed(work));
  SmallVector<StringRef> matches;
  std::string text = work.read("log");
  if (!Regex("release [0-9.]+, (V[0-9.]+)").match(text, &matches))
    return makeError(path + " --version: expected a release, got none" + printed(work));
  found.name = "ptxas " + matches[1].str();
  return found;
}

Expected<MachineCode> Assembler::assemble(StringRef ptx, StringRef kernel,
                                          const Level &level) const {
  auto refuse = [&](const Twine &why) {
    return makeError("kernel '" + kernel + "': " + name + " for " + level.name + ": " + why);
  };
  Workplace work("hadal-ptxas");
  if (work.error)
    return refuse("cannot create a temporary folder: " + work.error.message());
  if (std::error_code error = work.write("kernel.ptx", ptx))
    return refuse("cannot write '" + work.path("kernel.ptx") + "': " + error.message());
  if (std::string problem = runProgram({path, "-v", "-arch=" + level.name.str(),
                                        work.path("kernel.ptx"), "-o", work.path("kernel.cubin")},
                                       work.path("log"), seconds);
      !problem.empty())
    return refuse(problem + printed(work));
  MachineCode code;
  code.symbol = kernel.str();
  std::string bytes = work.read("kernel.cubin");
  if (!StringRef(bytes).starts_with("\177ELF"))
    return refuse("expected machine code, got " + Twine(bytes.size()) + " B that are none" +
                  printed(work));
  code.bytes.assign(bytes.begin(), bytes.end());
  if (!readFacts(work.read("log"), kernel, code))
    return refuse("expected registers, stack and spills, got none of them" + printed(work));
  return code;
}
