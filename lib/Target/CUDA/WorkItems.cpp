// SPDX-License-Identifier: Apache-2.0
// Chooses between a thread and a warp for a work item, and shares reductions between lanes.
#include "WorkItems.h"

#include "hadal/Target/CUDA/Level.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

/// The ops that combine the values that a loop carries, each with one that the iteration
/// makes of other things; empty where lanes can't share the loop: it writes, a carried value
/// is used otherwise, or an op has no neutral element.
static SmallVector<Operation *> findCombiners(scf::ForOp loop) {
  SmallVector<Operation *> combiners;
  auto isShuffled = [](Type type) { return type.isF32() || type.isInteger(32); };
  if (loop.getNumResults() == 0 || !isConstantIntValue(loop.getStep(), 1) ||
      !llvm::all_of(loop.getResultTypes(), isShuffled))
    return {};
  bool writes =
      loop.getBody()
          ->walk([](Operation *op) {
            return isa<memref::StoreOp>(op) ? WalkResult::interrupt() : WalkResult::advance();
          })
          .wasInterrupted();
  if (writes)
    return {};
  for (auto [carried, yielded] :
       llvm::zip_equal(loop.getRegionIterArgs(), loop.getBody()->getTerminator()->getOperands())) {
    Operation *combiner = yielded.getDefiningOp();
    if (!combiner || combiner->getBlock() != loop.getBody() || combiner->getNumOperands() != 2 ||
        !carried.hasOneUse() || *carried.getUsers().begin() != combiner ||
        !combiner->getResult(0).hasOneUse() || !arith::getNeutralElement(combiner))
      return {};
    combiners.push_back(combiner);
  }
  return combiners;
}

namespace {
/// What is known of how many items there are: a factor, times rows, or times more than that.
struct Factors {
  int64_t known = 1;
  unsigned unknown = 0;
};
} // namespace

static void findFactors(Value expression, Factors &factors) {
  auto expr = expression.getDefiningOp<plan::ExprOp>();
  if (std::optional<int64_t> constant = plan::constantOf(expression)) {
    factors.known *= *constant;
  } else if (expr && expr.getKind() == plan::ExprKind::Mul) {
    findFactors(expr.getA(), factors);
    findFactors(expr.getB(), factors);
  } else {
    ++factors.unknown;
  }
}

/// Whether the item reads a binding that it writes: then lanes would have to wait for the
/// one that does.
static bool readsWhatItWrites(func::FuncOp function) {
  SmallPtrSet<Value, 8> read, written;
  function.walk([&](memref::LoadOp load) { read.insert(load.getMemref()); });
  function.walk([&](memref::StoreOp store) { written.insert(store.getMemref()); });
  return llvm::any_of(function.getArguments(), [&](BlockArgument binding) {
    return read.contains(binding) && written.contains(binding);
  });
}

bool hadal::cuda::isRowWise(func::FuncOp function, plan::InterfaceOp interface) {
  Factors factors;
  findFactors(interface.getGrid().getX(), factors);
  if (factors.known >= kWarp || factors.unknown > 1 || readsWhatItWrites(function))
    return false;
  for (auto loop : function.getBody().front().getOps<scf::ForOp>())
    if (!findCombiners(loop).empty())
      return true;
  return false;
}

static Value combine(ImplicitLocOpBuilder &b, Operation *combiner, Value x, Value y) {
  OperationState state(b.getLoc(), combiner->getName(), ValueRange{x, y},
                       combiner->getResultTypes(), combiner->getAttrs());
  return b.create(state)->getResult(0);
}

static void share(scf::ForOp loop, Value lane) {
  SmallVector<Operation *> combiners = findCombiners(loop);
  if (combiners.empty())
    return;
  ImplicitLocOpBuilder b(loop.getLoc(), loop);
  Value first = arith::AddIOp::create(b, loop.getLowerBound(), lane);
  loop.setLowerBound(first);
  loop.setStep(arith::ConstantIndexOp::create(b, kWarp));
  SmallVector<Value> before(loop.getInits());
  for (auto [i, combiner] : llvm::enumerate(combiners))
    loop.getInitsMutable()[i].set(
        arith::ConstantOp::create(b, *arith::getNeutralElement(combiner)));
  b.setInsertionPointAfter(loop);
  for (auto [init, result, combiner] : llvm::zip_equal(before, loop.getResults(), combiners)) {
    Value total = result;
    SmallPtrSet<Operation *, 16> own;
    for (int32_t apart = kWarp / 2; apart > 0; apart /= 2) {
      auto other = gpu::ShuffleOp::create(b, total, apart, int32_t(kWarp), gpu::ShuffleMode::XOR);
      own.insert(other);
      total = combine(b, combiner, total, other.getShuffleResult());
      own.insert(total.getDefiningOp());
    }
    total = combine(b, combiner, init, total);
    own.insert(total.getDefiningOp());
    result.replaceUsesWithIf(total, [&](OpOperand &use) { return !own.contains(use.getOwner()); });
  }
}

void hadal::cuda::spreadOverWarp(Block &item, Value thread) {
  ImplicitLocOpBuilder b(thread.getLoc(), thread.getContext());
  b.setInsertionPointAfterValue(thread);
  Value warp = arith::ConstantIndexOp::create(b, kWarp);
  Value lane = arith::RemUIOp::create(b, thread, warp);
  Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lane,
                                        arith::ConstantIndexOp::create(b, 0));
  SmallVector<scf::ForOp> loops(item.getOps<scf::ForOp>());
  for (scf::ForOp loop : loops)
    share(loop, lane);
  SmallVector<memref::StoreOp> stores;
  item.walk([&](memref::StoreOp store) {
    if (!store.getMemref().getDefiningOp<memref::AllocaOp>())
      stores.push_back(store);
  });
  for (memref::StoreOp store : stores) {
    OpBuilder at(store);
    auto guard = scf::IfOp::create(at, store.getLoc(), isFirst, /*withElseRegion=*/false);
    store->moveBefore(guard.thenYield());
  }
}
