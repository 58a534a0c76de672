// SPDX-License-Identifier: Apache-2.0
// Verifiers of programs, executables and dispatches.
#include "hadal/IR/HadalDialect.h"
#include "hadal/IR/OpChecks.h"

#include "hadal_limits.h"

using namespace mlir;
using namespace hadal;

LogicalResult ProgramOp::verifyRegions() {
  // program_c1
  for (Operation &op : getContents().front()) {
    if (!op.hasTrait<plan::ProgramDeclaration>() && !isa<ExecutableOp, func::FuncOp>(op))
      return op.emitOpError("expected declarations, executables and functions in a program");
    if (auto function = dyn_cast<func::FuncOp>(op); function && function.isExternal())
      return function.emitOpError("expected a function with a body in a program");
  }
  // program_c2
  return plan::verifyDeclarations(getContents().front());
}

func::FuncOp ExecutableOp::getBody() {
  return dyn_cast_or_null<func::FuncOp>(mlir::SymbolTable::lookupSymbolIn(getOperation(), "body"));
}

SmallVector<Operation *> ExecutableOp::getBodyOps() {
  return llvm::map_to_vector(getBody().getBody().front().without_terminator(),
                             [](Operation &op) { return &op; });
}

OperandRange ExecutableOp::getBodyResults() {
  return getBody().getBody().front().getTerminator()->getOperands();
}

/// Whether a launch can evaluate the constant for a body of type `type`.
static bool isConstant(Attribute constant, FunctionType type) {
  if (auto extent = dyn_cast<ExtentAttr>(constant)) {
    int64_t operand = extent.getOperand(), axis = extent.getAxis();
    auto shape = operand >= 0 && operand < type.getNumInputs()
                     ? dyn_cast<RankedTensorType>(type.getInput(operand))
                     : RankedTensorType();
    return shape && axis >= 0 && axis < shape.getRank();
  }
  auto integer = dyn_cast<IntegerAttr>(constant);
  return isa<HostDimAttr>(constant) || (integer && integer.getType().isSignlessInteger(64));
}

static LogicalResult verifyInterface(ExecutableOp op, KernelInterfaceAttr interface) {
  FunctionType type = op.getBody().getFunctionType();
  int64_t count = type.getNumInputs() + type.getNumResults();
  // executable_c2
  for (int64_t binding : interface.getBindings())
    if (binding < 0 || binding >= count)
      return op.emitOpError() << "expected bindings below " << count
                              << ", the operands and results of the body, got " << binding;
  if (interface.getAccess().size() != interface.getBindings().size())
    return op.emitOpError() << "expected an access for each of " << interface.getBindings().size()
                            << " bindings, got " << interface.getAccess().size();
  for (auto [binding, access] : llvm::zip_equal(interface.getBindings(), interface.getAccess()))
    if (binding >= type.getNumInputs() && access == plan::Access::Read)
      return op.emitOpError() << "expected result " << binding - type.getNumInputs()
                              << " of the body to be written, got read";
  // executable_c4
  if (interface.getBindings().size() > kMaxBindings ||
      interface.getConstants().size() > kMaxConstants)
    return op.emitOpError() << "expected " << kMaxBindings << " bindings and " << kMaxConstants
                            << " constants at most, got " << interface.getBindings().size()
                            << " and " << interface.getConstants().size();
  // executable_c3
  for (Attribute constant : interface.getConstants())
    if (!isConstant(constant, type))
      return op.emitOpError() << "expected a constant to be an integer of i64, an extent of an "
                                 "operand or a dim that the host knows, got "
                              << constant;
  return success();
}

LogicalResult ExecutableOp::verify() {
  // executable_c1
  func::FuncOp body = getBody();
  if (!body || !body.getBody().hasOneBlock())
    return emitOpError() << "expected a function named body of one block, found "
                         << (body ? "another" : "none");
  // executable_c5
  for (Operation &op : getContents().front())
    if (&op != body && !isa<VariantOp>(op))
      return op.emitOpError("expected the body and variants in an executable");
  return getInterface() ? verifyInterface(*this, *getInterface()) : success();
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
