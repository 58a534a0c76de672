// SPDX-License-Identifier: Apache-2.0
// Compiles kernels in the LLVM dialect to the ELF image that an artifact holds.
#ifndef HADAL_TARGET_CPU_IMAGE_H
#define HADAL_TARGET_CPU_IMAGE_H

#include "hadal/Target/CPU/Level.h"
#include "hadal/Target/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

#include <cstdint>
#include <string>
#include <vector>

namespace hadal::cpu {

/// An exported function of an image and the bytes of its code.
struct KernelSymbol {
  std::string name;
  uint64_t codeSize = 0;
};

/// An ELF shared object (ET_DYN) for x86-64 without imports: every kernel is an
/// exported function, all relocations are relative to the load address. The
/// same module gives the same bytes.
struct Image {
  std::vector<uint8_t> bytes;
  /// In the order of their names.
  std::vector<KernelSymbol> symbols;
};

struct CompileOptions {
  /// Off: compiles in a fraction of the time to code many times as slow.
  bool optimise = true;
  /// Where not null, receives the optimised code as assembly (Intel syntax).
  std::string *assembly = nullptr;
  /// Where not null, is told of the LLVM IR and of the assembly.
  ImageObserver observe = nullptr;
};

/// Compiles `module`, which holds the LLVM dialect only, for `level`. Reports
/// failures (an import, for example) at the module's location. Safe to call
/// from several threads with modules of different contexts.
mlir::FailureOr<Image> compileImage(mlir::ModuleOp module, Level level,
                                    const CompileOptions &options = {});

/// Runs buildKernelPipeline for `level` on `module`, then compileImage.
mlir::FailureOr<Image> lowerAndCompile(mlir::ModuleOp module, Level level,
                                       const CompileOptions &options = {});

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_IMAGE_H
