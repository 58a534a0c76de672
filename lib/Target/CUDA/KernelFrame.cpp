// SPDX-License-Identifier: Apache-2.0
// What all kernels of the target have alike.
#include "KernelFrame.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace hadal;

constexpr int64_t kAlignment = 64; // of bindings, in bytes: the kernel contract

void cuda::setInterface(ExecutableOp executable, ArrayRef<Value> reads, ArrayRef<Value> updates,
                        ArrayRef<Value> results, Extents constants, ArrayRef<Attribute> others) {
  auto numberOf = [](Value operand) -> int64_t {
    return cast<BlockArgument>(operand).getArgNumber();
  };
  SmallVector<int64_t> bindings;
  for (Value operand : llvm::concat<const Value>(reads, updates))
    bindings.push_back(numberOf(operand));
  OperandRange returned = executable.getBodyResults();
  for (Value result : results)
    bindings.push_back(executable.getBody().getNumArguments() +
                       (llvm::find(returned, result) - returned.begin()));
  SmallVector<plan::Access> access(reads.size(), plan::Access::Read);
  access.append(updates.size(), plan::Access::ReadWrite);
  access.append(results.size(), plan::Access::Write);
  Builder builder(executable.getContext());
  SmallVector<Attribute> extents;
  for (auto [operand, axis] : constants)
    extents.push_back(ExtentAttr::get(builder.getContext(), numberOf(operand), axis));
  llvm::append_range(extents, others);
  executable.setInterfaceAttr(KernelInterfaceAttr::get(builder.getContext(), bindings, access,
                                                       builder.getArrayAttr(extents)));
}

LogicalResult cuda::expectPacked(Operation *op, ArrayRef<Value> weights) {
  for (Value weight : weights)
    if (!isa_and_present<FragmentsAttr>(typeOf(weight).getEncoding()))
      return op->emitOpError() << "expected a weight in fragments, got " << weight.getType()
                               << " (run hadal-pack-parameters)";
  return success();
}

VariantOp cuda::addVariant(ExecutableOp executable, StringAttr level) {
  OpBuilder builder = OpBuilder::atBlockEnd(&executable.getContents().front());
  auto variant = VariantOp::create(builder, executable.getLoc(), level);
  builder.createBlock(&variant.getContents());
  return variant;
}

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

cuda::InterfaceBuilder::InterfaceBuilder(OpBuilder &builder, Location loc, int64_t threads,
                                         size_t constants)
    : ImplicitLocOpBuilder(loc, builder) {
  plan::InterfaceOp interface = createInterface(builder, loc, threads);
  createBlock(&interface.getBody(), {},
              SmallVector<Type>(constants, plan::IntType::get(getContext())),
              SmallVector<Location>(constants, loc));
}

Value cuda::InterfaceBuilder::constant(int64_t value) {
  return plan::ConstantOp::create(*this, getI64IntegerAttr(value));
}

Value cuda::InterfaceBuilder::expr(plan::ExprKind kind, Value x, Value y) {
  return plan::ExprOp::create(*this, kind, x, y);
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
