// SPDX-License-Identifier: Apache-2.0
// Lowers the kernels of an image to the llvm and nvvm dialects.
#include "hadal/Target/CUDA/Passes.h"

#include "hadal/Target/CUDA/Pipeline.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace hadal::cuda {
#define GEN_PASS_DEF_LOWERIMAGEPASS
#include "hadal/Target/CUDA/Passes.h.inc"

namespace {
struct LowerImagePass : impl::LowerImagePassBase<LowerImagePass> {
  void getDependentDialects(DialectRegistry &registry) const override {
    OpPassManager pipeline(ModuleOp::getOperationName());
    buildKernelPipeline(pipeline, lowestLevel());
    pipeline.getDependentDialects(registry);
  }

  void runOnOperation() override {
    const Level *level = findLevel(getOperation().getLevel());
    if (!level) {
      getOperation().emitOpError()
          << "expected a level of GPUs, got '" << getOperation().getLevel() << "'";
      return signalPassFailure();
    }
    OpPassManager pipeline(ModuleOp::getOperationName());
    buildKernelPipeline(pipeline, *level);
    for (auto kernels : getOperation().getContents().front().getOps<ModuleOp>()) {
      if (failed(runPipeline(pipeline, kernels)))
        return signalPassFailure();
      for (auto function : kernels.getOps<LLVM::LLVMFuncOp>())
        numKernels += function->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName());
    }
  }
};
} // namespace
} // namespace hadal::cuda
