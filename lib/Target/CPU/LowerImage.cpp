// SPDX-License-Identifier: Apache-2.0
// Lowers the kernels of an image to the llvm dialect.
#include "hadal/Target/CPU/Passes.h"

#include "hadal/Target/CPU/Pipeline.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace hadal::cpu {
#define GEN_PASS_DEF_LOWERIMAGEPASS
#include "hadal/Target/CPU/Passes.h.inc"

namespace {
struct LowerImagePass : impl::LowerImagePassBase<LowerImagePass> {
  void getDependentDialects(DialectRegistry &registry) const override {
    for (Level level : allLevels()) {
      OpPassManager pipeline(ModuleOp::getOperationName());
      buildKernelPipeline(pipeline, level);
      pipeline.getDependentDialects(registry);
    }
  }

  void runOnOperation() override {
    plan::ImageOp image = getOperation();
    std::optional<Level> level = parseLevel(image.getLevel());
    if (!level) {
      image.emitOpError() << "expected a level of the CPU, got '" << image.getLevel() << "'";
      return signalPassFailure();
    }
    OpPassManager pipeline(ModuleOp::getOperationName());
    buildKernelPipeline(pipeline, *level);
    for (auto kernels : image.getContents().front().getOps<ModuleOp>()) {
      if (failed(runPipeline(pipeline, kernels)))
        return signalPassFailure();
      numKernels += llvm::range_size(kernels.getOps<LLVM::LLVMFuncOp>());
    }
  }
};
} // namespace
} // namespace hadal::cpu
