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
/// Whether a launch can evaluate the constant for a body of type `type`.
bool isConstant(Attribute constant, FunctionType type) {
  if (auto extent = dyn_cast<ExtentAttr>(constant)) {
    int64_t operand = extent.getOperand(), axis = extent.getAxis();
    return operand >= 0 && operand < type.getNumInputs() && axis >= 0 &&
           axis < cast<ShapedType>(type.getInput(operand)).getRank();
  }
  if (auto dim = dyn_cast<HostDimAttr>(constant))
    return plan::symbolizeDim(dim.getName()).has_value();
  return isa<IntegerAttr>(constant);
}

LogicalResult verifyInterface(ExecutableOp executable) {
  if (!executable.getInterface())
    return executable.emitOpError("expected an interface at the kernel stage, found none");
  KernelInterfaceAttr interface = *executable.getInterface();
  FunctionType type = executable.getBody().getFunctionType();
  int64_t count = type.getNumInputs() + type.getNumResults();
  for (int64_t binding : interface.getBindings())
    if (binding < 0 || binding >= count)
      return executable.emitOpError() << "expected bindings below " << count
                                      << ", the operands and results of the body, got "
                                      << binding;
  if (interface.getAccess().size() != interface.getBindings().size())
    return executable.emitOpError() << "expected an access for each of "
                                    << interface.getBindings().size() << " bindings, got "
                                    << interface.getAccess().size();
  for (int64_t access : interface.getAccess())
    if (access < 0 || access > 2)
      return executable.emitOpError() << "expected an access of 0, 1 or 2, got " << access;
  for (Attribute constant : interface.getConstants())
    if (!isConstant(constant, type))
      return executable.emitOpError()
             << "expected a constant to be an integer, an extent of an operand or a dim that the "
                "host knows, got "
             << constant;
  int64_t constants = interface.getConstants().size();
  if (interface.getPassed() < 0 || interface.getPassed() > constants)
    return executable.emitOpError() << "expected at most all " << constants
                                    << " constants to be passed, got " << interface.getPassed();
  return success();
}

/// One op of type OpTy in a variant, or null.
template <typename OpTy>
OpTy soleOp(VariantOp variant) {
  auto ops = variant.getContents().front().getOps<OpTy>();
  return llvm::hasSingleElement(ops) ? *ops.begin() : OpTy();
}

LogicalResult verifyVariants(ExecutableOp executable) {
  auto variants = executable.getContents().front().getOps<VariantOp>();
  if (variants.empty())
    return executable.emitOpError("expected a variant at the kernel stage, found none");
  plan::CountOp first;
  for (auto variant : variants) {
    auto function = soleOp<FunctionOpInterface>(variant);
    if (!function || function.getNameAttr() != executable.getSymNameAttr())
      return variant.emitOpError() << "expected one function named "
                                   << executable.getSymNameAttr();
    auto count = soleOp<plan::CountOp>(variant);
    size_t constants = executable.getInterface()->getConstants().size();
    if (!count || count.getBody().getNumArguments() != constants)
      return variant.emitOpError() << "expected one plan.count of " << constants << " constants";
    // The schema has the grid in the launch, not yet in the variant.
    if (first && !OperationEquivalence::isEquivalentTo(
                     first, count, OperationEquivalence::IgnoreLocations))
      return count.emitOpError("expected the count of the variant before it, got another");
    first = count;
  }
  return success();
}

struct VerifyKernelPass : impl::VerifyKernelPassBase<VerifyKernelPass> {
  void runOnOperation() override {
    for (auto executable : getOperation().getContents().getOps<ExecutableOp>())
      if (failed(verifyInterface(executable)) || failed(verifyVariants(executable)))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace hadal
