// SPDX-License-Identifier: Apache-2.0
// Addresses and words, as kernels in tiles and of lanes build them alike.
#include "Words.h"

#include "hadal/Target/CUDA/Level.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace hadal;

static Value makeConstant(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(value)));
}

Type cuda::pointerTo(MLIRContext *context, Space space) {
  return LLVM::LLVMPointerType::get(context, unsigned(space));
}

Value cuda::plusBytes(ImplicitLocOpBuilder &b, Value pointer, int64_t bytes) {
  if (bytes == 0)
    return pointer;
  return LLVM::GEPOp::create(b, pointer.getType(), b.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{int32_t(bytes)},
                             LLVM::GEPNoWrapFlags::inbounds);
}

Value cuda::plusBytes(ImplicitLocOpBuilder &b, Value pointer, Value bytes) {
  return LLVM::GEPOp::create(b, pointer.getType(), b.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{bytes});
}

static Value shuffle(ImplicitLocOpBuilder &b, NVVM::ShflKind kind, Value x, int64_t lanes,
                     int64_t clamp) {
  return NVVM::ShflOp::create(b, x.getType(), makeConstant(b, cuda::kAllLanes), x,
                              makeConstant(b, lanes), makeConstant(b, clamp), kind, UnitAttr());
}

Value cuda::laneApart(ImplicitLocOpBuilder &b, Value x, int64_t lanes) {
  return shuffle(b, NVVM::ShflKind::bfly, x, lanes, kWarp - 1);
}

Value cuda::laneBelow(ImplicitLocOpBuilder &b, Value x, int64_t lanes) {
  return shuffle(b, NVVM::ShflKind::up, x, lanes, 0);
}

Value cuda::roundPair(ImplicitLocOpBuilder &b, Value low, Value high) {
  auto pair = VectorType::get({2}, b.getBF16Type());
  auto call = LLVM::CallIntrinsicOp::create(b, pair, b.getStringAttr("llvm.nvvm.ff2bf16x2.rn"),
                                            ValueRange{high, low});
  return LLVM::BitcastOp::create(b, b.getI32Type(), call.getResults());
}

Value cuda::makeVector(ImplicitLocOpBuilder &b, ArrayRef<Value> values) {
  auto type = VectorType::get({int64_t(values.size())}, values.front().getType());
  Value built = LLVM::PoisonOp::create(b, type);
  for (auto [i, value] : llvm::enumerate(values))
    built = LLVM::InsertElementOp::create(b, built, value, makeConstant(b, int64_t(i)));
  return built;
}

SmallVector<Value> cuda::loadValues(ImplicitLocOpBuilder &b, Type type, Value pointer,
                                    int64_t count) {
  auto alignment = unsigned(count * type.getIntOrFloatBitWidth() / 8);
  if (count == 1)
    return {LLVM::LoadOp::create(b, type, pointer, alignment)};
  Value all = LLVM::LoadOp::create(b, VectorType::get({count}, type), pointer, alignment);
  SmallVector<Value> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(LLVM::ExtractElementOp::create(b, all, makeConstant(b, i)));
  return values;
}

void cuda::storeNumbers(ImplicitLocOpBuilder &b, Type element, ArrayRef<Value> numbers,
                        Value pointer) {
  SmallVector<Value> words(numbers);
  if (element.isBF16()) {
    words.clear();
    for (size_t i = 0; i < numbers.size(); i += 2)
      words.push_back(roundPair(b, numbers[i], numbers[std::min(i + 1, numbers.size() - 1)]));
    if (numbers.size() == 1)
      words[0] = arith::TruncIOp::create(b, b.getI16Type(), words[0]);
  }
  Value stored = words.size() == 1 ? words[0] : makeVector(b, words);
  LLVM::StoreOp::create(b, stored, pointer,
                        unsigned(int64_t(numbers.size()) * element.getIntOrFloatBitWidth() / 8));
}
