// SPDX-License-Identifier: Apache-2.0
// Verifiers of programs, executables and dispatches.
#include "hadal/IR/HadalDialect.h"
#include "hadal/IR/Verify.h"

using namespace mlir;
using namespace hadal;

LogicalResult ProgramOp::verifyRegions() {
  // program_c1
  for (Operation &op : getContents().front())
    if (!op.hasTrait<DeclaresStorage>() && !isa<ExecutableOp, func::FuncOp>(op))
      return op.emitOpError("expected parameters, states, executables and functions in a program");
  return success();
}

func::FuncOp ExecutableOp::getBody() {
  return dyn_cast_or_null<func::FuncOp>(mlir::SymbolTable::lookupSymbolIn(getOperation(), "body"));
}

LogicalResult ExecutableOp::verify() {
  // executable_c1
  func::FuncOp body = getBody();
  if (!body || !body.getBody().hasOneBlock())
    return emitOpError() << "expected a function named body of one block, found "
                         << (body ? "another" : "none");
  return success();
}

LogicalResult DispatchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // dispatch_c1
  auto executable = symbols.lookupNearestSymbolFrom<ExecutableOp>(*this, getExecutableAttr());
  if (!executable)
    return emitOpError() << "expected " << getExecutableAttr() << " to name a hadal.executable";
  // dispatch_c2
  FunctionType want = executable.getBody().getFunctionType();
  if (want.getInputs() != ArrayRef<Type>(llvm::to_vector(getOperandTypes())) ||
      want.getResults() != ArrayRef<Type>(llvm::to_vector(getResultTypes())))
    return emitOpError() << "expected operands and results of " << want << ", got "
                         << FunctionType::get(getContext(), getOperandTypes(), getResultTypes());
  return success();
}
