// SPDX-License-Identifier: Apache-2.0
// Lowers the kernels of an image to the llvm dialect.
#include "hadal/Target/CPU/Executables.h"

#include "hadal/Target/CPU/Pipeline.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_LOWERIMAGEPASS
#include "hadal/Target/CPU/ExecutablePasses.h.inc"

namespace {
struct LowerImagePass : impl::LowerImagePassBase<LowerImagePass> {
  void getDependentDialects(DialectRegistry &registry) const override {
    for (cpu::Level level : cpu::allLevels()) {
      OpPassManager pipeline(ModuleOp::getOperationName());
      cpu::buildKernelPipeline(pipeline, level);
      pipeline.getDependentDialects(registry);
    }
  }

  void runOnOperation() override {
    plan::ImageOp image = getOperation();
    std::optional<cpu::Level> level = cpu::parseLevel(image.getLevel());
    if (!level) {
      image.emitOpError() << "expected a level of the CPU, got '" << image.getLevel() << "'";
      return signalPassFailure();
    }
    OpPassManager pipeline(ModuleOp::getOperationName());
    cpu::buildKernelPipeline(pipeline, *level);
    for (auto kernels : image.getContents().front().getOps<ModuleOp>())
      if (failed(runPipeline(pipeline, kernels)))
        return signalPassFailure();
  }
};
} // namespace
} // namespace hadal
