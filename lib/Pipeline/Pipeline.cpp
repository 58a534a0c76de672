// SPDX-License-Identifier: Apache-2.0
// The order of passes, stage by stage: the only place that knows it.
#include "hadal/Pipeline/Pipeline.h"

#include "TargetPass.h"

#include "hadal/Codegen/Passes.h"
#include "hadal/Conversion/Passes.h"
#include "hadal/Target/CPU/CPUTarget.h"
#include "hadal/Target/CUDA/CUDATarget.h"
#include "hadal/Transforms/Passes.h"

#include "tile/IR/TileDialect.h"

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
  case Stage::Model: return "model";
  case Stage::Dispatch: return "dispatch";
  case Stage::Kernel: return "kernel";
  case Stage::Plan: return "plan";
  }
  return "";
}

Stage hadal::stageOf(ModuleOp module) {
  if (!module.getOps<plan::ProgramOp>().empty())
    return Stage::Plan;
  auto programs = module.getOps<ProgramOp>();
  if (programs.empty())
    return Stage::Model;
  // A module is where the least advanced of its programs is.
  bool hasKernels = llvm::all_of(programs, [](ProgramOp program) {
    auto executables = program.getContents().getOps<ExecutableOp>();
    return !executables.empty() &&
           llvm::all_of(executables, [](ExecutableOp op) { return op.getInterface().has_value(); });
  });
  return hasKernels ? Stage::Kernel : Stage::Dispatch;
}

FailureOr<std::vector<const Target *>> hadal::targetsOf(ModuleOp module) {
  module.getContext()->loadDialect<HadalDialect>(); // which knows the targets
  std::vector<const Target *> targets;
  for (Operation &op : *module.getBody()) {
    std::optional<StringRef> family = targetFamilyOf(&op);
    if (!family)
      continue;
    const Target *target = lookupTarget(&op, *family);
    if (!target)
      return failure();
    if (!llvm::is_contained(targets, target))
      targets.push_back(target);
  }
  return targets;
}

void hadal::registerDialects(DialectRegistry &registry) {
  registry.insert<HadalDialect, plan::PlanDialect, tile::TileDialect, arith::ArithDialect,
                  cf::ControlFlowDialect, func::FuncDialect, linalg::LinalgDialect,
                  LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                  tensor::TensorDialect, vector::VectorDialect>();
  registerCodegenInterfaces(registry);
  registerAllToLLVMIRTranslations(registry);
}

void hadal::registerBuiltinTargets(TargetRegistry &targets) {
  targets.add(createCPUTarget());
  targets.add(createCUDATarget());
}

void hadal::registerPasses(const TargetRegistry &targets) {
  registerHadalTransformsPasses();
  registerHadalCodegenPasses();
  registerHadalConversionPasses();
  for (const std::shared_ptr<Target> &target : targets.getTargets())
    target->registerPasses();
}

static void addVerifier(OpPassManager &pm, Stage stage) {
  switch (stage) {
  case Stage::Model: return pm.addPass(createVerifyModelPass());
  case Stage::Dispatch: return pm.addPass(createVerifyDispatchPass());
  case Stage::Kernel:
    pm.addPass(createVerifyDispatchPass()); // entry points and bodies are still there
    return pm.addPass(createVerifyKernelPass());
  case Stage::Plan: return pm.addPass(createVerifyPlanPass());
  }
}

static void addModelPasses(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createSpecializeEntriesPass());
  pm.addPass(createSelectAttentionFormPass({options.attention}));
  pm.addPass(createSetPrecisionPass({options.precision}));
  if (options.taps)
    pm.addPass(createNameValuesPass());
  FormProgramsPassOptions programs;
  for (const Target *target : options.targets)
    programs.targets.push_back(target->getFamily().str());
  llvm::append_range(programs.targets, options.levels);
  pm.addPass(createFormProgramsPass(programs));
  // What is expanded is expanded whole: kernels alone want parts that they know.
  for (const Target *target : options.targets) {
    if (options.plain)
      continue;
    OpPassManager shared(ProgramOp::getOperationName());
    shared.addPass(createDecomposePass({/*supported=*/true}));
    shared.addNestedPass<func::FuncOp>(createFuseGatesPass());
    OpPassManager passes = target->getDecomposition(std::move(shared));
    if (!passes.empty())
      pm.addNestedPass<ProgramOp>(createTargetPass(*target, std::move(passes)));
  }
  pm.addPass(createExpandUnsupportedPass({options.plain, options.taps}));
  OpPassManager &program = pm.nest<ProgramOp>();
  program.addPass(createPackParametersPass({options.precision}));
  program.addPass(createCSEPass());
  program.addPass(createFuseLinalgPass());
  program.addPass(createFormDispatchesPass({options.taps}));
  addVerifier(pm, Stage::Dispatch);
}

static void addKernelPasses(OpPassManager &pm, const PipelineOptions &options) {
  for (const Target *target : options.targets) {
    OpPassManager passes(ProgramOp::getOperationName());
    target->addKernelPasses(passes);
    pm.addNestedPass<ProgramOp>(createTargetPass(*target, std::move(passes)));
  }
  addVerifier(pm, Stage::Kernel);
}

static void addPlanPasses(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createConvertToPlanPass());
  for (const Target *target : options.targets) {
    OpPassManager passes(plan::ProgramOp::getOperationName());
    target->addImagePasses(passes.nest<plan::ImageOp>());
    pm.addNestedPass<plan::ProgramOp>(createTargetPass(*target, std::move(passes)));
  }
  addVerifier(pm, Stage::Plan);
}

void hadal::buildPipeline(OpPassManager &pm, Stage from, Stage to, const PipelineOptions &options) {
  addVerifier(pm, from); // what is fed in may come from anywhere
  if (from <= Stage::Model && to >= Stage::Dispatch)
    addModelPasses(pm, options);
  if (from <= Stage::Dispatch && to >= Stage::Kernel)
    addKernelPasses(pm, options);
  if (from <= Stage::Kernel && to >= Stage::Plan)
    addPlanPasses(pm, options);
}
