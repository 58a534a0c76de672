// SPDX-License-Identifier: Apache-2.0
// Gives a body destinations, splits it into work items, and lists the passes around that.
#include "PlainBody.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace hadal;

/// The use of the empty tensor that `value` is written over; null where there is none.
static OpOperand *findEmptyDestination(Value value) {
  while (auto result = dyn_cast<OpResult>(value)) {
    auto inPlace = dyn_cast<DestinationStyleOpInterface>(result.getOwner());
    OpOperand *tied = inPlace ? inPlace.getTiedOpOperand(result) : nullptr;
    if (!tied)
      return nullptr;
    value = tied->get();
    if (value.getDefiningOp<tensor::EmptyOp>())
      return tied;
  }
  return nullptr;
}

PlainBody hadal::makePlainBody(ExecutableOp executable, ModuleOp module) {
  PlainBody body;
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  body.function = cast<func::FuncOp>(builder.clone(*executable.getBody()));
  body.function.setSymName(executable.getSymName());
  Block &block = body.function.getBody().front();
  Operation *end = block.getTerminator();
  Location loc = end->getLoc();
  builder.setInsertionPoint(end);
  SmallVector<Value> results, extents;
  llvm::DenseSet<unsigned> written;
  for (Value result : end->getOperands()) {
    if (BlockArgument destination = findDestination(result)) {
      body.buffers.push_back(destination.getArgNumber());
      written.insert(destination.getArgNumber());
      results.push_back(result);
      continue;
    }
    auto type = cast<RankedTensorType>(result.getType());
    body.buffers.push_back(block.getNumArguments());
    written.insert(block.getNumArguments());
    BlockArgument buffer = block.addArgument(type, loc);
    OpOperand *destination = findEmptyDestination(result);
    if (destination && destination->get().getType() == type) {
      auto empty = destination->get().getDefiningOp<tensor::EmptyOp>();
      llvm::append_range(extents, empty.getDynamicSizes());
      destination->set(buffer);
      results.push_back(result);
      continue;
    }
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (type.isDynamicDim(axis))
        extents.push_back(tensor::DimOp::create(builder, loc, result, axis));
    results.push_back(linalg::CopyOp::create(builder, loc, result, buffer).getResult(0));
  }
  llvm::append_range(results, extents);
  end->setOperands(results);
  body.function.setFunctionType(builder.getFunctionType(
      block.getArgumentTypes(), llvm::to_vector(ValueRange(results).getTypes())));
  for (unsigned i = 0, e = block.getNumArguments(); i < e; ++i)
    if (!written.contains(i))
      body.function.setArgAttr(i, bufferization::BufferizationDialect::kWritableAttrName,
                               builder.getBoolAttr(false));
  return body;
}

void hadal::dropIdle(func::FuncOp function) {
  function.walk([](linalg::LinalgOp op) {
    if (!op.hasPureTensorSemantics() || !llvm::is_contained(op.getStaticLoopRanges(), 0))
      return;
    op->replaceAllUsesWith(op.getDpsInits());
    op->erase();
  });
}

// ---- Work items ------------------------------------------------------------------

/// The largest divisor of `extent` that is at most `most`.
static int64_t divisorUpTo(int64_t extent, int64_t most) {
  for (int64_t divisor = std::min(extent, most);; --divisor)
    if (extent % divisor == 0)
      return divisor;
}

