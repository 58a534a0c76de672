// SPDX-License-Identifier: Apache-2.0
// Targets and dialects that live in a shared library of their own, loaded by --load-target.
#ifndef HADAL_TARGET_TARGETLIBRARY_H
#define HADAL_TARGET_TARGETLIBRARY_H

#include "hadal/Target/Target.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Error.h"

namespace hadal {

/// Raised when something changes that a library is compiled against.
inline constexpr uint32_t kTargetLibraryVersion = 5;

/// What a target library says of itself. It links libHadalCompiler.so and the
/// MLIR that this links, and nothing of either a second time.
struct TargetLibraryInfo {
  uint32_t version = kTargetLibraryVersion;
  const char *llvmVersion = LLVM_VERSION_STRING;
  /// Adds the library's targets, and dialects.
  void (*registerTargets)(TargetRegistry &targets) = nullptr;
};

/// The function of C linkage that a target library exports:
///   extern "C" void hadalGetTargetLibraryInfo(hadal::TargetLibraryInfo *info);
inline constexpr char kTargetLibraryEntry[] = "hadalGetTargetLibraryInfo";

/// Loads the target library at `path`, for the rest of the process, and adds its
/// targets. The error names the path and what was expected of it.
llvm::Error loadTargetLibrary(llvm::StringRef path, TargetRegistry &targets);

/// Gives a command line the option --load-target=LIB (repeatable) and loads the
/// libraries that it names. To be called before the command line is parsed, since
/// targets bring options of their own.
llvm::Error loadTargetLibraries(int argc, const char *const *argv, TargetRegistry &targets,
                                llvm::cl::OptionCategory *category = nullptr);

} // namespace hadal

#endif // HADAL_TARGET_TARGETLIBRARY_H
