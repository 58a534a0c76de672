// SPDX-License-Identifier: Apache-2.0
// Loads targets that live in a shared library of their own.
#include "hadal/Target/TargetLibrary.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/DynamicLibrary.h"

using namespace hadal;

template <typename... Args>
static llvm::Error error(const char *format, Args... args) {
  return llvm::createStringError(std::errc::invalid_argument, format, args...);
}

llvm::Error hadal::loadTargetLibrary(llvm::StringRef path, TargetRegistry &targets) {
  std::string name = path.str(), problem;
  if (name.empty())
    return error("--load-target: expected the path of a library, got none");
  // A name without a folder is a file here, not one on the system's path.
  std::string file = path.contains('/') ? name : "./" + name;
  auto library = llvm::sys::DynamicLibrary::getPermanentLibrary(file.c_str(), &problem);
  if (!library.isValid())
    return error("--load-target=%s: cannot load: %s", name.c_str(), problem.c_str());
  auto describe = reinterpret_cast<void (*)(TargetLibraryInfo *)>(
      library.getAddressOfSymbol(kTargetLibraryEntry));
  if (!describe)
    return error("--load-target=%s: expected a library that exports %s, got another", name.c_str(),
                 kTargetLibraryEntry);
  TargetLibraryInfo info{0, "", nullptr};
  describe(&info);
  if (info.version != kTargetLibraryVersion)
    return error("--load-target=%s: expected a library for version %u of targets, got %u",
                 name.c_str(), kTargetLibraryVersion, info.version);
  llvm::StringRef llvmVersion = info.llvmVersion ? info.llvmVersion : "none";
  if (llvmVersion != LLVM_VERSION_STRING)
    return error("--load-target=%s: expected a library built with LLVM %s, got %s", name.c_str(),
                 LLVM_VERSION_STRING, llvmVersion.str().c_str());
  if (!info.registerTargets)
    return error("--load-target=%s: expected a function that registers targets, got none",
                 name.c_str());
  size_t before = targets.getTargets().size();
  info.registerTargets(targets);
  if (std::string wrong = targets.findNameProblem(before); !wrong.empty())
    return error("--load-target=%s: %s", name.c_str(), wrong.c_str());
  return llvm::Error::success();
}

llvm::Error hadal::loadTargetLibraries(int argc, const char *const *argv, TargetRegistry &targets,
                                       llvm::cl::OptionCategory *category) {
  static llvm::cl::list<std::string> option(
      "load-target", llvm::cl::desc("Load the targets of a shared library (repeatable)"),
      llvm::cl::value_desc("LIB"));
  if (category)
    option.addCategory(*category);
  for (int i = 1; i < argc && llvm::StringRef(argv[i]) != "--"; ++i) {
    llvm::StringRef argument = argv[i];
    if (!argument.consume_front("--load-target") && !argument.consume_front("-load-target"))
      continue;
    if (argument.empty() && i + 1 < argc)
      argument = argv[++i];
    else if (!argument.consume_front("="))
      continue; // another option, or an error of the parser
    if (llvm::Error failed = loadTargetLibrary(argument, targets))
      return failed;
  }
  return llvm::Error::success();
}
