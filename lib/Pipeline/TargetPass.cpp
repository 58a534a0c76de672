// SPDX-License-Identifier: Apache-2.0
// Runs a target's passes on the programs of that target.
#include "TargetPass.h"

using namespace mlir;
using namespace hadal;

std::optional<StringRef> hadal::targetFamilyOf(Operation *op) {
  if (auto program = dyn_cast<ProgramOp>(op))
    return program.getTarget().getFamily();
  if (auto program = dyn_cast<plan::ProgramOp>(op))
    return program.getSymName();
  return std::nullopt;
}

namespace {
class TargetPass : public PassWrapper<TargetPass, OperationPass<>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TargetPass)
  TargetPass(StringRef family, OpPassManager passes)
      : family(family.str()), name(("TargetPass: " + family).str()), passes(std::move(passes)) {}

  StringRef getName() const override { return name; }
  StringRef getDescription() const override {
    return "Runs a target's passes on the programs of that target";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    passes.getDependentDialects(registry);
  }

  void runOnOperation() override {
    if (targetFamilyOf(getOperation()) == StringRef(family) &&
        failed(runPipeline(passes, getOperation())))
      signalPassFailure();
  }

private:
  std::string family, name;
  OpPassManager passes;
};
} // namespace

std::unique_ptr<Pass> hadal::createTargetPass(const Target &target, OpPassManager passes) {
  return std::make_unique<TargetPass>(target.getFamily(), std::move(passes));
}
