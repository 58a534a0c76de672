// SPDX-License-Identifier: Apache-2.0
// The order of passes from mapped kernels to the llvm and nvvm dialects.
#include "hadal/Target/CUDA/Pipeline.h"

#include "hadal/Target/CUDA/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace hadal::cuda;
using namespace mlir;

void hadal::cuda::buildKernelPipeline(OpPassManager &pm, const Level &level) {
  LowerTilesPassOptions tiles;
  tiles.level = level.name.str();
  pm.addPass(createLowerTilesPass(tiles));
  OpPassManager &funcs = pm.nest<func::FuncOp>();
  funcs.addPass(createCanonicalizerPass());
  funcs.addPass(createCSEPass());
  funcs.addPass(createLoopInvariantCodeMotionPass());
  funcs.addPass(createExpandMathPass());
  funcs.addPass(memref::createExpandStridedMetadataPass());
  funcs.addPass(createLowerAffinePass());
  funcs.addPass(createCanonicalizerPass());
  funcs.addPass(createCSEPass());
  funcs.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertToNVVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void hadal::cuda::registerCUDAPasses() {
  registerHadalTargetCUDAPasses();
  PassPipelineRegistration<>(
      "hadal-cuda-lower-kernels",
      "Lower GPU kernels from func, tile, scf, memref, arith, math and gpu to the llvm and nvvm "
      "dialects, for the lowest level",
      [](OpPassManager &pm) { buildKernelPipeline(pm, lowestLevel()); });
}
