// SPDX-License-Identifier: Apache-2.0
// Lowers kernels in the tile dialect for a level of GPUs.
#include "hadal/Target/CUDA/MmaArchitecture.h"
#include "hadal/Target/CUDA/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace hadal::cuda {
#define GEN_PASS_DEF_LOWERTILESPASS
#include "hadal/Target/CUDA/Passes.h.inc"

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
    numKernels += *lowered;
  }
};
} // namespace
} // namespace hadal::cuda
