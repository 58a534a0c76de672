// SPDX-License-Identifier: Apache-2.0
// NVIDIA's assembler, a program of its own: PTX to machine code.
#ifndef HADAL_LIB_TARGET_CUDA_ASSEMBLER_H
#define HADAL_LIB_TARGET_CUDA_ASSEMBLER_H

#include "hadal/Target/CUDA/Level.h"
#include "hadal/Target/Target.h"

#include "llvm/Support/Error.h"

#include <optional>

namespace hadal::cuda {

class Assembler {
public:
  /// The one that hadal::files finds, or nothing where there is none; one that does not tell its
  /// version is an error. Each of its runs may take so many seconds.
  static llvm::Expected<std::optional<Assembler>> find(unsigned seconds);

  /// "ptxas V13.0.88".
  const std::string &version() const { return name; }

  /// Assembles PTX of one kernel. The same text gives the same bytes. A message names the kernel.
  /// Safe to call from several threads.
  llvm::Expected<MachineCode> assemble(llvm::StringRef ptx, llvm::StringRef kernel,
                                       const Level &level) const;

private:
  Assembler(std::string path, unsigned seconds) : path(std::move(path)), seconds(seconds) {}

  std::string path, name;
  unsigned seconds;
};

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_ASSEMBLER_H
