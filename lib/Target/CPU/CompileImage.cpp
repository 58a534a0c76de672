// SPDX-License-Identifier: Apache-2.0
// Translates kernels to LLVM IR, optimises them, and emits an object file.
#include "hadal/Target/CPU/Image.h"
#include "hadal/Target/CPU/Pipeline.h"
#include "hadal/Target/LLVMCodegen.h"

#include "LinkImage.h"

#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <mutex>

using namespace hadal;
using namespace hadal::cpu;
using namespace mlir;

namespace {
constexpr StringLiteral tripleName = "x86_64-unknown-linux-gnu";

void initialiseTarget() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
}

/// Kernels run alone in their image: no library to call, nothing to unwind.
void setAttributes(llvm::Module &module, Level level) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", getLLVMCPU(level));
    function.addFnAttr("target-features", getLLVMFeatures(level));
    function.addFnAttr("no-builtins");
    function.addFnAttr("no-jump-tables", "true");
    function.addFnAttr("prefer-vector-width", std::to_string(32 * getVectorWidth(level)));
    function.addFnAttr("min-legal-vector-width", std::to_string(32 * getVectorWidth(level)));
    function.setDoesNotThrow();
    function.setUWTableKind(llvm::UWTableKind::None);
    function.setDSOLocal(true);
  }
}

/// Tells of a listing, and of the part of each function.
void observeAssembly(llvm::Module &module, StringRef listing, ImageObserver observe) {
  observe({"", "assembly.s", listing});
  for (const llvm::Function &function : module) {
    size_t begin = listing.find(("\t.globl\t" + function.getName() + "\n").str());
    size_t end = listing.find(("\t.size\t" + function.getName() + ",").str(), begin);
    if (begin != StringRef::npos && end != StringRef::npos)
      observe({function.getName(), "assembly.s",
               listing.slice(begin, std::min(listing.find('\n', end), listing.size() - 1) + 1)});
  }
}

// The kernels are written as they should run: inlined, vectorised, unrolled.
// What is left is to clean up after the conversion and to give loops the shape
// in which the code generator finds addresses. LLVM's O2 takes twice as long to
// compile and makes nothing faster (measured).
constexpr StringLiteral passes =
    "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,"
    "simplifycfg,"
    "loop-mssa(loop-rotate,licm),simplifycfg,instcombine<no-verify-fixpoint>,"
    "early-cse)";
} // namespace

FailureOr<Image> hadal::cpu::compileImage(ModuleOp module, Level level,
                                          const CompileOptions &options) {
  initialiseTarget();
  DialectRegistry registry;
  registerAllToLLVMIRTranslations(registry);
  module.getContext()->appendDialectRegistry(registry);

  auto machine = createTargetMachine(tripleName, getLLVMCPU(level), getLLVMFeatures(level),
                                     llvm::Reloc::PIC_, llvm::CodeModel::Small,
                                     options.optimise ? llvm::CodeGenOptLevel::Default
                                                      : llvm::CodeGenOptLevel::None);
  if (!machine)
    return module.emitError() << "no code generator for " << tripleName;
  llvm::LLVMContext context;
  auto translated = translateModuleToLLVMIR(module, context, "kernels");
  if (!translated)
    return module.emitError() << "expected kernels in the llvm dialect only";
  translated->setTargetTriple(machine->getTargetTriple());
  translated->setDataLayout(machine->createDataLayout());
  translated->setSourceFileName("");
  setAttributes(*translated, level);
  observeModule(*translated, "translated.ll", options.observe);
  if (options.optimise)
    if (llvm::Error error = runPasses(*translated, *machine, passes))
      return module.emitError() << llvm::toString(std::move(error));
  observeModule(*translated, "optimised.ll", options.observe);

  if (options.assembly || options.observe) {
    // Emission changes the module, so the listing is made from a copy.
    auto copy = llvm::CloneModule(*translated);
    llvm::SmallVector<char> text;
    if (!emitFile(*copy, *machine, llvm::CodeGenFileType::AssemblyFile, text))
      return module.emitError() << "cannot emit assembly for " << tripleName;
    StringRef listing(text.data(), text.size());
    if (options.assembly)
      *options.assembly = listing.str();
    if (options.observe)
      observeAssembly(*translated, listing, options.observe);
  }
  llvm::SmallVector<char> object;
  if (!emitFile(*translated, *machine, llvm::CodeGenFileType::ObjectFile, object))
    return module.emitError() << "cannot emit an object for " << tripleName;
  auto image = linkImage(StringRef(object.data(), object.size()));
  if (!image)
    return module.emitError() << llvm::toString(image.takeError());
  return std::move(*image);
}

FailureOr<Image> hadal::cpu::lowerAndCompile(ModuleOp module, Level level,
                                             const CompileOptions &options) {
  PassManager pm(module.getContext());
  pm.enableVerifier(false); // a third of the time; translation verifies
  buildKernelPipeline(pm, level);
  if (failed(pm.run(module)))
    return failure();
  return compileImage(module, level, options);
}
