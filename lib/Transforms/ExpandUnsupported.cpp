// SPDX-License-Identifier: Apache-2.0
// Expands the ops that the target of their program has no kernel for.
#include "hadal/Target/Target.h"
#include "hadal/Transforms/Passes.h"

#include "hadal_tap_names.h"

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

  void getDependentDialects(DialectRegistry &registry) const override {
    impl::ExpandUnsupportedPassBase<ExpandUnsupportedPass>::getDependentDialects(registry);
    OpPassManager parts(ProgramOp::getOperationName());
    parts.addPass(createDecomposePass());
    parts.getDependentDialects(registry);
  }

  void runOnOperation() override {
    for (auto program : getOperation().getOps<ProgramOp>()) {
      const Target *target = lookupTarget(program, program.getTarget().getFamily());
      if (!target || failed(expand(program, *target)) ||
          (plain && taps && failed(expandParts(program))))
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
    SmallVector<Operation *> ops, unsupported;
    for (auto function : program.getContents().getOps<func::FuncOp>()) {
      Block &block = function.getBody().front();
      SmallVector<Operation *> left = findLeftOver(block, target);
      llvm::SmallPtrSet<Operation *, 16> isLeft(left.begin(), left.end());
      for (Operation &op : block) {
        if (!plain && target.supports(&op))
          continue;
        if (isa<ComputeOpInterface, ExpandableOpInterface>(op)) {
          ops.push_back(&op);
        } else if (!staysInEntry(&op) && !isCarried(&op)) {
          // It is what it means, or a part of another op's kernel.
          if (plain || isLeft.contains(&op) || !OpTrait::hasElementwiseMappableTraits(&op))
            ++counts[op.getName().getStringRef().str()];
          unsupported.push_back(&op);
        }
      }
    }
    if (taps)
      for (Operation *op : unsupported)
        tap(op);
    for (Operation *op : ops) {
      std::string name = op->getName().getStringRef().str();
      auto expandable = dyn_cast<ExpandableOpInterface>(op);
      if (!expandable)
        return op->emitOpError() << "has neither a kernel for the target '" << target.getFamily()
                                 << "' nor an expansion";
      if (taps && plain && op->hasTrait<HasParts>()) {
        OpBuilder behind(op->getBlock(), std::next(Block::iterator(op)));
        behind.clone(*op)->removeAttr(kValueAttrName);
      }
      if (taps)
        tap(op);
      if (failed(expandOne(expandable)))
        return failure();
      ++counts[name];
      ++numExpanded;
    }
    return success();
  }

  /// Expands the copies of what has parts, part by part, for their taps alone.
  LogicalResult expandParts(ProgramOp program) {
    OpPassManager parts(ProgramOp::getOperationName());
    parts.addPass(createDecomposePass());
    if (failed(runPipeline(parts, program)))
      return failure();
    SmallVector<ExpandableOpInterface> ops;
    for (auto function : program.getContents().getOps<func::FuncOp>())
      for (Operation &op : function.getBody().front())
        if (isa<ComputeOpInterface>(op))
          ops.push_back(cast<ExpandableOpInterface>(op));
    for (ExpandableOpInterface op : ops) {
      tapResults(op, kPartTapPrefix + labelOf(op));
      if (failed(expandOne(op)))
        return failure();
    }
    return success();
  }

  LogicalResult expandOne(ExpandableOpInterface op) {
    Block *block = op->getBlock();
    Operation *before = op->getPrevNode();
    Block::iterator end = std::next(Block::iterator(op));
    std::string label = labelOf(op);
    if (failed(replaceByExpansion(op)))
      return failure();
    if (taps)
      numberSteps(before ? std::next(Block::iterator(before)) : block->begin(), end, label);
    return success();
  }

  void tap(Operation *op) {
    if (auto name = op->getAttrOfType<StringAttr>(kValueAttrName))
      tapResults(op, kExpansionTapPrefix + name.str());
    op->removeAttr(kValueAttrName);
  }

  std::map<std::string, int64_t> counts; // by name, in all programs
};
} // namespace
} // namespace hadal
