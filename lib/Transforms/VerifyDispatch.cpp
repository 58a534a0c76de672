// SPDX-License-Identifier: Apache-2.0
// Verifies what the dispatch stage promises.
#include "VerifyPrograms.h"
#include "VerifyTables.h"

#include "hadal/Transforms/Passes.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_VERIFYDISPATCHPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
/// Whether a use wants to know extents alone, itself or in the body that it is passed to.
bool asksForExtents(OpOperand &use, SymbolTable &symbols) {
  auto dispatch = dyn_cast<DispatchOp>(use.getOwner());
  if (!dispatch)
    return isa<tensor::DimOp>(use.getOwner());
  auto executable = symbols.lookup<ExecutableOp>(dispatch.getExecutable());
  return llvm::all_of(executable.getBody().getArgument(use.getOperandNumber()).getUsers(),
                      llvm::IsaPred<tensor::DimOp>);
}

/// What a dispatch overwrites in place must not be wanted afterwards, and is neither a parameter nor
/// the caller's. The undefined content of an empty tensor is wanted by nobody.
LogicalResult verifyDestinations(DispatchOp dispatch, SymbolTable &symbols) {
  auto executable = symbols.lookup<ExecutableOp>(dispatch.getExecutableAttr().getAttr());
  for (BlockArgument argument : destinationsOf(executable)) {
    Value destination = dispatch.getOperand(argument.getArgNumber());
    if (destination.getDefiningOp<tensor::EmptyOp>())
      continue;
    if (destination.getDefiningOp<ParamOp>())
      return dispatch.emitOpError("expected no parameter as a destination, got one");
    if (auto given = dyn_cast<BlockArgument>(destination))
      return dispatch.emitOpError()
             << "expected no argument of the function as a destination, got '"
             << argumentPortOf(dispatch->getParentOfType<func::FuncOp>(), given.getArgNumber())
                    .getName()
             << "'";
    for (OpOperand &use : destination.getUses())
      if (dispatch->isBeforeInBlock(use.getOwner()) && !asksForExtents(use, symbols))
        return use.getOwner()->emitOpError("expected no use of a destination after it is "
                                           "overwritten, found one");
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
  SmallVector<Operation *> ops = executable.getBodyOps();
  if (ops.empty())
    return executable.emitOpError("expected a body of ops that compute, found none");
  for (Operation *op : ops)
    if (!belongsInBody(op))
      return op->emitOpError("has no place in a body: expected a hadal op that computes, or one "
                             "of linalg, tensor, arith or math");
  llvm::DenseSet<Value> returned;
  for (Value result : executable.getBodyResults())
    if (!result.getDefiningOp() || !returned.insert(result).second)
      return executable.emitOpError("expected a body that returns results of its ops, each once");
  return success();
}

LogicalResult verifyProgram(ProgramOp program) {
  SymbolTable symbols(program);
  llvm::DenseSet<StringAttr> dispatched;
  program.walk([&](DispatchOp op) { dispatched.insert(op.getExecutableAttr().getAttr()); });
  for (auto function : program.getContents().getOps<func::FuncOp>())
    if (failed(verifyEntry(function, symbols)) || failed(verifyTables(function, symbols)))
      return failure();
  for (auto executable : program.getContents().getOps<ExecutableOp>())
    if (failed(verifyExecutable(executable, dispatched.contains(executable.getSymNameAttr()))))
      return failure();
  if (program.getContents().getOps<func::FuncOp>().empty())
    return program.emitOpError("expected an entry point, found none");
  return success();
}

struct VerifyDispatchPass : impl::VerifyDispatchPassBase<VerifyDispatchPass> {
  void runOnOperation() override {
    if (failed(verifyPrograms(getOperation())))
      return signalPassFailure();
    for (auto program : getOperation().getOps<ProgramOp>())
      if (failed(verifyProgram(program)))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace hadal
