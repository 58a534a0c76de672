// SPDX-License-Identifier: Apache-2.0
// Brings bodies that their target has no kernel for to the flat form.
//
// A body is copied and given destinations (PlainBody), split into work items on tensors, bufferised
// by upstream's passes, and then written anew over flat buffers (FlatKernel).
#include "ExpandFunctions.h"
#include "FlatKernel.h"
#include "IndexRange.h"
#include "LocateAtDispatch.h"
#include "PlainBody.h"

#include "hadal/Codegen/Passes.h"
#include "hadal/Target/Target.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_FLATTENPASS
#include "hadal/Codegen/Passes.h.inc"

VariantOp findFlatVariant(ExecutableOp executable) {
  for (auto variant : executable.getContents().front().getOps<VariantOp>())
    if (variant.getLevel() == kFlatLevel)
      return variant;
  return {};
}

namespace {
/// The state that a value is, or was made of in place; or null.
StateReadOp findState(Value value) {
  while (auto dispatch = value.getDefiningOp<DispatchOp>()) {
    auto executable =
        SymbolTable::lookupNearestSymbolFrom<ExecutableOp>(dispatch, dispatch.getExecutableAttr());
    unsigned number = cast<OpResult>(value).getResultNumber();
    BlockArgument made = findDestination(executable.getBodyResults()[number]);
    if (!made)
      return {};
    value = dispatch.getOperand(made.getArgNumber());
  }
  return value.getDefiningOp<StateReadOp>();
}

/// Of each executable, its operands that are states: how many pages they have, nobody says.
llvm::StringMap<llvm::SetVector<int64_t>> findPages(ProgramOp program) {
  llvm::StringMap<llvm::SetVector<int64_t>> pages;
  program.walk([&](DispatchOp dispatch) {
    for (auto [number, operand] : llvm::enumerate(dispatch.getOperands()))
      if (findState(operand))
        pages[dispatch.getExecutable()].insert(int64_t(number));
  });
  return pages;
}

struct FlattenPass : impl::FlattenPassBase<FlattenPass> {
  using FlattenPassBase::FlattenPassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    impl::FlattenPassBase<FlattenPass>::getDependentDialects(registry);
    OpPassManager modules(ModuleOp::getOperationName());
    addPreparationPasses(modules);
    addBufferisationPasses(modules);
    modules.getDependentDialects(registry);
  }

  void runOnOperation() override {
    ProgramOp program = getOperation();
    if (itemElements < 1 || lanes < 1 || !llvm::isPowerOf2_64(lanes)) {
      program.emitError() << "expected item-elements of at least 1 and lanes that are a power of "
                             "two, got "
                          << int64_t(itemElements) << " and " << int64_t(lanes);
      return signalPassFailure();
    }
    const Target *target = lookupTarget(program, program.getTarget().getFamily());
    if (!target)
      return signalPassFailure();
    pages = findPages(program);
    for (auto executable : program.getContents().getOps<ExecutableOp>()) {
      SmallVector<Operation *> ops = executable.getBodyOps();
      if (executable.getInterface() || target->supports(ops) ||
          llvm::any_of(ops, llvm::IsaPred<ComputeOpInterface>))
        continue;
      LocateAtDispatch locate(executable);
      if (failed(flatten(executable)))
        return signalPassFailure();
      ++numFlattened;
    }
  }

  LogicalResult flatten(ExecutableOp executable) {
    if (executable.getBodyOps().empty())
      return executable.emitOpError("expected a body of ops that compute, found none");
    OpBuilder builder = OpBuilder::atBlockEnd(&executable.getContents().front());
    auto variant = VariantOp::create(builder, executable.getLoc(), kFlatLevel);
    builder.createBlock(&variant.getContents());
    auto module = ModuleOp::create(builder, executable.getLoc());
    PlainBody body = makePlainBody(executable, module);
    body.function->setAttr(
        kPagesAttrName,
        DenseI64ArrayAttr::get(&getContext(), pages[executable.getSymName()].getArrayRef()));
    OpPassManager preparation(ModuleOp::getOperationName()),
        bufferisation(ModuleOp::getOperationName());
    addPreparationPasses(preparation);
    addBufferisationPasses(bufferisation);
    if (failed(runPipeline(preparation, module)))
      return failure();
    if (failed(verifyFlattened(body.function)))
      return failure();
    dropIdle(body.function);
    defineArithmetic(body.function);
    bool isTileable = readByIndex(body.function);
    keepInside(body.function);
    if ((isTileable && failed(splitIntoItems(body.function, itemElements))) ||
        failed(runPipeline(bufferisation, module)) ||
        failed(writeFlatKernel(executable, variant, body, lanes)))
      return failure();
    module.erase();
    return simplify(variant);
  }

  /// Refuses what bufferisation knows nothing of, by name.
  static LogicalResult verifyFlattened(func::FuncOp function) {
    auto isTensor = [](Type type) { return isa<TensorType>(type); };
    WalkResult walked = function.getBody().walk([&](Operation *op) {
      bool isOfTensors = llvm::any_of(op->getOperandTypes(), isTensor) ||
                         llvm::any_of(op->getResultTypes(), isTensor);
      if (!isOfTensors || isa<bufferization::BufferizableOpInterface>(op))
        return WalkResult::advance();
      op->emitOpError("has no flat form");
      return WalkResult::interrupt();
    });
    return failure(walked.wasInterrupted());
  }

  LogicalResult simplify(VariantOp variant) {
    OpPassManager cleanup(VariantOp::getOperationName());
    cleanup.addPass(createCanonicalizerPass());
    cleanup.addPass(createCSEPass());
    if (failed(runPipeline(cleanup, variant)))
      return failure();
    RewritePatternSet patterns(&getContext());
    populateExpandMathPatterns(patterns);
    populateExpandConversionPatterns(patterns);
    populateExpandRemainderPatterns(patterns);
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    if (failed(applyPatternsGreedily(variant, std::move(patterns))))
      return failure();
    OpPassManager last(VariantOp::getOperationName());
    last.addPass(createCSEPass());
    last.addNestedPass<func::FuncOp>(createLoopInvariantCodeMotionPass());
    last.addPass(createCanonicalizerPass());
    last.addPass(createCSEPass());
    return runPipeline(last, variant);
  }

  llvm::StringMap<llvm::SetVector<int64_t>> pages; // by executable
};
} // namespace
} // namespace hadal
