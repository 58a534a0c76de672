// SPDX-License-Identifier: Apache-2.0
// What all kernels of the target have alike.
#include "KernelFrame.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace hadal;

constexpr int64_t kAlignment = 64; // of bindings, in bytes: the kernel contract

func::FuncOp cuda::createKernel(OpBuilder &builder, Location loc, StringRef name,
                                ArrayRef<Type> bindings, int64_t threads) {
  SmallVector<Type> types(bindings);
  types.push_back(MemRefType::get({ShapedType::kDynamic}, builder.getI64Type()));
  auto kernel = func::FuncOp::create(builder, loc, name, builder.getFunctionType(types, {}));
  kernel->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                  builder.getDenseI32ArrayAttr({int32_t(threads), 1, 1}));
  for (unsigned i = 0; i < bindings.size(); ++i)
    kernel.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(),
                      builder.getI64IntegerAttr(kAlignment));
  kernel.addEntryBlock();
  return kernel;
}

std::optional<int64_t> cuda::threadsOf(FunctionOpInterface kernel) {
  auto threads = kernel->getAttrOfType<DenseI32ArrayAttr>(NVVM::NVVMDialect::getReqntidAttrName());
  if (!threads)
    return std::nullopt;
  int64_t count = 1;
  for (int32_t extent : threads.asArrayRef())
    count *= extent;
  return count;
}

plan::InterfaceOp cuda::createInterface(OpBuilder &builder, Location loc, int64_t threads) {
  return plan::InterfaceOp::create(builder, loc, /*scratch=*/0,
                                   builder.getDenseI64ArrayAttr({threads, 1, 1}),
                                   /*static_shared=*/0, DenseI64ArrayAttr());
}

void cuda::passParameters(OpBuilder &builder, Location loc, int64_t bindings, bool hasWorkspace) {
  auto pass = [&](plan::KernelParameterKind kind, IntegerAttr index) {
    plan::KernelParameterOp::create(builder, loc, kind, index, TypeAttr(), ValueRange(),
                                    ValueRange(), DenseI64ArrayAttr());
  };
  for (int64_t binding = 0; binding < bindings; ++binding)
    pass(plan::KernelParameterKind::Binding, builder.getI64IntegerAttr(binding));
  if (hasWorkspace)
    pass(plan::KernelParameterKind::Workspace, IntegerAttr());
  pass(plan::KernelParameterKind::Constants, IntegerAttr());
}
