// SPDX-License-Identifier: Apache-2.0
// Translates kernels to LLVM IR, optimises them, and emits PTX.
#include "hadal/Target/CUDA/Image.h"

#include "hadal/Target/CUDA/Pipeline.h"
#include "hadal/Target/LLVMCodegen.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace hadal;
using namespace hadal::cuda;
using namespace mlir;

namespace {
constexpr StringLiteral tripleName = "nvptx64-nvidia-cuda";

void initialiseTarget() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
}

/// The entries of `text`, which begin one after the other, and how long each is.
std::vector<TargetImage::Symbol> findEntries(StringRef text) {
  constexpr StringLiteral mark = ".visible .entry ";
  std::vector<TargetImage::Symbol> entries;
  for (size_t at = text.find(mark); at != StringRef::npos;) {
    size_t next = text.find(mark, at + mark.size());
    StringRef name = text.drop_front(at + mark.size()).take_until([](char c) { return c == '('; });
    entries.push_back({name.str(), std::min(next, text.size()) - at});
    at = next;
  }
  llvm::sort(entries, [](auto &a, auto &b) { return a.name < b.name; });
  return entries;
}
} // namespace

FailureOr<TargetImage> hadal::cuda::compileImage(ModuleOp module, const Level &level) {
  initialiseTarget();
  DialectRegistry registry;
  registerAllToLLVMIRTranslations(registry);
  module.getContext()->appendDialectRegistry(registry);

  // PTX then names the rounding of sums and products, so that no assembler fuses them either.
  auto machine = createTargetMachine(tripleName, level.name, level.features);
  if (!machine)
    return module.emitError() << "no code generator for " << tripleName;
  // Accesses are as aligned as the target has it for their types.
  module->setAttr(
      LLVM::LLVMDialect::getDataLayoutAttrName(),
      StringAttr::get(module.getContext(), machine->createDataLayout().getStringRepresentation()));
  llvm::LLVMContext context;
  auto translated = translateModuleToLLVMIR(module, context, "kernels");
  if (!translated)
    return module.emitError() << "expected kernels in the llvm and nvvm dialects only";
  translated->setTargetTriple(machine->getTargetTriple());
  translated->setSourceFileName("");
  if (llvm::Error error = runPasses(*translated, *machine, "default<O2>"))
    return module.emitError() << llvm::toString(std::move(error));
  for (const llvm::Function &function : *translated)
    if (function.isDeclaration() && !function.isIntrinsic())
      return module.emitError() << "expected kernels that call nothing outside of their image, "
                                   "got a call of '"
                                << function.getName() << "'";

  llvm::SmallString<0> text;
  if (!emitFile(*translated, *machine, llvm::CodeGenFileType::AssemblyFile, text))
    return module.emitError() << "cannot emit PTX for " << level.name;
  // What instructions were expanded to by the code generator is in no declaration.
  if (StringRef(text).contains("\n.extern .func"))
    return module.emitError() << "expected kernels that call nothing outside of their image, "
                                 "got PTX with an external function";
  TargetImage image;
  image.bytes.assign(text.begin(), text.end());
  image.symbols = findEntries(text);
  return image;
}

FailureOr<TargetImage> hadal::cuda::lowerAndCompile(ModuleOp module, const Level &level) {
  PassManager pm(module.getContext());
  buildKernelPipeline(pm);
  if (failed(pm.run(module)))
    return failure();
  return compileImage(module, level);
}
