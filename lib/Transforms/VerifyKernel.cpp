// SPDX-License-Identifier: Apache-2.0
// Verifies what the kernel stage promises.
#include "hadal/Transforms/Passes.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_VERIFYKERNELPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
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
  if (interface.getGrid().size() != 9)
    return executable.emitOpError() << "expected nine integers of a grid, got "
                                    << interface.getGrid().size();
  if (interface.getRows() < 0 || interface.getRows() >= type.getNumInputs())
    return executable.emitOpError() << "expected rows to name one of " << type.getNumInputs()
                                    << " operands, got " << interface.getRows();
  for (Attribute constant : interface.getConstants()) {
    auto name = dyn_cast<StringAttr>(constant);
    if (!isa<IntegerAttr>(constant) &&
        (!name || !llvm::is_contained({"rows", "sequences", "pages_per_slot"}, name.getValue())))
      return executable.emitOpError()
             << "expected a constant to be an integer, \"rows\", \"sequences\" or "
                "\"pages_per_slot\", got "
             << constant;
  }
  return success();
}

LogicalResult verifyVariants(ExecutableOp executable) {
  auto variants = executable.getContents().front().getOps<VariantOp>();
  if (variants.empty())
    return executable.emitOpError("expected a variant at the kernel stage, found none");
  for (auto variant : variants) {
    auto functions = variant.getContents().front().getOps<FunctionOpInterface>();
    if (std::distance(functions.begin(), functions.end()) != 1 ||
        (*functions.begin()).getNameAttr() != executable.getSymNameAttr())
      return variant.emitOpError() << "expected one function named "
                                   << executable.getSymNameAttr();
  }
  return success();
}

struct VerifyKernelPass : impl::VerifyKernelPassBase<VerifyKernelPass> {
  void runOnOperation() override {
    for (auto executable : getOperation().getOps<ExecutableOp>())
      if (failed(verifyInterface(executable)) || failed(verifyVariants(executable)))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace hadal
