// SPDX-License-Identifier: Apache-2.0
// Makes a program for each target from the neutral functions.
#include "hadal/Target/Target.h"
#include "hadal/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

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
    for (const std::string &family : targets) {
      FailureOr<Block *> contents = makeProgram(family);
      if (failed(contents))
        return signalPassFailure();
      programs.push_back(*contents);
    }
    // The last program takes the originals, so that one target costs no copy.
    for (Block *contents : ArrayRef(programs).drop_back())
      for (Operation *op : neutral)
        contents->push_back(op->clone());
    for (Operation *op : neutral)
      op->moveBefore(programs.back(), programs.back()->end());
  }

  FailureOr<Block *> makeProgram(StringRef family) {
    ModuleOp module = getOperation();
    const Target *target = lookupTarget(module, family);
    if (!target)
      return failure();
    if (module.lookupSymbol(family)) {
      module.emitError() << "expected no symbol '" << family << "' beside the program for target '"
                         << family << "', found one";
      return failure();
    }
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    auto program =
        ProgramOp::create(builder, module.getLoc(), family, target->getRequest(&getContext()));
    ++numPrograms;
    return builder.createBlock(&program.getContents());
  }
};
} // namespace
} // namespace hadal
