// SPDX-License-Identifier: Apache-2.0
// The kernel builder's interface to the runtime, scalars and control flow.
#include "hadal/Target/CPU/KernelBuilder.h"

#include "hadal_kernel_abi.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

#include <cstddef>

using namespace hadal::cpu;
using namespace mlir;

namespace {
// Arguments of a kernel, and their fields by offset in bytes.
constexpr unsigned dispatchArgument = 0;
constexpr unsigned workgroupArgument = 1;
constexpr int64_t bindingsOffset = offsetof(hadal_dispatch_state_t, bindings);
constexpr int64_t constantsOffset = offsetof(hadal_dispatch_state_t, constants);
constexpr int64_t workgroupCountOffset = offsetof(hadal_dispatch_state_t, workgroup_count);
constexpr int64_t workgroupIdOffset = offsetof(hadal_workgroup_state_t, workgroup_id);
constexpr int64_t threadOffset = offsetof(hadal_workgroup_state_t, thread);
constexpr int64_t scratchOffset = offsetof(hadal_workgroup_state_t, scratch);
static_assert(sizeof(void *) == 8, "the offsets of this machine are those of kernels");
constexpr int64_t bufferAlignment = 64;

Value pointerAt(OpBuilder &builder, Location loc, Value base, int64_t offset) {
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base,
                             ArrayRef<LLVM::GEPArg>{int32_t(offset)});
}

// What the interface passes does not change while a kernel runs.
Value loadInvariant(OpBuilder &builder, Location loc, Type type, Value pointer,
                    unsigned alignment) {
  auto load = LLVM::LoadOp::create(builder, loc, type, pointer, alignment);
  load.setInvariant(true);
  return load;
}
} // namespace

void hadal::cpu::loadKernelDialects(MLIRContext *context) {
  context->loadDialect<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                       LLVM::LLVMDialect, linalg::LinalgDialect, math::MathDialect,
                       memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect,
                       x86vector::X86VectorDialect>();
}

