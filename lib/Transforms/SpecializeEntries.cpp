// SPDX-License-Identifier: Apache-2.0
// Makes the entry point for one token a sequence of that for any.
#include "hadal/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_SPECIALIZEENTRIESPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
struct SpecializeEntriesPass : impl::SpecializeEntriesPassBase<SpecializeEntriesPass> {
  void runOnOperation() override {
    func::FuncOp step;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (entryRoleOf(function) == plan::EntryRole::Decode)
        return; // specialised before
      if (entryRoleOf(function) == plan::EntryRole::Step)
        step = function;
    }
    if (!step)
      return;
    func::FuncOp decode = step.clone();
    decode.setSymName(plan::stringifyEntryRole(plan::EntryRole::Decode));
    decode->setAttr(kEntryAttrName, EntryAttr::get(&getContext(), plan::EntryRole::Decode));
    SymbolTable(getOperation()).insert(decode, std::next(Block::iterator(step)));
    ++numSpecialized;
  }
};
} // namespace
} // namespace hadal
