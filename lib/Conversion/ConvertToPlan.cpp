// SPDX-License-Identifier: Apache-2.0
// Turns entry points and executables into a plan.
#include "hadal/Conversion/Passes.h"

#include "EntryConverter.h"
#include "MoveKernels.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_CONVERTTOPLANPASS
#include "hadal/Conversion/Passes.h.inc"

namespace {
struct ConvertToPlanPass : impl::ConvertToPlanPassBase<ConvertToPlanPass> {
  void runOnOperation() override {
    for (auto program : llvm::to_vector(getOperation().getOps<ProgramOp>()))
      if (failed(convert(program)))
        return signalPassFailure();
  }

  LogicalResult convert(ProgramOp source) {
    const Target *target = lookupTarget(source, source.getTarget().getFamily());
    if (!target)
      return failure();
    for (auto other : getOperation().getOps<plan::ProgramOp>())
      if (other.getSymName() == target->getFamily())
        return source.emitOpError()
               << "expected one program for target '" << target->getFamily() << "', found another";
    OpBuilder builder(source);
    auto program = plan::ProgramOp::create(builder, source.getLoc(), target->getFamily(),
                                           target->getKernelABI());
    Block *contents = builder.createBlock(&program.getContents());
    SymbolTable symbols(source);
    if (failed(moveKernels(source, program, *target)))
      return failure();
    for (auto function : source.getContents().getOps<func::FuncOp>()) {
      OpBuilder atEnd = OpBuilder::atBlockEnd(contents);
      auto entry = plan::EntryOp::create(atEnd, function.getLoc(), function.getSymName(),
                                         entryRoleOf(function));
      atEnd.createBlock(&entry.getContents());
      EntryConverter converter(function, symbols, entry);
      if (failed(converter.run()))
        return failure();
      numLaunches += converter.launchCount;
      numBuffers += converter.bufferCount();
    }
    // What is declared stays as it is, before everything else.
    Block::iterator first = contents->begin();
    for (Operation &op : llvm::make_early_inc_range(source.getContents().front()))
      if (op.hasTrait<plan::ProgramDeclaration>())
        op.moveBefore(contents, first);
    source.erase();
    return success();
  }
};
} // namespace
} // namespace hadal
