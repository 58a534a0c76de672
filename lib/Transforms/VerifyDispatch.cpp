// SPDX-License-Identifier: Apache-2.0
// Verifies what the dispatch stage promises.
#include "hadal/Transforms/Passes.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_VERIFYDISPATCHPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
LogicalResult verifyEntry(func::FuncOp function) {
  for (Operation &op : function.getBody().front())
    if (!isa<ParamOp, StateReadOp, StateWriteOp, TapOp, DispatchOp, tensor::EmptyOp,
             tensor::DimOp, arith::ConstantOp, func::ReturnOp>(op))
      return op.emitOpError("expected dispatches, parameters, states and taps in an entry point "
                            "at the dispatch stage");
  return success();
}

LogicalResult verifyExecutable(ExecutableOp executable, bool isDispatched) {
  if (!isDispatched)
    return executable.emitOpError("expected a dispatch of every executable, found none");
  Block &body = executable.getBody().getBody().front();
  if (std::distance(body.begin(), body.end()) != 2)
    return executable.emitOpError() << "expected a body of one op and its return, got "
                                    << std::distance(body.begin(), body.end()) << " ops";
  return success();
}

struct VerifyDispatchPass : impl::VerifyDispatchPassBase<VerifyDispatchPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::DenseSet<StringAttr> dispatched;
    module.walk([&](DispatchOp op) { dispatched.insert(op.getExecutableAttr().getAttr()); });
    for (auto function : module.getOps<func::FuncOp>())
      if (failed(verifyEntry(function)))
        return signalPassFailure();
    for (auto executable : module.getOps<ExecutableOp>())
      if (failed(verifyExecutable(executable, dispatched.contains(executable.getSymNameAttr()))))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace hadal
