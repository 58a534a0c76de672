// SPDX-License-Identifier: Apache-2.0
// Replaces ops by what they mean in linalg, tensor, arith, math and scf.
#include "hadal/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_EXPANDPASS
#include "hadal/Transforms/Passes.h.inc"

/// What has a layout is read by kernels of its target alone.
static LogicalResult verifyNoLayout(Operation *op) {
  for (Value operand : op->getOperands())
    if (auto type = dyn_cast<RankedTensorType>(operand.getType()); type && type.getEncoding())
      return op->emitOpError() << "expected operands without a layout where it is expanded, got "
                               << type;
  return success();
}

FailureOr<SmallVector<Value>> expandOp(OpBuilder &builder, ExpandableOpInterface op) {
  if (failed(verifyNoLayout(op)))
    return failure();
  FailureOr<SmallVector<Value>> values = op.expand(builder);
  if (failed(values))
    return failure();
  for (auto [value, result] : llvm::zip_equal(*values, op->getResults()))
    if (value.getType() != result.getType())
      value = tensor::CastOp::create(builder, op->getLoc(), result.getType(), value);
  return values;
}

/// A condition of the op becomes that of all that its expansion computes.
LogicalResult replaceByExpansion(ExpandableOpInterface op) {
  Operation *before = op->getPrevNode();
  OpBuilder builder(op);
  FailureOr<SmallVector<Value>> values = expandOp(builder, op);
  if (failed(values))
    return failure();
  if (Attribute when = op->getAttr(kWhenAttrName))
    for (Operation *made = before ? before->getNextNode() : &op->getBlock()->front(); made != op;
         made = made->getNextNode())
      if (!staysInEntry(made))
        made->setAttr(kWhenAttrName, when);
  op->replaceAllUsesWith(*values);
  op->erase();
  return success();
}

namespace {
struct ExpandPass : impl::ExpandPassBase<ExpandPass> {
  using ExpandPassBase::ExpandPassBase;

  void runOnOperation() override {
    llvm::StringSet<> kept;
    for (const std::string &name : keep) {
      auto known = RegisteredOperationName::lookup(name, &getContext());
      if (!known || !known->hasInterface<ExpandableOpInterface>()) {
        getOperation()->emitError() << "expected names of ops that expand, got '" << name << "'";
        return signalPassFailure();
      }
      kept.insert(name);
    }
    SmallVector<ExpandableOpInterface> ops;
    getOperation()->walk([&](ExpandableOpInterface op) {
      if (!kept.contains(op->getName().getStringRef()))
        ops.push_back(op);
    });
    for (ExpandableOpInterface op : ops)
      if (failed(replaceByExpansion(op)))
        return signalPassFailure();
    numExpanded += ops.size();
  }
};
} // namespace
} // namespace hadal
