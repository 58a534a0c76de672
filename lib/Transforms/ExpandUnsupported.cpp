// SPDX-License-Identifier: Apache-2.0
// Expands the ops that the target of their program has no kernel for.
#include "hadal/Target/Target.h"
#include "hadal/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <map>

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_EXPANDUNSUPPORTEDPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
struct ExpandUnsupportedPass : impl::ExpandUnsupportedPassBase<ExpandUnsupportedPass> {
  using ExpandUnsupportedPassBase::ExpandUnsupportedPassBase;

  void runOnOperation() override {
    for (auto program : getOperation().getOps<ProgramOp>()) {
      const Target *target = lookupTarget(program, program.getTarget().getFamily());
      if (!target || failed(expand(program, *target)))
        return signalPassFailure();
    }
    if (counts.empty())
      return;
    Builder builder(&getContext());
    SmallVector<NamedAttribute> entries;
    for (auto &[name, count] : counts)
      entries.emplace_back(builder.getStringAttr(name), builder.getI64IntegerAttr(count));
    getOperation()->setAttr(kExpandedAttrName, builder.getDictionaryAttr(entries));
  }

  LogicalResult expand(ProgramOp program, const Target &target) {
    SmallVector<Operation *> ops;
    for (auto function : program.getContents().getOps<func::FuncOp>())
      for (Operation &op : function.getBody().front()) {
        if (!plain && target.supports(&op))
          continue;
        if (isa<ComputeOpInterface, ExpandableOpInterface>(op))
          ops.push_back(&op);
        else if (!staysInEntry(&op) && !isCarried(&op))
          ++counts[op.getName().getStringRef().str()]; // it is what it means
      }
    for (Operation *op : ops) {
      std::string name = op->getName().getStringRef().str();
      auto expandable = dyn_cast<ExpandableOpInterface>(op);
      if (!expandable)
        return op->emitOpError() << "has neither a kernel for the target '" << target.getFamily()
                                 << "' nor an expansion";
      if (failed(replaceByExpansion(expandable)))
        return failure();
      ++counts[name];
      ++numExpanded;
    }
    return success();
  }

  std::map<std::string, int64_t> counts; // by name, in all programs
};
} // namespace
} // namespace hadal
