// SPDX-License-Identifier: Apache-2.0
// Shorthand for kernels of lanes: addresses, elements of rows, and what a warp does together.
#include "LaneBuilder.h"

#include "KernelFrame.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

func::FuncOp LaneBuilder::kernel(StringRef name, int64_t bindings, int64_t threads) {
  SmallVector<Type> types(size_t(bindings), pointerTo(getContext(), Space::Global));
  func::FuncOp kernel = createKernel(*this, getLoc(), name, types, threads);
  setInsertionPointToStart(&kernel.getBody().front());
  func::ReturnOp::create(*this);
  setInsertionPointToStart(&kernel.getBody().front());
  return kernel;
}

Value LaneBuilder::thread() { return NVVM::ThreadIdXOp::create(*this, getI32Type()); }

Value LaneBuilder::from(Value x, Value lane) {
  return NVVM::ShflOp::create(*this, x.getType(), constant(kAllLanes), x, lane, constant(kWarp - 1),
                              NVVM::ShflKind::idx, UnitAttr());
}

Value LaneBuilder::sumOfWarp(Value x) {
  for (int64_t lanes = kWarp / 2; lanes > 0; lanes /= 2)
    x = addF(x, apart(x, lanes));
  return x;
}

Value LaneBuilder::reduce(NVVM::ReduxKind kind, Value x) {
  return NVVM::ReduxOp::create(*this, x.getType(), x, kind, constant(kAllLanes));
}

Value LaneBuilder::ballot(Value condition) {
  return NVVM::VoteSyncOp::create(*this, getI32Type(), constant(kAllLanes), condition,
                                  NVVM::VoteSyncKind::ballot);
}

Value LaneBuilder::match(Value x) {
  return NVVM::MatchSyncOp::create(*this, getI32Type(), constant(kAllLanes), x,
                                   NVVM::MatchSyncKind::any);
}

void LaneBuilder::syncWarp() { NVVM::SyncWarpOp::create(*this, constant(kAllLanes)); }

Value LaneBuilder::row(Value pointer, Value number, int64_t bytes) {
  Value wide = arith::ExtSIOp::create(*this, getI64Type(), number);
  Value each = arith::ConstantOp::create(*this, getI64IntegerAttr(bytes));
  return plus(pointer, arith::MulIOp::create(*this, wide, each));
}

Value LaneBuilder::shared(int64_t bytes) {
  // A plain array: what the tile dialect says of it is where it lies.
  bytes = int64_t(llvm::alignTo(bytes, tile::kPieceBytes));
  Value tile = alloc({1, bytes / 4}, getF32Type(), tile::Order::Rows);
  auto pointer = pointerTo(getContext(), Space::Shared);
  return UnrealizedConversionCastOp::create(*this, pointer, tile).getResult(0);
}

Value LaneBuilder::load(Type type, Value pointer, int64_t alignment) {
  return LLVM::LoadOp::create(*this, type, pointer, unsigned(alignment));
}

void LaneBuilder::store(Value value, Value pointer, int64_t alignment) {
  LLVM::StoreOp::create(*this, value, pointer, unsigned(alignment));
}

LaneBuilder::Values LaneBuilder::loadElements(Type element, Value pointer, int64_t count) {
  auto parts = [&](Type type, int64_t number) { return loadValues(*this, type, pointer, number); };
  Values values;
  if (element.isF32())
    return parts(element, count);
  if (!element.isBF16() || count == 1) {
    for (Value value : parts(element.isBF16() ? Type(getI16Type()) : element, count)) {
      if (element.isBF16()) {
        Value wide = arith::ExtUIOp::create(*this, getI32Type(), value);
        value = arith::ShLIOp::create(*this, wide, constant(16));
        values.push_back(bits(getF32Type(), value));
      } else {
        values.push_back(arith::ExtFOp::create(*this, getF32Type(), value));
      }
    }
    return values;
  }
  for (Value word : parts(getI32Type(), count / 2)) {
    Value low = arith::ShLIOp::create(*this, word, constant(16));
    Value high = both(word, constant(int32_t(0xffff0000)));
    values.append({bits(getF32Type(), low), bits(getF32Type(), high)});
  }
  return values;
}

void LaneBuilder::storeElements(Type element, ArrayRef<Value> values, Value pointer) {
  storeNumbers(*this, element, values, pointer);
}
