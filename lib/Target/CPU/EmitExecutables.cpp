// SPDX-License-Identifier: Apache-2.0
// Emits the kernels of executables for every level of the CPU.
#include "hadal/Target/CPU/Executables.h"

#include "ExecutableKernels.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_EMITCPUKERNELSPASS
#include "hadal/Target/CPU/ExecutablePasses.h.inc"

namespace {
using namespace hadal::cpu;

KernelInterfaceAttr toAttribute(MLIRContext *context, const ExecutableInterface &interface) {
  SmallVector<int64_t> access, grid;
  for (Access each : interface.access)
    access.push_back(static_cast<int64_t>(each));
  for (const GridExtent &extent : interface.grid)
    grid.append({extent.constant, extent.sequences, extent.rowsPerGroup});
  return KernelInterfaceAttr::get(context, interface.bindings, access,
                                  ArrayAttr::get(context, interface.constants), grid,
                                  interface.rows);
}

struct EmitCPUKernelsPass : impl::EmitCPUKernelsPassBase<EmitCPUKernelsPass> {
  using EmitCPUKernelsPassBase::EmitCPUKernelsPassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<HadalDialect>();
    registry.insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                    LLVM::LLVMDialect, linalg::LinalgDialect, math::MathDialect,
                    memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect,
                    x86vector::X86VectorDialect>();
  }

  LogicalResult chooseTargets() {
    targets.clear();
    if (emulateDot) {
      targets.push_back({Level::V4BF16, /*emulate=*/true});
      return success();
    }
    if (levels.empty())
      for (Level level : allLevels())
        targets.push_back({level, false});
    for (const std::string &name : levels) {
      std::optional<Level> level = parseLevel(name);
      if (!level)
        return getOperation().emitError()
               << "expected a level x86-64-v3 or x86-64-v4-bf16, got '" << name << "'";
      targets.push_back({*level, false});
    }
    return success();
  }

  void runOnOperation() override {
    if (failed(chooseTargets()))
      return signalPassFailure();
    for (auto executable : getOperation().getOps<ExecutableOp>())
      if (executable.getTarget() == "cpu" && !executable.getInterface())
        for (const KernelTarget &target : targets)
          if (failed(emitVariant(executable, target)))
            return signalPassFailure();
  }

  LogicalResult emitVariant(ExecutableOp executable, const KernelTarget &target) {
    Operation &op = executable.getBody().getBody().front().front();
    OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&getContext()));
    FailureOr<ExecutableInterface> interface =
        emitKernel(&op, executable.getSymName(), *module, target);
    if (failed(interface))
      return failure();
    KernelInterfaceAttr attr = toAttribute(&getContext(), *interface);
    if (executable.getInterfaceAttr() && executable.getInterfaceAttr() != attr)
      return executable.emitOpError("expected the same interface of all levels");
    executable.setInterfaceAttr(attr);
    executable.setScratch(
        std::max<int64_t>(executable.getScratch().value_or(0), interface->scratchBytes));
    OpBuilder builder = OpBuilder::atBlockEnd(&executable.getContents().front());
    auto variant = VariantOp::create(builder, executable.getLoc(),
                                     getLevelName(target.codegenLevel()));
    Block *contents = builder.createBlock(&variant.getContents());
    for (Operation &kernel : llvm::make_early_inc_range(*module->getBody()))
      kernel.moveBefore(contents, contents->end());
    ++numKernels;
    return success();
  }

  SmallVector<KernelTarget> targets;
};
} // namespace
} // namespace hadal
