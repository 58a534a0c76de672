// SPDX-License-Identifier: Apache-2.0
// Makes elements that a body looks up of inputs that no tile is a slice of.
#include "PlainBody.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace hadal;

/// Whether an index is a sum of loops times what is not negative, and a constant: then what a
/// tile reads begins where its first element does, and looks from there like that of any other.
static bool growsAlike(AffineExpr expr) {
  if (isa<AffineConstantExpr, AffineDimExpr>(expr))
    return true;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary || !growsAlike(binary.getLHS()))
    return false;
  if (expr.getKind() == AffineExprKind::Add)
    return growsAlike(binary.getRHS());
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return expr.getKind() == AffineExprKind::Mul && factor && factor.getValue() >= 0;
}

static bool isSliceOfTiles(AffineMap map) { return llvm::all_of(map.getResults(), growsAlike); }

/// Reads an input in the region, at the index that its map gives.
static void readInRegion(linalg::GenericOp op, unsigned number, AffineMap map) {
  BlockArgument argument = op.getBody()->getArgument(number);
  ImplicitLocOpBuilder b(op.getLoc(), op.getContext());
  b.setInsertionPointToStart(op.getBody());
  SmallVector<Value> loops, indices;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    loops.push_back(linalg::IndexOp::create(b, loop));
  for (unsigned axis = 0; axis < map.getNumResults(); ++axis)
    indices.push_back(affine::AffineApplyOp::create(b, map.getSubMap({axis}), loops));
  argument.replaceAllUsesWith(tensor::ExtractOp::create(b, op->getOperand(number), indices));
}

bool hadal::readByIndex(func::FuncOp function) {
  bool areAllSlices = true;
  function.walk([&](linalg::GenericOp op) {
    SmallVector<AffineMap> maps = op.getIndexingMapsArray(), kept;
    SmallVector<Value> inputs;
    llvm::BitVector moved(op->getNumOperands());
    for (OpOperand &operand : op->getOpOperands()) {
      unsigned i = operand.getOperandNumber();
      bool isInput = op.isDpsInput(&operand);
      if (isInput && isa<RankedTensorType>(operand.get().getType()) && !isSliceOfTiles(maps[i])) {
        moved.set(i);
        continue;
      }
      kept.push_back(maps[i]);
      if (isInput)
        inputs.push_back(operand.get());
    }
    if (moved.none())
      return;
    if (!inversePermutation(concatAffineMaps(kept, op.getContext()))) {
      areAllSlices = false; // it alone tells how often a loop runs
      return;
    }
    for (unsigned i : moved.set_bits())
      readInRegion(op, i, maps[i]);
    op.getBody()->eraseArguments(moved);
    op.getInputsMutable().assign(inputs);
    op.setIndexingMapsAttr(Builder(op.getContext()).getAffineMapArrayAttr(kept));
  });
  return areAllSlices;
}
