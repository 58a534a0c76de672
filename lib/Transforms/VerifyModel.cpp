// SPDX-License-Identifier: Apache-2.0
// Verifies that the caches of a model are updated in place, and what functions are to each other.
#include "VerifyTables.h"

#include "hadal/Transforms/Passes.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_VERIFYMODELPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
/// True when `user` writes `value` in place: it is a destination of the op.
bool isDestination(OpOperand &use) {
  auto op = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
  return op && op.isDpsInit(&use);
}

/// Follows `value` back through destinations to what it was made in place of.
Value originOf(Value value) {
  while (auto op = value.getDefiningOp<DestinationStyleOpInterface>())
    value = op.getTiedOpOperand(cast<OpResult>(value))->get();
  return value;
}

/// What a caller gives, and weights, are not the function's to overwrite. Ops of other
/// dialects are given copies of it.
LogicalResult verifyDestinations(Operation *op, func::FuncOp function) {
  auto inPlace = dyn_cast<DestinationStyleOpInterface>(op);
  if (!inPlace || !isa<ComputeOpInterface>(op) || op->getParentOp() != function)
    return success();
  for (Value init : inPlace.getDpsInits()) {
    Value origin = originOf(init);
    if (isa<BlockArgument>(origin) || origin.getDefiningOp<ParamOp>())
      return op->emitOpError() << "expected no "
                               << (isa<BlockArgument>(origin) ? "argument of the function"
                                                              : "parameter")
                               << " as a destination, got one";
  }
  return success();
}

/// A cache that is overwritten in place must not be wanted by anything that comes
/// after: every other user must precede the writer, whose result is the cache then.
LogicalResult verifyOneWriter(Value cache) {
  Block *block = cache.getParentBlock();
  while (cache) {
    OpOperand *write = nullptr;
    for (OpOperand &use : cache.getUses()) {
      if (!isDestination(use) || use.getOwner()->getBlock() != block)
        continue;
      if (write) {
        Operation *first = write->getOwner(), *second = use.getOwner();
        return (first->isBeforeInBlock(second) ? second : first)
            ->emitOpError("expected a cache to be updated once, got a second update of the "
                          "same value, which would copy it");
      }
      write = &use;
    }
    if (!write)
      return success();
    Operation *writer = write->getOwner();
    for (Operation *user : cache.getUsers()) {
      // What a region reads, the op that has it reads.
      Operation *reader = block->findAncestorOpInBlock(*user);
      if (reader != writer && writer->isBeforeInBlock(reader) && !isa<tensor::DimOp>(user))
        return reader->emitOpError("expected no use of a cache after its update, got one, which "
                                   "would copy it");
    }
    cache = cast<DestinationStyleOpInterface>(writer).getTiedOpResult(write);
  }
  return success();
}

LogicalResult verifyFunction(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("expected a function of one block");
  llvm::MapVector<StringAttr, StateReadOp> reads;
  llvm::DenseSet<StringAttr> written;
  WalkResult result = function.walk([&](Operation *op) {
    if (auto read = dyn_cast<StateReadOp>(op)) {
      if (!reads.try_emplace(read.getNameAttr().getAttr(), read).second) {
        op->emitOpError() << "expected state " << read.getNameAttr()
                          << " to be read once in a function";
        return WalkResult::interrupt();
      }
      if (failed(verifyOneWriter(read.getValue())))
        return WalkResult::interrupt();
    }
    if (failed(verifyDestinations(op, function)))
      return WalkResult::interrupt();
    auto write = dyn_cast<StateWriteOp>(op);
    if (!write)
      return WalkResult::advance();
    auto origin = originOf(write.getValue()).getDefiningOp<StateReadOp>();
    if (!origin || origin.getNameAttr() != write.getNameAttr()) {
      write.emitOpError() << "expected the value of state " << write.getNameAttr()
                          << ", updated in place, got "
                          << (origin ? "that of another state" : "a value that is not a state's")
                          << ", which would copy the cache";
      return WalkResult::interrupt();
    }
    written.insert(write.getNameAttr().getAttr());
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  for (auto &[name, read] : reads)
    if (!written.contains(name))
      return read.emitOpError("expected a state that is read to be written too, found no "
                              "hadal.state_write");
  return success();
}

struct VerifyModelPass : impl::VerifyModelPassBase<VerifyModelPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto functions = module.getOps<func::FuncOp>();
    if (functions.empty()) {
      module.emitOpError("expected an entry point, a function, found none");
      return signalPassFailure();
    }
    SymbolTable symbols(module);
    for (auto function : functions)
      if (failed(verifyFunction(function)) || failed(verifyTables(function, symbols)))
        return signalPassFailure();
    if (failed(plan::verifyDeclarations(*module.getBody())) ||
        failed(plan::verifySignatures(llvm::map_to_vector(
            functions, [](func::FuncOp function) { return signatureOf(function); }))))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace hadal
