// SPDX-License-Identifier: Apache-2.0
// Verifies what the plan stage promises.
#include "hadal/Conversion/Passes.h"
#include "hadal/Target/Target.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_VERIFYPLANPASS
#include "hadal/Conversion/Passes.h.inc"

namespace {
/// Verifies that a program is for a target that is known, and images are for its levels.
LogicalResult verifyTarget(plan::ProgramOp program, const Target *target) {
  if (!target)
    return failure();
  if (static_cast<int32_t>(program.getAbi()) != target->getKernelABI())
    return program.emitOpError() << "expected version " << target->getKernelABI()
                                 << " of the kernel interface of '" << target->getFamily()
                                 << "', got " << static_cast<int32_t>(program.getAbi());
  for (auto image : program.getContents().getOps<plan::ImageOp>()) {
    if (!llvm::is_contained(target->getLevels(), image.getLevel()))
      return image.emitOpError() << "expected a level of the target '" << target->getFamily()
                                 << "', got '" << image.getLevel() << "'";
    Block &contents = image.getContents().front();
    if (!llvm::hasSingleElement(contents) || !isa<ModuleOp>(contents.front()))
      return image.emitOpError() << "expected one module of functions, got "
                                 << contents.getOperations().size() << " ops";
  }
  return success();
}

/// Verifies that the variants of an executable are for different levels, best first,
/// and that its function is in their images.
LogicalResult verifyVariants(plan::ExecutableOp executable, SymbolTable &symbols,
                             ArrayRef<StringRef> levels) {
  auto variants = executable.getVariants().front().getOps<plan::VariantOp>();
  if (variants.empty())
    return executable.emitOpError("expected a variant of every executable, found none");
  for (auto variant : variants) {
    auto image = symbols.lookup<plan::ImageOp>(variant.getImage());
    auto level = llvm::find(levels, image.getLevel());
    if (level == levels.end())
      return variant.emitOpError() << "expected one variant for each level, best first, got '"
                                   << image.getLevel() << "' again or late";
    levels = levels.drop_front(level - levels.begin() + 1);
    auto kernels = cast<ModuleOp>(image.getContents().front().front());
    if (!kernels.lookupSymbol(executable.getSymNameAttr()))
      return variant.emitOpError()
             << "expected image @" << variant.getImage() << " to hold the function "
             << executable.getSymNameAttr() << ", found none";
  }
  return success();
}

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
    const Target *target = lookupTarget(program, program.getSymName());
    if (failed(verifyTarget(program, target)))
      return failure();
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
      if (failed(verifyVariants(executable, symbols, target->getLevels())))
        return failure();
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
