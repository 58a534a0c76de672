// SPDX-License-Identifier: Apache-2.0
// Verifies what the dispatch stage promises.
#include "hadal/Transforms/Passes.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_VERIFYDISPATCHPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
/// What a dispatch overwrites in place must not be wanted afterwards. The
/// undefined content of an empty tensor never is.
LogicalResult verifyDestinations(DispatchOp dispatch, SymbolTable &symbols) {
  auto executable = symbols.lookup<ExecutableOp>(dispatch.getExecutableAttr().getAttr());
  auto inPlace = dyn_cast<DestinationStyleOpInterface>(executable.getBody().front().front());
  if (!inPlace)
    return success();
  for (OpOperand &init : inPlace.getDpsInitsMutable()) {
    auto argument = dyn_cast<BlockArgument>(init.get());
    if (!argument)
      continue;
    Value destination = dispatch.getOperand(argument.getArgNumber());
    if (destination.getDefiningOp<tensor::EmptyOp>())
      continue;
    for (Operation *user : destination.getUsers())
      if (dispatch->isBeforeInBlock(user))
        return user->emitOpError("expected no use of a destination after it is overwritten, "
                                 "found one");
  }
  return success();
}

LogicalResult verifyEntry(func::FuncOp function, SymbolTable &symbols) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("expected a function of one block");
  for (Operation &op : function.getBody().front())
    if (!staysInEntry(&op))
      return op.emitOpError("expected dispatches, parameters, states and taps in an entry point "
                            "at the dispatch stage");
  for (auto dispatch : function.getOps<DispatchOp>())
    if (failed(verifyDestinations(dispatch, symbols)))
      return failure();
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
    ProgramOp program = getOperation();
    SymbolTable symbols(program);
    llvm::DenseSet<StringAttr> dispatched;
    program.walk([&](DispatchOp op) { dispatched.insert(op.getExecutableAttr().getAttr()); });
    for (auto function : program.getContents().getOps<func::FuncOp>())
      if (failed(verifyEntry(function, symbols)))
        return signalPassFailure();
    for (auto executable : program.getContents().getOps<ExecutableOp>())
      if (failed(verifyExecutable(executable, dispatched.contains(executable.getSymNameAttr()))))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace hadal
