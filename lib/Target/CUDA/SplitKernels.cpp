// SPDX-License-Identifier: Apache-2.0
// Takes a module of kernels apart, so that they compile side by side and equal ones once.
#include "SplitKernels.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace {
/// The kernel and what it refers to, directly or not, in the order of their module.
llvm::SmallVector<Operation *> closureOf(LLVM::LLVMFuncOp kernel, const SymbolTable &symbols) {
  llvm::SetVector<Operation *> needed;
  needed.insert(kernel);
  for (size_t i = 0; i < needed.size(); ++i)
    if (auto uses = SymbolTable::getSymbolUses(needed[i]))
      for (const SymbolTable::SymbolUse &use : *uses)
        if (Operation *symbol = symbols.lookup(use.getSymbolRef().getRootReference()))
          needed.insert(symbol);
  llvm::SmallVector<Operation *> ops = needed.takeVector();
  llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return ops;
}

OwningOpRef<ModuleOp> isolate(ModuleOp module, LLVM::LLVMFuncOp kernel,
                              const SymbolTable &symbols) {
  OwningOpRef<ModuleOp> alone = ModuleOp::create(module.getLoc());
  (*alone)->setAttrs(module->getAttrDictionary());
  for (Operation *op : closureOf(kernel, symbols)) {
    Operation *copy = op->clone();
    alone->push_back(copy);
    if (op == kernel)
      SymbolTable::setSymbolName(copy, hadal::cuda::kKernelStandIn);
  }
  return alone;
}
} // namespace

std::vector<hadal::cuda::DistinctKernel> hadal::cuda::splitKernels(ModuleOp module) {
  std::vector<DistinctKernel> kernels;
  llvm::StringMap<size_t> known; // by text
  SymbolTable symbols(module);
  for (auto kernel : module.getOps<LLVM::LLVMFuncOp>()) {
    if (!kernel->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName()))
      continue;
    OwningOpRef<ModuleOp> alone = isolate(module, kernel, symbols);
    std::string text;
    llvm::raw_string_ostream(text) << *alone;
    auto [place, isNew] = known.try_emplace(text, kernels.size());
    if (isNew)
      kernels.push_back({std::move(alone), {}});
    kernels[place->second].names.push_back(kernel.getSymName().str());
  }
  return kernels;
}
