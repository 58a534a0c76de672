// SPDX-License-Identifier: Apache-2.0
// LLVM's machines, passes and files, for targets that compile with it.
#include "hadal/Target/LLVMCodegen.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

std::unique_ptr<TargetMachine> hadal::createTargetMachine(StringRef triple, StringRef cpu,
                                                          StringRef features,
                                                          std::optional<Reloc::Model> relocation,
                                                          std::optional<CodeModel::Model> codeModel,
                                                          CodeGenOptLevel optimisation) {
  Triple parsed(triple);
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(parsed, error);
  if (!target)
    return nullptr;
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Standard;
  options.MCOptions.AsmVerbose = false;
  return std::unique_ptr<TargetMachine>(target->createTargetMachine(
      parsed, cpu, features, options, relocation, codeModel, optimisation));
}

Error hadal::runPasses(Module &module, TargetMachine &machine, StringRef passes) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager cgscc;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(cgscc);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, cgscc, modules);
  ModulePassManager manager;
  if (Error error = builder.parsePassPipeline(manager, passes))
    return error;
  manager.run(module, modules);
  return Error::success();
}

void hadal::observeModule(Module &module, StringRef name, ImageObserver observe) {
  if (!observe)
    return;
  auto tell = [&](StringRef kernel, auto &printed) {
    std::string text;
    raw_string_ostream stream(text);
    printed.print(stream, nullptr);
    observe({kernel, name, text});
  };
  tell("", module);
  for (Function &function : module)
    if (!function.isDeclaration())
      tell(function.getName(), function);
}

bool hadal::emitFile(Module &module, TargetMachine &machine, CodeGenFileType type,
                     SmallVectorImpl<char> &out) {
  raw_svector_ostream stream(out);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type))
    return false;
  passes.run(module);
  return true;
}
