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
      llvm::DenseSet<StringAttr> images;
      for (auto variant : executable.getVariants().front().getOps<plan::VariantOp>()) {
        if (!images.insert(variant.getImageAttr().getAttr()).second)
          return variant.emitOpError("expected one variant for each image, found another");
        auto image = symbols.lookup<plan::ImageOp>(variant.getImage());
        Block &contents = image.getContents().front();
        auto kernels = contents.empty() ? ModuleOp() : dyn_cast<ModuleOp>(contents.front());
        if (!kernels || !kernels.lookupSymbol(executable.getSymNameAttr()))
          return variant.emitOpError()
                 << "expected image @" << variant.getImage() << " to hold the function "
                 << executable.getSymNameAttr() << ", found none";
      }
      if (images.empty())
        return executable.emitOpError("expected a variant of every executable, found none");
    }
    return plan::verifySignatures(
        llvm::map_to_vector(program.getContents().front().getOps<plan::EntryOp>(), signatureOf));
  }

  static plan::Signature signatureOf(plan::EntryOp entry) {
    plan::Signature signature{entry, entry.getRole(), {}, {}};
    for (auto argument : entry.getOps<plan::ArgumentOp>())
      signature.arguments.push_back({argument.getName(), argument.getRole(), argument.getType()});
    for (auto result : entry.getOps<plan::ResultOp>())
      signature.results.push_back({result.getName(), result.getRole(), result.getType()});
    return signature;
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
