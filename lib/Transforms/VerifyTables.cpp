// SPDX-License-Identifier: Apache-2.0
// Verifies that rotary tables are read where a session has rows of them.
#include "VerifyTables.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace hadal;

namespace {
class TableReads {
public:
  TableReads(func::FuncOp function, SymbolTable &symbols) : function(function), symbols(symbols) {}

  LogicalResult verify() {
    WalkResult walked = function.walk([&](ParamOp param) {
      auto parameter = symbols.lookup<ParameterOp>(param.getName());
      return WalkResult(parameter && parameter.getTableAttr() ? verifyUses(param.getValue())
                                                              : success());
    });
    return failure(walked.wasInterrupted());
  }

private:
  LogicalResult verifyUses(Value table) {
    for (OpOperand &use : table.getUses())
      if (failed(verifyUse(use)))
        return failure();
    return success();
  }

  LogicalResult verifyUse(OpOperand &use) {
    Operation *user = use.getOwner();
    if (isa<tensor::DimOp>(user))
      return success();
    if (auto inner = dyn_cast<DispatchOp>(user)) {
      auto executable = symbols.lookup<ExecutableOp>(inner.getExecutable());
      if (dispatch || !executable)
        return success();
      dispatch = inner;
      LogicalResult result = verifyUses(executable.getBody().getArgument(use.getOperandNumber()));
      dispatch = {};
      return result;
    }
    if (auto extract = dyn_cast<tensor::ExtractOp>(user))
      if (isPosition(extract.getIndices().front()))
        return success();
    if (auto reader = dyn_cast<ComputeOpInterface>(user);
        reader && reader.getOperandRole(use) == OperandRole::Angles)
      for (OpOperand &other : user->getOpOperands())
        if (reader.getOperandRole(other) == OperandRole::Places && arePositions(other.get()))
          return success();
    return user->emitOpError("expected a rotary table to be read at the positions of a step "
                             "alone, since a session has no other rows of it");
  }

  /// Whether an integer is one of the positions of the step.
  bool isPosition(Value value) {
    while (auto cast = value.getDefiningOp<arith::IndexCastOp>())
      value = cast.getIn();
    if (auto extract = value.getDefiningOp<tensor::ExtractOp>())
      return arePositions(extract.getTensor());
    auto argument = dyn_cast<BlockArgument>(value);
    auto generic = argument ? dyn_cast<linalg::GenericOp>(argument.getOwner()->getParentOp())
                            : linalg::GenericOp();
    return generic && argument.getArgNumber() < generic.getNumDpsInputs() &&
           arePositions(generic.getInputs()[argument.getArgNumber()]);
  }

  /// Whether a tensor is the positions of the step, or a part of them.
  bool arePositions(Value value) {
    while (Operation *maker = value.getDefiningOp()) {
      if (!isa<tensor::CastOp, tensor::ExtractSliceOp, tensor::ExpandShapeOp,
               tensor::CollapseShapeOp>(maker))
        return false;
      value = maker->getOperand(0);
    }
    auto argument = cast<BlockArgument>(value);
    if (argument.getOwner()->getParentOp() == function)
      return argumentPortOf(function, argument.getArgNumber()).getRole() ==
             plan::PortRole::Positions;
    if (!dispatch || !isa<func::FuncOp>(argument.getOwner()->getParentOp()))
      return false;
    // Of a body: what the dispatch passes.
    auto given = dyn_cast<BlockArgument>(dispatch.getOperand(argument.getArgNumber()));
    return given && arePositions(given);
  }

  func::FuncOp function;
  SymbolTable &symbols;
  DispatchOp dispatch; // whose body is looked at
};
} // namespace

LogicalResult hadal::verifyTables(func::FuncOp function, SymbolTable &symbols) {
  return TableReads(function, symbols).verify();
}
