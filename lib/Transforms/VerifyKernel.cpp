// SPDX-License-Identifier: Apache-2.0
// Verifies what the kernel stage promises.
#include "hadal/Transforms/Passes.h"
#include "plan/IR/PlanDialect.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_VERIFYKERNELPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
/// One op of type OpTy in a variant, or null.
template <typename OpTy>
OpTy soleOp(VariantOp variant) {
  auto ops = variant.getContents().front().getOps<OpTy>();
  return llvm::hasSingleElement(ops) ? *ops.begin() : OpTy();
}

LogicalResult verifyVariants(ExecutableOp executable, TargetAttr target) {
  if (!executable.getInterface())
    return executable.emitOpError("expected an interface at the kernel stage, found none");
  for (Attribute constant : executable.getInterface()->getConstants())
    if (auto dim = dyn_cast<HostDimAttr>(constant))
      if (!SymbolTable::lookupNearestSymbolFrom<plan::HostDimOp>(executable->getParentOp(),
                                                                 dim.getName()))
        return executable.emitOpError() << "expected " << dim << " to name a plan.host_dim";
  auto variants = executable.getContents().front().getOps<VariantOp>();
  if (variants.empty())
    return executable.emitOpError("expected a variant at the kernel stage, found none");
  llvm::DenseSet<StringAttr> levels;
  for (auto variant : variants) {
    if (!levels.insert(variant.getLevelAttr()).second)
      return variant.emitOpError("expected one variant for each level, found another");
    if (!target.getLevels().empty() &&
        !llvm::is_contained(target.getLevels(), variant.getLevelAttr()))
      return variant.emitOpError()
             << "expected a level that its program wants, got " << variant.getLevelAttr();
    auto function = soleOp<FunctionOpInterface>(variant);
    if (!function || function.getNameAttr() != executable.getSymNameAttr())
      return variant.emitOpError() << "expected one function named " << executable.getSymNameAttr();
    auto interface = soleOp<plan::InterfaceOp>(variant);
    size_t constants = executable.getInterface()->getConstants().size();
    if (!interface || interface.getBody().getNumArguments() != constants)
      return variant.emitOpError()
             << "expected one plan.interface of " << constants << " constants";
    if (failed(interface.verifyBindings(executable.getInterface()->getBindings().size())))
      return failure();
  }
  return success();
}

struct VerifyKernelPass : impl::VerifyKernelPassBase<VerifyKernelPass> {
  void runOnOperation() override {
    for (auto executable : getOperation().getContents().getOps<ExecutableOp>())
      if (failed(verifyVariants(executable, getOperation().getTarget())))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace hadal