KernelBuilder::KernelBuilder(ModuleOp module, StringRef name, const KernelTarget &target)
    : ImplicitLocOpBuilder(module.getLoc(), module.getContext()), kernelTarget(target) {
  setInsertionPointToEnd(module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(getContext());
  func = func::FuncOp::create(*this, name, getFunctionType({pointer, pointer}, {getI32Type()}));
  setInsertionPointToStart(func.addEntryBlock());
}

void KernelBuilder::finish() { func::ReturnOp::create(*this, i32(0)); }

// ---- what the runtime passes ----------------------------------------------

Value KernelBuilder::field(unsigned argument, int64_t byteOffset, Type type) {
  Value pointer = pointerAt(*this, getLoc(), func.getArgument(argument), byteOffset);
  unsigned alignment = isa<LLVM::LLVMPointerType>(type) ? 8 : 4;
  return loadInvariant(*this, getLoc(), type, pointer, alignment);
}

Value KernelBuilder::workgroupId(unsigned dim) {
  return arith::IndexCastUIOp::create(
      *this, getIndexType(), field(workgroupArgument, workgroupIdOffset + 4 * dim, getI32Type()));
}

Value KernelBuilder::workgroupCount(unsigned dim) {
  return arith::IndexCastUIOp::create(
      *this, getIndexType(), field(dispatchArgument, workgroupCountOffset + 4 * dim, getI32Type()));
}

Value KernelBuilder::thread() {
  return arith::IndexCastUIOp::create(*this, getIndexType(),
                                      field(workgroupArgument, threadOffset, getI32Type()));
}

Value KernelBuilder::launchConstant(unsigned i) {
  Value constants =
      field(dispatchArgument, constantsOffset, LLVM::LLVMPointerType::get(getContext()));
  Value pointer = pointerAt(*this, getLoc(), constants, 8 * int64_t(i));
  return toIndex(loadInvariant(*this, getLoc(), getI64Type(), pointer, 8));
}

Value KernelBuilder::binding(unsigned i, Type elementType, ArrayRef<int64_t> shape,
                             ValueRange dynamicSizes) {
  auto pointerType = LLVM::LLVMPointerType::get(getContext());
  Value bindings = field(dispatchArgument, bindingsOffset, pointerType);
  Value slot = pointerAt(*this, getLoc(), bindings, 8 * int64_t(i));
  Value pointer = loadInvariant(*this, getLoc(), pointerType, slot, 8);
  return view(pointer, elementType, shape, dynamicSizes);
}

Value KernelBuilder::binding(Value i, Type elementType, ArrayRef<int64_t> shape,
                             ValueRange dynamicSizes) {
  auto pointerType = LLVM::LLVMPointerType::get(getContext());
  Value bindings = field(dispatchArgument, bindingsOffset, pointerType);
  Value slot = LLVM::GEPOp::create(*this, pointerType, pointerType, bindings,
                                   ArrayRef<LLVM::GEPArg>{fromIndex(i, getI64Type())});
  Value pointer = loadInvariant(*this, getLoc(), pointerType, slot, 8);
  return view(pointer, elementType, shape, dynamicSizes);
}

Value KernelBuilder::stackBuffer(Type elementType, ArrayRef<int64_t> shape) {
  assert(getInsertionBlock() == &func.getBody().front() &&
         "stack buffers belong to the entry of a kernel");
  return memref::AllocaOp::create(*this, MemRefType::get(shape, elementType),
                                  getI64IntegerAttr(bufferAlignment));
}

Value KernelBuilder::scratch(int64_t byteOffset, Type elementType, ArrayRef<int64_t> shape,
                             ValueRange dynamicSizes) {
  assert(byteOffset % bufferAlignment == 0 && "scratch offset not aligned");
  Value base = field(workgroupArgument, scratchOffset, LLVM::LLVMPointerType::get(getContext()));
  return view(pointerAt(*this, getLoc(), base, byteOffset), elementType, shape, dynamicSizes);
}

// Builds the descriptor that the memref lowering expects:
// { allocated, aligned, offset, sizes[rank], strides[rank] }.
Value KernelBuilder::view(Value pointer, Type elementType, ArrayRef<int64_t> shape,
                          ValueRange dynamicSizes) {
  unsigned rank = shape.size();
  assert(rank > 0 && "a view has at least one dimension");
  size_t numDynamic = llvm::count(shape, ShapedType::kDynamic);
  bool leadingUnknown =
      ShapedType::isDynamic(shape.front()) && dynamicSizes.size() + 1 == numDynamic;
  assert((leadingUnknown || dynamicSizes.size() == numDynamic) &&
         "expected a size for each dynamic extent");

  SmallVector<Value> sizes;
  size_t nextDynamic = 0;
  for (unsigned d = 0; d < rank; ++d) {
    if (!ShapedType::isDynamic(shape[d]))
      sizes.push_back(index(shape[d]));
    else if (d == 0 && leadingUnknown)
      sizes.push_back(index(0));
    else
      sizes.push_back(dynamicSizes[nextDynamic++]);
  }
  SmallVector<Value> strides(rank);
  strides[rank - 1] = index(1);
  for (int d = int(rank) - 2; d >= 0; --d)
    strides[d] = mul(strides[d + 1], sizes[d + 1]);

  auto i64 = getI64Type();
  auto extents = LLVM::LLVMArrayType::get(i64, rank);
  auto type = LLVM::LLVMStructType::getLiteral(
      getContext(), {pointer.getType(), pointer.getType(), i64, extents, extents});
  Value descriptor = LLVM::PoisonOp::create(*this, type);
  auto insert = [&](Value value, ArrayRef<int64_t> position) {
    descriptor = LLVM::InsertValueOp::create(*this, descriptor, value, position);
  };
  insert(pointer, {0});
  insert(pointer, {1});
  insert(LLVM::ConstantOp::create(*this, i64, getI64IntegerAttr(0)), {2});
  for (int64_t d = 0; d < int64_t(rank); ++d) {
    insert(fromIndex(sizes[d], i64), {3, d});
    insert(fromIndex(strides[d], i64), {4, d});
  }
  auto memrefType = MemRefType::get(shape, elementType);
  Value memref =
      UnrealizedConversionCastOp::create(*this, memrefType, ValueRange(descriptor)).getResult(0);
  return memref::AssumeAlignmentOp::create(*this, memref, bufferAlignment);
}

void KernelBuilder::returnIf(Value condition, int32_t code) {
  Block *current = getInsertionBlock();
  assert(current->getParentOp() == func && "early return inside of a loop");
  Block *leave = createBlock(&func.getBody(), func.getBody().end());
  func::ReturnOp::create(*this, i32(code));
  Block *next = createBlock(&func.getBody(), func.getBody().end());
  setInsertionPointToEnd(current);
  cf::CondBranchOp::create(*this, condition, leave, next);
  setInsertionPointToStart(next);
}

// ---- scalars ----------------------------------------------------------------

Value KernelBuilder::index(int64_t value) { return arith::ConstantIndexOp::create(*this, value); }
Value KernelBuilder::i32(int32_t value) {
  return arith::ConstantOp::create(*this, getI32IntegerAttr(value));
}
Value KernelBuilder::f32(float value) {
  return arith::ConstantOp::create(*this, getF32FloatAttr(value));
}
Value KernelBuilder::add(Value a, Value b) { return createOrFold<arith::AddIOp>(a, b); }
Value KernelBuilder::sub(Value a, Value b) { return createOrFold<arith::SubIOp>(a, b); }
Value KernelBuilder::mul(Value a, Value b) { return createOrFold<arith::MulIOp>(a, b); }
Value KernelBuilder::div(Value a, Value b) { return createOrFold<arith::DivUIOp>(a, b); }
Value KernelBuilder::rem(Value a, Value b) { return createOrFold<arith::RemUIOp>(a, b); }
Value KernelBuilder::minIndex(Value a, Value b) { return createOrFold<arith::MinSIOp>(a, b); }
Value KernelBuilder::maxIndex(Value a, Value b) { return createOrFold<arith::MaxSIOp>(a, b); }
Value KernelBuilder::cmp(arith::CmpIPredicate predicate, Value a, Value b) {
  return createOrFold<arith::CmpIOp>(predicate, a, b);
}
Value KernelBuilder::cmp(arith::CmpFPredicate predicate, Value a, Value b) {
  return createOrFold<arith::CmpFOp>(predicate, a, b);
}
Value KernelBuilder::select(Value condition, Value a, Value b) {
  return createOrFold<arith::SelectOp>(condition, a, b);
}
Value KernelBuilder::toIndex(Value integer) {
  return createOrFold<arith::IndexCastOp>(getIndexType(), integer);
}
Value KernelBuilder::fromIndex(Value value, Type integerType) {
  return createOrFold<arith::IndexCastOp>(integerType, value);
}

// ---- control flow
// -------------------------------------------------------------

SmallVector<Value> KernelBuilder::forLoop(Value lower, Value upper, int64_t step, ValueRange inits,
                                          LoopBody body) {
  Value stepValue = index(step);
  auto loop = scf::ForOp::create(*this, lower, upper, stepValue, inits);
  OpBuilder::InsertionGuard guard(*this);
  Block *block = loop.getBody();
  // Without carried values the op comes with its terminator.
  if (inits.empty())
    setInsertionPoint(block->getTerminator());
  else
    setInsertionPointToStart(block);
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  assert(next.size() == inits.size() && "a loop yields what it carries");
  if (!inits.empty())
    scf::YieldOp::create(*this, next);
  return llvm::to_vector(
      llvm::map_range(loop.getResults(), [](OpResult result) -> Value { return result; }));
}

void KernelBuilder::forLoop(Value lower, Value upper, int64_t step,
                            llvm::function_ref<void(Value)> body) {
  forLoop(lower, upper, step, ValueRange(), [&](Value iv, ValueRange) {
    body(iv);
    return SmallVector<Value>();
  });
}

void KernelBuilder::ifThen(Value condition, llvm::function_ref<void()> then) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPoint(branch.thenBlock()->getTerminator());
  then();
}

void KernelBuilder::ifElse(Value condition, llvm::function_ref<void()> then,
                           llvm::function_ref<void()> otherwise) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPoint(branch.thenBlock()->getTerminator());
  then();
  setInsertionPoint(branch.elseBlock()->getTerminator());
  otherwise();
}

Value KernelBuilder::ifValue(Type type, Value condition, ValueFn then, ValueFn otherwise) {
  auto branch = scf::IfOp::create(*this, TypeRange(type), condition,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(*this, then());
  setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(*this, otherwise());
  return branch.getResult(0);
}
