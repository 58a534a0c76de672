// SPDX-License-Identifier: Apache-2.0
// Makes the entry points prefill and decode of the step function.
#include "hadal/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_SPECIALIZEENTRIESPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
struct SpecializeEntriesPass : impl::SpecializeEntriesPassBase<SpecializeEntriesPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto step = module.lookupSymbol<func::FuncOp>("step");
    if (!step) {
      if (module.lookupSymbol<func::FuncOp>("prefill"))
        return; // specialised before
      module.emitError("expected a function 'step', found none");
      return signalPassFailure();
    }
    OpBuilder builder(step);
    func::FuncOp decode = step.clone();
    builder.setInsertionPointAfter(step);
    builder.insert(decode);
    name(step, "prefill");
    name(decode, "decode");
  }

  void name(func::FuncOp function, StringRef entry) {
    function.setSymName(entry);
    function->setAttr(kEntryAttrName, StringAttr::get(&getContext(), entry));
  }
};
} // namespace
} // namespace hadal
