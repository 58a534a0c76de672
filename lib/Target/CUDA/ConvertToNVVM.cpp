// SPDX-License-Identifier: Apache-2.0
// Converts kernels without loops to the llvm and nvvm dialects in one step.
#include "hadal/Target/CUDA/Passes.h"

#include "hadal/Codegen/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace hadal::cuda {
#define GEN_PASS_DEF_CONVERTTONVVMPASS
#include "hadal/Target/CUDA/Passes.h.inc"

namespace {
/// Functions that are one instruction of PTX, or few that are exact; all others must have
/// been expanded: LLVM would make a call of a library of them.
bool hasInstruction(Operation *op) {
  return isFlatFunction(op) || isa<math::IsNaNOp, math::RsqrtOp>(op);
}

/// A kernel is passed the address of a binding: how many elements there are, the constants of
/// the launch say.
LogicalResult passAddresses(func::FuncOp kernel, const LLVMTypeConverter &converter) {
  Block &entry = kernel.getBody().front();
  auto pointer = LLVM::LLVMPointerType::get(kernel.getContext());
  OpBuilder builder = OpBuilder::atBlockBegin(&entry);
  for (BlockArgument argument : entry.getArguments()) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type)
      continue;
    if (type.getRank() > 1 || !type.getLayout().isIdentity())
      return kernel.emitOpError() << "expected bindings of one flat extent, got " << type;
    argument.setType(pointer);
    Location loc = kernel.getLoc();
    auto descriptor = MemRefDescriptor::poison(builder, loc, converter.convertType(type));
    descriptor.setAllocatedPtr(builder, loc, argument);
    descriptor.setAlignedPtr(builder, loc, argument);
    descriptor.setConstantOffset(builder, loc, 0);
    if (type.getRank() == 1) {
      descriptor.setConstantSize(builder, loc, 0,
                                 type.isDynamicDim(0) ? INT64_MAX : type.getDimSize(0));
      descriptor.setConstantStride(builder, loc, 0, 1);
    }
    Value built = descriptor;
    auto view = UnrealizedConversionCastOp::create(builder, loc, type, built);
    argument.replaceUsesWithIf(view.getResult(0), [&](OpOperand &use) {
      return use.getOwner() != view && !isa<LLVM::InsertValueOp>(use.getOwner());
    });
  }
  kernel.setFunctionType(
      builder.getFunctionType(entry.getArgumentTypes(), kernel.getResultTypes()));
  return success();
}

struct ConvertToNVVMPass : impl::ConvertToNVVMPassBase<ConvertToNVVMPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    WalkResult walked = module.walk([](Operation *op) {
      if (!isa<math::MathDialect>(op->getDialect()) || hasInstruction(op))
        return WalkResult::advance();
      op->emitOpError("has no expansion in instructions of PTX");
      return WalkResult::interrupt();
    });
    if (walked.wasInterrupted())
      return signalPassFailure();

    LLVMTypeConverter converter(&getContext());
    configureGpuToNVVMTypeConverter(converter);
    SmallVector<StringAttr> kernels;
    for (auto kernel : module.getOps<func::FuncOp>()) {
      if (kernel.isPrivate() || kernel.isExternal())
        continue;
      if (failed(passAddresses(kernel, converter)))
        return signalPassFailure();
      kernels.push_back(kernel.getSymNameAttr());
    }
    RewritePatternSet patterns(&getContext());
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    // After all others: among them are calls of libdevice for ops that are one instruction.
    populateGpuToNVVMConversionPatterns(converter, patterns, /*benefit=*/0);
    populateMathToLLVMConversionPatterns(converter, patterns);
    ub::populateUBToLLVMConversionPatterns(converter, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalDialect<NVVM::NVVMDialect>();
    target.addLegalOp<ModuleOp>();
    target.addIllegalDialect<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                             gpu::GPUDialect, math::MathDialect, memref::MemRefDialect>();
    if (failed(applyPartialConversion(module, target, std::move(patterns))))
      return signalPassFailure();
    auto isKernel = UnitAttr::get(&getContext());
    for (StringAttr kernel : kernels)
      module.lookupSymbol(kernel)->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), isKernel);
    numKernels += kernels.size();
  }
};
} // namespace
} // namespace hadal::cuda
