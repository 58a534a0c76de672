// SPDX-License-Identifier: Apache-2.0
// Verifies what the plan stage promises.
#include "hadal/Conversion/Passes.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_VERIFYPLANPASS
#include "hadal/Conversion/Passes.h.inc"

namespace {
struct VerifyPlanPass : impl::VerifyPlanPassBase<VerifyPlanPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    for (Operation &op : *module.getBody()) {
      auto program = dyn_cast<plan::ProgramOp>(op);
      if (!program)
        op.emitOpError("expected nothing beside programs at the plan stage");
      if (!program || failed(verifyProgram(program)))
        return signalPassFailure();
    }
    markAllAnalysesPreserved();
  }

  LogicalResult verifyProgram(plan::ProgramOp program) {
    SymbolTable symbols(program);
    if (program.getContents().front().getOps<plan::EntryOp>().empty())
      return program.emitOpError("expected an entry point, found none");
    llvm::DenseSet<StringAttr> launched;
    WalkResult result = program.walk([&](Operation *op) {
      if (auto launch = dyn_cast<plan::LaunchOp>(op))
        launched.insert(launch.getExecutableAttr().getAttr());
      if (auto parameter = dyn_cast<plan::ParameterOp>(op))
        return expect<ParameterOp>(op, symbols, parameter.getParameter());
      if (auto state = dyn_cast<plan::StateOp>(op))
        return expect<StateOp>(op, symbols, state.getState());
      if (auto entry = dyn_cast<plan::EntryOp>(op))
        return expectOneArena(entry);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return failure();
    for (auto executable : program.getContents().front().getOps<plan::ExecutableOp>()) {
      if (!launched.contains(executable.getSymNameAttr()))
        return executable.emitOpError("expected a launch of every executable, found none");
      for (Attribute attr : executable.getImages()) {
        auto image = symbols.lookup<plan::ImageOp>(cast<FlatSymbolRefAttr>(attr).getAttr());
        if (!image)
          return executable.emitOpError() << "expected " << attr << " to name a plan.image";
        Block &contents = image.getContents().front();
        auto kernels = contents.empty() ? ModuleOp() : dyn_cast<ModuleOp>(contents.front());
        if (!kernels || !kernels.lookupSymbol(executable.getSymNameAttr()))
          return executable.emitOpError() << "expected image " << attr
                                          << " to hold a function of this name, found none";
      }
    }
    return success();
  }

  template <typename DeclOp>
  static WalkResult expect(Operation *op, SymbolTable &symbols, StringRef name) {
    if (symbols.lookup<DeclOp>(name))
      return WalkResult::advance();
    op->emitOpError() << "expected @" << name << " to name a " << DeclOp::getOperationName();
    return WalkResult::interrupt();
  }

  static WalkResult expectOneArena(plan::EntryOp entry) {
    auto arenas = entry.getContents().front().getOps<plan::ArenaOp>();
    auto count = std::distance(arenas.begin(), arenas.end());
    if (count == 1)
      return WalkResult::advance();
    entry.emitOpError() << "expected one arena, got " << count;
    return WalkResult::interrupt();
  }
};
} // namespace
} // namespace hadal
