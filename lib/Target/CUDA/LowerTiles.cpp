// SPDX-License-Identifier: Apache-2.0
// Lowers kernels in the tile dialect for a level of GPUs.
#include "hadal/Target/CUDA/MmaArchitecture.h"
#include "hadal/Target/CUDA/Passes.h"

#include "Words.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace hadal::cuda {
#define GEN_PASS_DEF_LOWERTILESPASS
#include "hadal/Target/CUDA/Passes.h.inc"

/// Whether products are made in a loop within.
static bool hasLoopOfProducts(Region &region) {
  return region
      .walk([](NVVM::MmaOp op) {
        return op->getParentOfType<scf::ForOp>() ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Makes the thread another value in each iteration of a loop around a loop of products. What is made of
/// it alone would move in front of both otherwise, and stay in registers over all products. Neither LLVM nor
/// ptxas sees through a shuffle.
static void readThreadAnew(scf::WhileOp loop) {
  if (!hasLoopOfProducts(loop.getBefore()))
    return;
  SmallVector<NVVM::ThreadIdXOp> reads;
  loop.getBefore().walk([&](NVVM::ThreadIdXOp op) { reads.push_back(op); });
  ImplicitLocOpBuilder b(loop.getLoc(), loop.getContext());
  b.setInsertionPointToStart(&loop.getBefore().front());
  Value thread = laneApart(b, NVVM::ThreadIdXOp::create(b, b.getI32Type()), /*lanes=*/0);
  for (NVVM::ThreadIdXOp read : reads) {
    read.getResult().replaceAllUsesWith(thread);
    read.erase();
  }
}

namespace {
struct LowerTilesPass : impl::LowerTilesPassBase<LowerTilesPass> {
  using LowerTilesPassBase::LowerTilesPassBase;

  void runOnOperation() override {
    const Level *of = findLevel(level);
    if (!of) {
      getOperation().emitError() << "expected a level of GPUs, got '" << level << "'";
      return signalPassFailure();
    }
    FailureOr<unsigned> lowered = lowerTiles(getOperation(), MmaArchitecture(*of));
    if (failed(lowered))
      return signalPassFailure();
    getOperation().walk(readThreadAnew);
    numKernels += *lowered;
  }
};
} // namespace
} // namespace hadal::cuda
