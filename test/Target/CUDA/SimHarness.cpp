// SPDX-License-Identifier: Apache-2.0
// Compiles kernels to PTX and executes them on the simulator.
#include "SimHarness.h"

#include "hadal/Target/CUDA/Image.h"
#include "tile/IR/TileDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

namespace hadal::testing {

std::unique_ptr<mlir::MLIRContext> makeKernelContext() {
  auto context = std::make_unique<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);
  context->loadDialect<mlir::arith::ArithDialect, mlir::cf::ControlFlowDialect,
                       mlir::func::FuncDialect, mlir::gpu::GPUDialect, mlir::LLVM::LLVMDialect,
                       mlir::math::MathDialect, mlir::memref::MemRefDialect,
                       mlir::NVVM::NVVMDialect, mlir::scf::SCFDialect, tile::TileDialect>();
  return context;
}

std::string compileToPtx(mlir::ModuleOp module, const cuda::Level &level, std::string *problem) {
  mlir::ScopedDiagnosticHandler handler(module.getContext(), [&](mlir::Diagnostic &each) {
    if (problem)
      *problem = each.str();
    else
      ADD_FAILURE() << each.str();
  });
  mlir::FailureOr<TargetImage> image = cuda::lowerAndCompile(module, level);
  return failed(image) ? "" : std::string(image->bytes.begin(), image->bytes.end());
}

std::string compileToPtx(llvm::StringRef source, const cuda::Level &level, std::string *problem) {
  auto context = makeKernelContext();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(source, context.get());
  EXPECT_TRUE(module) << "expected kernels that parse";
  return module ? compileToPtx(*module, level, problem) : "";
}

SimImage::SimImage(const std::string &ptx, Failures failures) : failures(failures) {
  expectOk(hadal_sim_context_create(&context));
  expectOk(hadal_sim_module_load(context, ptx.data(), ptx.size(), "kernels.ptx", &module));
}

void SimImage::expectOk(hadal_sim_status_t status) {
  failed |= status != HADAL_SIM_OK;
  if (failures == Failures::OfTheTest)
    EXPECT_EQ(status, HADAL_SIM_OK) << hadal_sim_context_message(context);
}

uint64_t SimImage::allocate(size_t bytes) {
  uint64_t address = 0;
  expectOk(hadal_sim_alloc(context, std::max<size_t>(bytes, 1), "buffer", &address));
  return address;
}

hadal_sim_launch_t SimImage::defaults() {
  hadal_sim_launch_t launch;
  hadal_sim_launch_defaults(&launch);
  launch.checks |= HADAL_SIM_CHECK_GLOBAL_RACE;
  return launch;
}

void SimImage::run(const char *kernel, uint32_t workgroups, uint32_t threads,
                   const std::vector<uint64_t> &parameters) {
  hadal_sim_launch_t launch = defaults();
  launch.grid[0] = workgroups;
  launch.block[0] = threads;
  run(kernel, launch, parameters);
}

hadal_sim_counters_t SimImage::run(const char *kernel, const hadal_sim_launch_t &launch,
                                   const std::vector<uint64_t> &parameters) {
  std::vector<const void *> arguments;
  for (const uint64_t &parameter : parameters)
    arguments.push_back(&parameter);
  expectOk(hadal_sim_launch(context, module, kernel, &launch, arguments.data(), arguments.size()));
  return hadal_sim_counters(context);
}

} // namespace hadal::testing
