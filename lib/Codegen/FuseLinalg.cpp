// SPDX-License-Identifier: Apache-2.0
// Makes linalg of elementwise ops without a kernel, and fuses it at the level of entry points.
#include "hadal/Codegen/Passes.h"
#include "hadal/Target/Target.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_FUSELINALGPASS
#include "hadal/Codegen/Passes.h.inc"

namespace {
/// Whether something writes over `value` in place, so that later reads see another one.
bool isOverwritten(Value value) {
  return llvm::any_of(value.getUses(), [](OpOperand &use) {
    auto writer = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
    return writer && writer.isDpsInit(&use) && !use.get().getDefiningOp<tensor::EmptyOp>();
  });
}

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

// ---- Destinations ------------------------------------------------------------------

/// Whether `op` reads what it is written over.
bool readsDestination(OpOperand &init) {
  auto linalg = dyn_cast<linalg::LinalgOp>(init.getOwner());
  return !linalg || linalg.payloadUsesValueFromOperand(&init);
}

/// Whether a kernel may write over `value` in place of making a copy: it is a buffer of
/// the step, or a state, that nothing reads afterwards.
bool mayOverwrite(Value value, Operation *writer) {
  Operation *maker = value.getDefiningOp();
  if (!maker || maker->hasTrait<OpTrait::ConstantLike>() || isa<ParamOp>(maker))
    return false;
  if (isCarried(maker)) // empty, or filled by the writer's own kernel
    return isa<tensor::EmptyOp, linalg::FillOp>(maker);
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    user = writer->getBlock()->findAncestorOpInBlock(*user);
    return user == writer || isa<tensor::DimOp>(user) || user->isBeforeInBlock(writer);
  });
}

/// An empty tensor of the type and the extents of a destination.
Value makeEmpty(OpBuilder &builder, OpOperand &init) {
  Location loc = init.getOwner()->getLoc();
  Value value = init.get();
  Value empty = tensor::EmptyOp::create(builder, loc, tensor::getMixedSizes(builder, loc, value),
                                        getElementTypeOrSelf(value));
  if (empty.getType() != value.getType()) // sizes that only constants tell
    empty = tensor::CastOp::create(builder, loc, value.getType(), empty);
  return empty;
}

/// Gives an op an empty tensor to write over, where it does not read what is there.
void dropUnread(OpOperand &init) {
  OpBuilder builder(init.getOwner());
  if (isa<RankedTensorType>(init.get().getType()) && !readsDestination(init) &&
      !init.get().getDefiningOp<tensor::EmptyOp>())
    init.set(makeEmpty(builder, init));
}

/// Gives an op a copy to write over, where it must not write over what it names.
void copyKept(OpOperand &init) {
  OpBuilder builder(init.getOwner());
  if (!isa<RankedTensorType>(init.get().getType()) || mayOverwrite(init.get(), init.getOwner()))
    return;
  init.set(linalg::CopyOp::create(builder, init.getOwner()->getLoc(), init.get(),
                                  makeEmpty(builder, init))
               .getResult(0));
}

bool isPlain(Operation &op) { return isa<linalg::LinalgOp, scf::ForallOp>(op); }

void forDestinations(func::FuncOp function, llvm::function_ref<void(OpOperand &)> visit) {
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front()))
    if (isPlain(op))
      for (OpOperand &init : cast<DestinationStyleOpInterface>(op).getDpsInitsMutable())
        visit(init);
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
    SmallVector<Operation *> elementwise;
    for (Operation &op : function.getBody().front())
      if (OpTrait::hasElementwiseMappableTraits(&op) && !staysInEntry(&op) && !target.supports(&op))
        elementwise.push_back(&op);
    RewritePatternSet toLinalg(&getContext());
    linalg::populateElementwiseToLinalgConversionPatterns(toLinalg);
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingOps);
    if (!elementwise.empty() &&
        failed(applyOpPatternsGreedily(elementwise, std::move(toLinalg), config)))
      return failure();
    numConverted += elementwise.size();
    if (llvm::none_of(function.getBody().front(), isPlain))
      return success();
    RewritePatternSet fusion(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(fusion, fusesInto);
    OpPassManager cleanup = makeCleanup();
    forDestinations(function, dropUnread);
    if (failed(runPipeline(cleanup, function)) ||
        failed(applyPatternsGreedily(function, std::move(fusion))))
      return failure();
    // Copies that are alike stay apart, since each is written over.
    forDestinations(function, dropUnread);
    forDestinations(function, copyKept);
    return success();
  }
};
} // namespace
} // namespace hadal
