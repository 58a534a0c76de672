// SPDX-License-Identifier: Apache-2.0
// The order of passes from emitted kernels to the LLVM dialect.
#include "hadal/Target/CPU/Pipeline.h"

#include "hadal/Target/CPU/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace hadal::cpu;
using namespace mlir;

void hadal::cpu::buildKernelPipeline(OpPassManager &pm, Level level) {
  OpPassManager &funcs = pm.nest<func::FuncOp>();
  funcs.addPass(createConvertLinalgToLoopsPass());
  funcs.addPass(createCanonicalizerPass());
  funcs.addPass(createCSEPass());
  funcs.addPass(createLoopInvariantCodeMotionPass());
  ExpandMathPassOptions math;
  math.expandBF16 = level == Level::V3;
  funcs.addPass(createExpandMathPass(math));

  // Vectors of more dimensions become loops over, or sequences of, vectors of
  // one. Reductions stay in order.
  VectorTransferToSCFOptions vectorToSCF;
  vectorToSCF.enableFullUnroll().setTargetRank(1);
  funcs.addPass(createConvertVectorToSCFPass(vectorToSCF));
  funcs.addPass(memref::createExpandStridedMetadataPass());
  funcs.addPass(createLowerAffinePass());
  funcs.addPass(createCanonicalizerPass());
  funcs.addPass(createCSEPass());
  funcs.addPass(createSCFToControlFlowPass());

  ConvertVectorToLLVMPassOptions vectorToLLVM;
  vectorToLLVM.x86Vector = true;
  pm.addPass(createConvertVectorToLLVMPass(vectorToLLVM));
  pm.addPass(createConvertToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

namespace {
struct PipelineOptions : public PassPipelineOptions<PipelineOptions> {
  PassOptions::Option<Level> level{
      *this, "level", llvm::cl::desc("Instruction-set level"), llvm::cl::init(Level::V3),
      llvm::cl::values(
          clEnumValN(Level::V3, "x86-64-v3", "AVX2 and FMA"),
          clEnumValN(Level::V4BF16, "x86-64-v4-bf16", "AVX-512 with bf16 dot products"))};
};
} // namespace

void hadal::cpu::registerCPUPasses() {
  registerHadalTargetCPUPasses();
  PassPipelineRegistration<PipelineOptions>(
      "hadal-cpu-lower-kernels",
      "Lower CPU kernels from func, scf, vector, memref and linalg to the LLVM "
      "dialect",
      [](OpPassManager &pm, const PipelineOptions &options) {
        buildKernelPipeline(pm, options.level);
      });
}
