// SPDX-License-Identifier: Apache-2.0
// Translates kernels to LLVM IR, optimises them, and emits PTX.
#include "hadal/Target/CUDA/Image.h"

#include "Assembler.h"
#include "SplitKernels.h"

#include "hadal/Target/CUDA/Pipeline.h"
#include "hadal/Target/LLVMCodegen.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Threading.h"
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

/// What became of a distinct kernel; errors are told in the order of kernels.
struct CompiledKernel {
  std::string header, body; // of its PTX, under the stand-in's name
  std::vector<std::pair<std::string, std::string>> forms; // before that, where they are asked for
  std::optional<MachineCode> machineCode;
  std::string error;
};

std::string withName(StringRef text, StringRef name) {
  return llvm::join(llvm::split(text, kKernelStandIn), name);
}

/// Names that modules of other kernels cannot have too, as one text will hold all.
void nameAfterKernel(llvm::Module &module) {
  for (llvm::GlobalVariable &variable : module.globals())
    variable.setName(kKernelStandIn + "$" + variable.getName());
  for (llvm::Function &function : module)
    if (!function.isIntrinsic() && function.getName() != kKernelStandIn)
      function.setName(kKernelStandIn + "$" + function.getName());
}

/// The LLVM IR of a kernel, as PTX; what is wrong with it, or "".
std::string emitPtx(llvm::Module &module, llvm::TargetMachine &machine, ImageObserver keep,
                    CompiledKernel &out) {
  observeModule(module, "translated.ll", keep);
  if (llvm::Error error = runPasses(module, machine, "default<O2>"))
    return llvm::toString(std::move(error));
  observeModule(module, "optimised.ll", keep);
  for (const llvm::Function &function : module)
    if (function.isDeclaration() && !function.isIntrinsic())
      return ("expected kernels that call nothing outside of their image, got a call of '" +
              function.getName() + "'")
          .str();
  nameAfterKernel(module);
  llvm::SmallString<0> text;
  if (!emitFile(module, machine, llvm::CodeGenFileType::AssemblyFile, text))
    return "cannot emit PTX";
  // What instructions were expanded to by the code generator is in no declaration.
  if (StringRef(text).contains("\n.extern .func"))
    return "expected kernels that call nothing outside of their image, got PTX with an external "
           "function";
  constexpr StringLiteral end = ".address_size 64\n";
  auto [header, body] = StringRef(text).split(end);
  out.header = header.str() + end.str();
  out.body = body.str();
  return "";
}

CompiledKernel compileKernel(const DistinctKernel &kernel, const Level &level,
                             const Assembler *assembler, bool keepsForms) {
  CompiledKernel out;
  auto keep = [&](const ImageForm &form) {
    if (form.kernel.empty()) // all of it: helpers go with the kernel
      out.forms.push_back({form.name.str(), form.content.str()});
  };
  // PTX then names the rounding of sums and products, so that no assembler fuses them either.
  auto machine = createTargetMachine(tripleName, level.name, level.features);
  if (!machine) {
    out.error = ("no code generator for " + tripleName).str();
    return out;
  }
  ModuleOp module = *kernel.module;
  // Accesses are as aligned as the target has it for their types.
  module->setAttr(
      LLVM::LLVMDialect::getDataLayoutAttrName(),
      StringAttr::get(module.getContext(), machine->createDataLayout().getStringRepresentation()));
  llvm::LLVMContext context;
  auto translated = translateModuleToLLVMIR(module, context, "kernels");
  if (!translated) {
    out.error = "expected kernels in the llvm and nvvm dialects only";
    return out;
  }
  translated->setTargetTriple(machine->getTargetTriple());
  translated->setSourceFileName("");
  out.error = emitPtx(*translated, *machine, keepsForms ? ImageObserver(keep) : nullptr, out);
  if (!assembler || !out.error.empty() || kernel.names.empty())
    return out;
  StringRef name = kernel.names.front();
  auto code = assembler->assemble(withName(out.header + out.body, name), name, level);
  if (code)
    out.machineCode = std::move(*code);
  else
    out.error = llvm::toString(code.takeError());
  return out;
}

void warnOfSpills(ModuleOp module, const Level &level, const MachineCode &code) {
  if (code.spillStoreBytes || code.spillLoadBytes)
    module.emitWarning() << "kernel '" << code.symbol << "': expected no spilled registers on "
                         << level.name << ", got " << code.spillStoreBytes << " B of stores and "
                         << code.spillLoadBytes << " B of loads";
}
} // namespace

FailureOr<TargetImage> hadal::cuda::compileImage(ModuleOp module, const Level &level,
                                                 const Assembler *assembler,
                                                 ImageObserver observe) {
  initialiseTarget();
  DialectRegistry registry;
  registerAllToLLVMIRTranslations(registry);
  module.getContext()->appendDialectRegistry(registry);
  std::vector<DistinctKernel> kernels = splitKernels(module);
  if (kernels.empty())
    kernels.push_back({ModuleOp::create(module.getLoc()), {}}); // a text without entries
  std::vector<CompiledKernel> compiled(kernels.size());
  parallelFor(module.getContext(), 0, kernels.size(), [&](size_t i) {
    compiled[i] = compileKernel(kernels[i], level, assembler, bool(observe));
  });

  std::string text = compiled.front().header;
  TargetImage image;
  for (auto [kernel, code] : llvm::zip_equal(kernels, compiled)) {
    if (!code.error.empty())
      return module.emitError() << code.error;
    for (const std::string &name : kernel.names) {
      std::string body = withName(code.body, name);
      text += body;
      if (observe) {
        for (auto &[form, content] : code.forms)
          observe({name, form, withName(content, name)});
        observe({name, "code.ptx", body});
      }
      image.symbols.push_back({name, body.size()});
      if (code.machineCode)
        image.symbols.back().machineCode = image.machineCode.size();
    }
    if (code.machineCode) {
      warnOfSpills(module, level, *code.machineCode);
      image.machineCode.push_back(std::move(*code.machineCode));
    }
  }
  llvm::sort(image.symbols, [](auto &a, auto &b) { return a.name < b.name; });
  image.bytes.assign(text.begin(), text.end());
  if (observe)
    observe({"", "code.ptx", text});
  return image;
}

FailureOr<TargetImage> hadal::cuda::lowerAndCompile(ModuleOp module, const Level &level) {
  PassManager pm(module.getContext());
  buildKernelPipeline(pm, level);
  if (failed(pm.run(module)))
    return failure();
  return compileImage(module, level);
}
