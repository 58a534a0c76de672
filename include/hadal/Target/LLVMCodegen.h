// SPDX-License-Identifier: Apache-2.0
// What targets that compile their images with LLVM share: its machines, passes and files.
#ifndef HADAL_TARGET_LLVMCODEGEN_H
#define HADAL_TARGET_LLVMCODEGEN_H

#include "hadal/Target/Target.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <optional>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace hadal {

/// A code generator that fuses no multiply-add but what a kernel states as one, so
/// that all levels round alike. Null where LLVM has none for `triple`, which the
/// caller has initialised.
std::unique_ptr<llvm::TargetMachine>
createTargetMachine(llvm::StringRef triple, llvm::StringRef cpu, llvm::StringRef features,
                    std::optional<llvm::Reloc::Model> relocation = std::nullopt,
                    std::optional<llvm::CodeModel::Model> codeModel = std::nullopt,
                    llvm::CodeGenOptLevel optimisation = llvm::CodeGenOptLevel::Default);

/// Runs `passes`, written as for LLVM's opt, over `module`.
llvm::Error runPasses(llvm::Module &module, llvm::TargetMachine &machine, llvm::StringRef passes);

/// Tells `observe`, unless it is null, of `module` and of each function that it defines.
void observeModule(llvm::Module &module, llvm::StringRef name, ImageObserver observe);

/// Emits `module`, which that changes; false where the machine cannot emit such a file.
bool emitFile(llvm::Module &module, llvm::TargetMachine &machine, llvm::CodeGenFileType type,
              llvm::SmallVectorImpl<char> &out);

} // namespace hadal

#endif // HADAL_TARGET_LLVMCODEGEN_H
