// SPDX-License-Identifier: Apache-2.0
// Verifies that variants of level `flat` are what docs/FlatForm.md says.
#include "LocateAtDispatch.h"

#include "hadal/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_VERIFYFLATPASS
#include "hadal/Codegen/Passes.h.inc"

namespace {
bool isNumber(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getRank() == 1 && !vector.isScalable() && isNumber(vector.getElementType());
  return isa<IntegerType, IndexType, Float16Type, Float32Type, Float64Type>(type);
}

bool isBuffer(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.getRank() == 1 && memref.getLayout().isIdentity() &&
         isNumber(memref.getElementType()) && !memref.getElementType().isIndex() &&
         !memref.getElementType().isInteger(1);
}

bool isListed(Operation *op) {
  return isa<arith::ArithDialect>(op->getDialect()) || isFlatFunction(op) ||
         isa<memref::LoadOp, memref::StoreOp, memref::AllocaOp>(op) ||
         isa<scf::ForOp, scf::IfOp, scf::WhileOp, scf::YieldOp, scf::ConditionOp, func::ReturnOp>(
             op) ||
         isa<vector::LoadOp, vector::StoreOp, vector::BroadcastOp, vector::StepOp,
             vector::ExtractOp, vector::InsertOp, vector::FromElementsOp, vector::ShuffleOp,
             vector::BitCastOp>(op);
}

LogicalResult verifyOp(Operation *op, Block &entry) {
  if (!isListed(op) && isa<math::MathDialect>(op->getDialect()))
    return op->emitOpError() << "has no place in the flat form, and no expansion for "
                             << op->getOperand(0).getType();
  if (!isListed(op))
    return op->emitOpError("has no place in the flat form");
  auto alloca = dyn_cast<memref::AllocaOp>(op);
  if (alloca && (op->getBlock() != &entry || !alloca.getType().hasStaticShape() ||
                 !isBuffer(alloca.getType())))
    return op->emitOpError("expected memory of a work item at the start of the function, of one "
                           "static extent");
  for (Type type : llvm::concat<const Type>(llvm::to_vector(op->getOperandTypes()),
                                            llvm::to_vector(op->getResultTypes())))
    if (!isNumber(type) && !isBuffer(type))
      return op->emitOpError() << "expected numbers, vectors of one axis and flat buffers, got "
                               << type;
  return success();
}

LogicalResult verifyFunction(func::FuncOp function, ExecutableOp executable) {
  std::optional<KernelInterfaceAttr> interface = executable.getInterface();
  if (!interface)
    return executable.emitOpError("expected an interface beside the flat form, found none");
  size_t bindings = interface->getBindings().size();
  size_t count = bindings + interface->getConstants().size() + 1;
  if (function.getNumArguments() != count || function.getNumResults() != 0 ||
      !function.getBody().hasOneBlock())
    return function.emitOpError() << "expected one block, no result and " << count
                                  << " arguments: bindings, constants and the work item";
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (i < bindings ? !isBuffer(type) : !type.isIndex())
      return function.emitOpError()
             << "expected argument " << i << " to be "
             << (i < bindings ? "a flat buffer" : "an index") << ", got " << type;
  LogicalResult status = success();
  function.getBody().walk([&](Operation *op) {
    status = verifyOp(op, function.getBody().front());
    return failed(status) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return status;
}

struct VerifyFlatPass : impl::VerifyFlatPassBase<VerifyFlatPass> {
  void runOnOperation() override {
    for (auto executable : getOperation().getContents().getOps<ExecutableOp>()) {
      LocateAtDispatch locate(executable);
      if (VariantOp variant = findFlatVariant(executable))
        for (auto function : variant.getContents().front().getOps<func::FuncOp>())
          if (failed(verifyFunction(function, executable)))
            return signalPassFailure();
    }
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace hadal
