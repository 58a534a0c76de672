// SPDX-License-Identifier: Apache-2.0
// Makes linalg of elementwise ops without a kernel, and fuses it at the level of entry points.
#include "DecomposeOps.h"
#include "Destinations.h"
#include "PlainBody.h"
#include "Ties.h"

#include "hadal/Codegen/Passes.h"
#include "hadal/Target/Target.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_FUSELINALGPASS
#include "hadal/Codegen/Passes.h.inc"

namespace {
/// Whether the op reads what is overwritten in place.
bool readsOverwritten(Operation *op) {
  bool reads = false;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      reads |= isa<RankedTensorType>(operand.getType()) && isOverwritten(operand);
  });
  return reads;
}

/// Whether each element takes one operation, a conversion.
bool onlyConverts(linalg::GenericOp op) {
  auto ops = op.getBody()->without_terminator();
  return llvm::hasSingleElement(ops) &&
         isa<arith::ExtFOp, arith::TruncFOp, arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp,
             arith::SIToFPOp, arith::UIToFPOp>(*ops.begin());
}

/// A producer becomes part of its reader where nothing is computed more often than
/// before, but for conversions.
bool fusesInto(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer || producer->hasAttr(kWhenAttrName) ||
      consumer->hasAttr(kWhenAttrName) || readsOverwritten(producer))
    return false;
  if (onlyConverts(producer))
    return true;
  return producer->hasOneUse() && consumer.getMatchingIndexingMap(operand).isPermutation();
}

struct FuseLinalgPass : impl::FuseLinalgPassBase<FuseLinalgPass> {
  void runOnOperation() override {
    ProgramOp program = getOperation();
    const Target *target = lookupTarget(program, program.getTarget().getFamily());
    if (!target)
      return signalPassFailure();
    for (auto function : program.getContents().getOps<func::FuncOp>())
      if (failed(run(function, *target)))
        return signalPassFailure();
  }

  void getDependentDialects(DialectRegistry &registry) const override {
    impl::FuseLinalgPassBase<FuseLinalgPass>::getDependentDialects(registry);
    makeCleanup().getDependentDialects(registry);
  }

  /// Extents come from as far up as they can, so that few tensors are read for them.
  static OpPassManager makeCleanup() {
    OpPassManager cleanup(func::FuncOp::getOperationName());
    cleanup.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
    cleanup.addPass(createCanonicalizerPass());
    cleanup.addPass(createCSEPass());
    return cleanup;
  }

  LogicalResult run(func::FuncOp function, const Target &target) {
    if (failed(verifyInside(function)))
      return failure();
    SmallVector<Operation *> elementwise = findLeftOver(function.getBody().front(), target);
    RewritePatternSet toLinalg(&getContext());
    linalg::populateElementwiseToLinalgConversionPatterns(toLinalg);
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingOps);
    if (!elementwise.empty() &&
        failed(applyOpPatternsGreedily(elementwise, std::move(toLinalg), config)))
      return failure();
    numConverted += elementwise.size();
    if (failed(decomposeOps(function)))
      return failure();
    if (llvm::any_of(function.getBody().front(), [](Operation &op) { return isPlain(&op); }) &&
        failed(fuse(function)))
      return failure();
    // Copies that are alike stay apart, since each is written over, or returned.
    copyReturned(function);
    copyKept(function);
    return success();
  }

  LogicalResult fuse(func::FuncOp function) {
    RewritePatternSet fusion(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(fusion, fusesInto);
    OpPassManager cleanup = makeCleanup();
    Ties ties = findTies(function);
    dropUnread(function);
    if (failed(runPipeline(cleanup, function)))
      return failure();
    // Upstream's patterns take what is not read for what is not in the result.
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) {
      if (op != function && !keepsUnread(op))
        ops.push_back(op);
    });
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps);
    if (failed(applyOpPatternsGreedily(ops, std::move(fusion), config)))
      return failure();
    dropUnread(function);
    noteLost(function, ties);
    return success();
  }
};
} // namespace
} // namespace hadal
