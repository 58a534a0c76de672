// SPDX-License-Identifier: Apache-2.0
// The order of passes, stage by stage: the only place that knows it.
#include "hadal/Pipeline/Pipeline.h"

#include "hadal/Conversion/Passes.h"
#include "hadal/Target/CPU/CPUTarget.h"
#include "hadal/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace hadal;

std::optional<Stage> hadal::parseStage(StringRef name) {
  for (Stage stage : {Stage::Model, Stage::Dispatch, Stage::Kernel, Stage::Plan})
    if (stageName(stage) == name)
      return stage;
  return std::nullopt;
}

StringRef hadal::stageName(Stage stage) {
  switch (stage) {
  case Stage::Model:
    return "model";
  case Stage::Dispatch:
    return "dispatch";
  case Stage::Kernel:
    return "kernel";
  case Stage::Plan:
    return "plan";
  }
  return "";
}

Stage hadal::stageOf(ModuleOp module) {
  if (!module.getOps<plan::ProgramOp>().empty())
    return Stage::Plan;
  auto executables = module.getOps<ExecutableOp>();
  if (executables.empty())
    return Stage::Model;
  return (*executables.begin()).getInterface() ? Stage::Kernel : Stage::Dispatch;
}

void hadal::registerDialects(DialectRegistry &registry) {
  registry.insert<HadalDialect, plan::PlanDialect, arith::ArithDialect, cf::ControlFlowDialect,
                  func::FuncDialect, linalg::LinalgDialect, LLVM::LLVMDialect, math::MathDialect,
                  memref::MemRefDialect, scf::SCFDialect, tensor::TensorDialect,
                  vector::VectorDialect>();
  registerAllToLLVMIRTranslations(registry);
}

void hadal::registerBuiltinTargets(TargetRegistry &targets) { targets.add(createCPUTarget()); }

void hadal::registerPasses(const TargetRegistry &targets) {
  registerHadalTransformsPasses();
  registerHadalConversionPasses();
  for (const std::shared_ptr<Target> &target : targets.getTargets())
    target->registerPasses();
}

static void addVerifier(OpPassManager &pm, Stage stage) {
  switch (stage) {
  case Stage::Model:
    return pm.addPass(createVerifyModelPass());
  case Stage::Dispatch:
    return pm.addPass(createVerifyDispatchPass());
  case Stage::Kernel:
    return pm.addPass(createVerifyKernelPass());
  case Stage::Plan:
    return pm.addPass(createVerifyPlanPass());
  }
}

static void addModelPasses(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createSpecializeEntriesPass());
  pm.addPass(createSelectAttentionFormPass({options.attention}));
  pm.addPass(createSetPrecisionPass({options.precision}));
  pm.addPass(createDecomposePass());
  pm.addNestedPass<func::FuncOp>(createFusePass());
  pm.addPass(createPackParametersPass({options.target->getFamily().str(), options.precision}));
  pm.addPass(createCSEPass());
  pm.addPass(createFormDispatchesPass({options.target->getFamily().str()}));
  addVerifier(pm, Stage::Dispatch);
}

static void addKernelPasses(OpPassManager &pm, const PipelineOptions &options) {
  options.target->addKernelPasses(pm);
  addVerifier(pm, Stage::Kernel);
}

static void addPlanPasses(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createConvertToPlanPass());
  options.target->addImagePasses(pm.nest<plan::ProgramOp>().nest<plan::ImageOp>());
  addVerifier(pm, Stage::Plan);
}

void hadal::buildPipeline(OpPassManager &pm, Stage from, Stage to,
                          const PipelineOptions &options) {
  addVerifier(pm, from); // what is fed in may come from anywhere
  if (from == Stage::Model)
    pm.addPass(createVerifyModelPass());
  if (from <= Stage::Model && to >= Stage::Dispatch)
    addModelPasses(pm, options);
  if (from <= Stage::Dispatch && to >= Stage::Kernel)
    addKernelPasses(pm, options);
  if (from <= Stage::Kernel && to >= Stage::Plan)
    addPlanPasses(pm, options);
}