/// Tiles of neighbouring elements of the result; 0 is all of a loop.
static SmallVector<int64_t> chooseTiles(linalg::LinalgOp op, int64_t elements) {
  SmallVector<int64_t> extents = op.getStaticLoopRanges(), tiles(op.getNumLoops(), 0);
  // Items write elements of their own: loops that all results are about, and no two iterations
  // for one element.
  SmallVector<AffineMap> maps;
  for (OpOperand &init : op.getDpsInitsMutable())
    maps.push_back(op.getMatchingIndexingMap(&init));
  if (!llvm::all_of(maps, [](AffineMap map) { return map.isProjectedPermutation(); }))
    return tiles;
  SmallVector<unsigned> loops; // from the innermost axis of the result on
  for (AffineExpr expr : llvm::reverse(maps.front().getResults()))
    if (llvm::all_of(maps,
                     [&](AffineMap map) { return llvm::is_contained(map.getResults(), expr); }))
      loops.push_back(cast<AffineDimExpr>(expr).getPosition());
  // A row of which only the host knows the length is made at once, where there are others.
  if (elements > 1 && loops.size() > 1 && ShapedType::isDynamic(extents[loops.front()])) {
    loops.erase(loops.begin());
    elements = 1;
  }
  for (unsigned loop : loops) {
    bool isKnown = !ShapedType::isDynamic(extents[loop]) && extents[loop] > 0;
    int64_t tile = isKnown ? divisorUpTo(extents[loop], std::max<int64_t>(elements, 1)) : 1;
    elements /= tile;
    tiles[loop] = tile == extents[loop] ? 0 : tile;
  }
  return tiles;
}

LogicalResult hadal::splitIntoItems(func::FuncOp function, int64_t itemElements) {
  linalg::LinalgOp last;
  for (Operation &op : function.getBody().front()) {
    if (isa<scf::ForallOp>(op))
      return success(); // as the body says
    if (auto linalg = dyn_cast<linalg::LinalgOp>(op))
      last = linalg;
  }
  if (!last || last.getNumDpsInits() == 0)
    return success();
  SmallVector<int64_t> tiles = chooseTiles(last, itemElements);
  if (llvm::all_of(tiles, [](int64_t tile) { return tile == 0; }))
    return success();
  IRRewriter rewriter(function.getContext());
  rewriter.setInsertionPoint(last);
  scf::SCFTileAndFuseOptions options;
  options.tilingOptions.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
  options.tilingOptions.setTileSizes(getAsIndexOpFoldResult(function.getContext(), tiles));
  FailureOr<scf::SCFTileAndFuseResult> tiled = scf::tileConsumerAndFuseProducersUsingSCF(
      rewriter, cast<TilingInterface>(last.getOperation()), options);
  if (failed(tiled))
    return last.emitOpError("expected an op that can be tiled");
  for (LoopLikeOpInterface loops : tiled->loops)
    loops->setAttr(kItemsAttrName, rewriter.getUnitAttr());
  for (OpResult result : last->getResults())
    if (Value replacement = tiled->replacements.lookup(result))
      rewriter.replaceAllUsesWith(result, replacement);
  // Extents are asked of what is written over, which is there anyway.
  function.walk([](tensor::DimOp dim) {
    for (auto result = dyn_cast<OpResult>(dim.getSource()); result;
         result = dyn_cast<OpResult>(dim.getSource())) {
      auto inPlace = dyn_cast<DestinationStyleOpInterface>(result.getOwner());
      if (!inPlace)
        return;
      dim.getSourceMutable().assign(inPlace.getTiedOpOperand(result)->get());
    }
  });
  // Of what is made in the items now, nothing is left outside.
  SmallVector<Operation *> ops = llvm::map_to_vector(
      function.getBody().front().without_terminator(), [](Operation &op) { return &op; });
  for (Operation *op : llvm::reverse(ops))
    if (op->use_empty() && (isa<linalg::LinalgOp>(op) || isMemoryEffectFree(op)))
      rewriter.eraseOp(op);
  return success();
}

// ---- Passes ----------------------------------------------------------------------

// Tensors are not canonicalised: that takes copies away which give a result its buffer.
void hadal::addPreparationPasses(OpPassManager &pm) {
  OpPassManager &functions = pm.nest<func::FuncOp>();
  functions.addPass(createConvertElementwiseToLinalgPass());
  functions.addPass(createLinalgGeneralizeNamedOpsPass());
}

void hadal::addBufferisationPasses(OpPassManager &pm) {
  pm.addPass(createCSEPass());
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(bufferization::createOneShotBufferizePass(options));
  pm.addPass(createLowerAffinePass());
  // What is written to its place already is copied there until both are seen to be one.
  pm.addPass(createCSEPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}
