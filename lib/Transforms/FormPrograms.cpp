// SPDX-License-Identifier: Apache-2.0
// Makes a program for each target from the neutral functions.
#include "hadal/Target/Target.h"
#include "hadal/Transforms/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_FORMPROGRAMSPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
struct FormProgramsPass : impl::FormProgramsPassBase<FormProgramsPass> {
  using FormProgramsPassBase::FormProgramsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (targets.empty()) {
      module.emitError("expected at least one target, got none");
      return signalPassFailure();
    }
    SmallVector<Operation *> neutral;
    for (Operation &op : *module.getBody())
      if (op.hasTrait<plan::ProgramDeclaration>() || isa<func::FuncOp>(op)) {
        neutral.push_back(&op);
      } else {
        op.emitOpError("expected declarations and functions before programs are formed");
        return signalPassFailure();
      }
    SmallVector<Block *> programs;
    llvm::SmallPtrSet<const Target *, 4> made;
    llvm::StringSet<> seen;
    for (const std::string &name : targets) {
      const Target *target = findTarget(module, name);
      if (!target)
        return signalPassFailure();
      if (!seen.insert(name).second) {
        module.emitError() << "expected each target once, got '" << name << "' again";
        return signalPassFailure();
      }
      if (made.insert(target).second) {
        FailureOr<Block *> contents = makeProgram(*target);
        if (failed(contents))
          return signalPassFailure();
        programs.push_back(*contents);
      }
      if (target->getFamily() != name)
        addLevel(target->getFamily(), name);
    }
    // The last program takes the originals, so that one target costs no copy.
    for (Block *contents : ArrayRef(programs).drop_back())
      for (Operation *op : neutral)
        contents->push_back(op->clone());
    for (Operation *op : neutral)
      op->moveBefore(programs.back(), programs.back()->end());
  }

  /// Wants a level of the program of that family, beside those that it wants.
  void addLevel(StringRef family, StringRef level) {
    auto program = getOperation().lookupSymbol<ProgramOp>(family);
    SmallVector<StringAttr> levels(program.getTarget().getLevels());
    auto name = StringAttr::get(&getContext(), level);
    if (!llvm::is_contained(levels, name))
      levels.push_back(name);
    program.setTargetAttr(TargetAttr::get(&getContext(), family, levels));
  }

  FailureOr<Block *> makeProgram(const Target &target) {
    ModuleOp module = getOperation();
    StringRef family = target.getFamily();
    if (module.lookupSymbol(family)) {
      module.emitError() << "expected no symbol '" << family << "' beside the program for target '"
                         << family << "', found one";
      return failure();
    }
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    auto program =
        ProgramOp::create(builder, module.getLoc(), family, target.getRequest(&getContext()));
    ++numPrograms;
    return builder.createBlock(&program.getContents());
  }
};
} // namespace
} // namespace hadal
