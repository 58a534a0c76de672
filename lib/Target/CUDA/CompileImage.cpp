// SPDX-License-Identifier: Apache-2.0
// Translates kernels to LLVM IR, optimises them, and emits PTX.
#include "hadal/Target/CUDA/Image.h"

#include "hadal/Target/CUDA/Pipeline.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
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

std::unique_ptr<llvm::TargetMachine> createTargetMachine(const Level &level) {
  llvm::Triple triple(tripleName);
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  llvm::TargetOptions options;
  // Only what a kernel states as a fused multiply-add is one; PTX then names the rounding of
  // sums and products, so that no assembler fuses them either.
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  options.MCOptions.AsmVerbose = false;
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, level.name, level.features, options, std::nullopt));
}

void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager cgscc;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(cgscc);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, cgscc, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
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

  auto machine = createTargetMachine(level);
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
  optimise(*translated, *machine);
  for (const llvm::Function &function : *translated)
    if (function.isDeclaration() && !function.isIntrinsic())
      return module.emitError() << "expected kernels that call nothing outside of their image, "
                                   "got a call of '"
                                << function.getName() << "'";

  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile))
    return module.emitError() << "cannot emit PTX for " << level.name;
  passes.run(*translated);
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
