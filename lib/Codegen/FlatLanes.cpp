// SPDX-License-Identifier: Apache-2.0
// Emits scalar ops of a region for several lanes at once.
#include "FlatLanes.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace hadal;

Value hadal::broadcastLanes(FlatBuilder &builder, Value scalar, int64_t lanes) {
  auto type = VectorType::get({lanes}, scalar.getType());
  return builder.createOrFold<vector::BroadcastOp>(type, scalar);
}

Value hadal::reduceLanes(FlatBuilder &builder, Value vector,
                         llvm::function_ref<Value(Value, Value)> combine) {
  int64_t lanes = cast<VectorType>(vector.getType()).getNumElements();
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < half; ++i) {
      low.push_back(i);
      high.push_back(half + i);
    }
    Value first = vector::ShuffleOp::create(builder, vector, vector, low);
    Value second = vector::ShuffleOp::create(builder, vector, vector, high);
    vector = combine(first, second);
  }
  return builder.extractLane(vector, 0);
}

void LaneEmitter::define(Value value, Value flat) {
  if (lanes > 1 && isa<VectorType>(flat.getType()))
    known[value] = {Kind::Differs, flat};
  else
    emitter.define(value, flat);
}

void LaneEmitter::defineIndex(Value value, Value first, bool grows) {
  if (grows)
    known[value] = {Kind::Grows, first};
  else
    emitter.define(value, first);
}

LaneEmitter::Lanes LaneEmitter::lookup(Value value) {
  auto it = known.find(value);
  return it != known.end() ? it->second : Lanes{Kind::Same, emitter.scalar(value)};
}

Value LaneEmitter::get(Value value) {
  auto [kind, flat] = lookup(value);
  if (lanes == 1 || kind == Kind::Differs)
    return flat;
  Value all = broadcastLanes(b, flat, lanes);
  if (kind == Kind::Same)
    return all;
  Value steps = vector::StepOp::create(b, VectorType::get({lanes}, b.getIndexType()));
  if (steps.getType() != all.getType())
    steps = arith::IndexCastOp::create(b, all.getType(), steps);
  return arith::AddIOp::create(b, all, steps);
}

Value LaneEmitter::laneOf(Value value, int64_t lane) {
  auto [kind, flat] = lookup(value);
  if (kind == Kind::Same)
    return flat;
  if (kind == Kind::Differs)
    return b.extractLane(flat, lane);
  Value by = arith::ConstantOp::create(b, b.getIntegerAttr(flat.getType(), lane));
  return b.add(flat, by);
}

LogicalResult LaneEmitter::emit(Operation *op) {
  bool isSame =
      llvm::all_of(op->getOperands(), [&](Value operand) { return !known.contains(operand); });
  if (isSame)
    return emitter.emit(op);
  if (emitGrowing(op))
    return success();
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return emitLoad(load);
  if (!OpTrait::hasElementwiseMappableTraits(op))
    return emitEachLane(op);
  auto operands =
      llvm::map_to_vector(op->getOperands(), [&](Value operand) { return get(operand); });
  for (auto [result, flat] : llvm::zip_equal(op->getResults(), b.apply(op, operands, lanes)))
    known[result] = {Kind::Differs, flat};
  return success();
}

/// Indices to which the same is added still grow by one.
bool LaneEmitter::emitGrowing(Operation *op) {
  auto growsBy = [&](Value growing, Value other) {
    if (lookup(growing).kind != Kind::Grows || lookup(other).kind != Kind::Same)
      return false;
    known[op->getResult(0)] = {
        Kind::Grows, arith::AddIOp::create(b, lookup(growing).value, lookup(other).value)};
    return true;
  };
  if (isa<arith::AddIOp>(op))
    return growsBy(op->getOperand(0), op->getOperand(1)) ||
           growsBy(op->getOperand(1), op->getOperand(0));
  if (isa<arith::SubIOp>(op) && lookup(op->getOperand(0)).kind == Kind::Grows &&
      lookup(op->getOperand(1)).kind == Kind::Same) {
    known[op->getResult(0)] = {
        Kind::Grows,
        arith::SubIOp::create(b, lookup(op->getOperand(0)).value, lookup(op->getOperand(1)).value)};
    return true;
  }
  if (isa<arith::IndexCastOp>(op) && lookup(op->getOperand(0)).kind == Kind::Grows) {
    known[op->getResult(0)] = {
        Kind::Grows,
        arith::IndexCastOp::create(b, op->getResult(0).getType(), lookup(op->getOperand(0)).value)};
    return true;
  }
  return false;
}

LogicalResult LaneEmitter::emitLoad(memref::LoadOp op) {
  FailureOr<FlatView> from = emitter.view(op.getMemref(), op);
  if (failed(from))
    return failure();
  auto addressIn = [&](int64_t lane) {
    return b.addressOf(*from, llvm::map_to_vector(op.getIndices(), [&](Value index) {
      return laneOf(index, lane);
    }));
  };
  bool areNeighbours = isConstantIntValue(from->strides.back(), 1);
  for (auto [axis, index] : llvm::enumerate(op.getIndices())) {
    bool isLast = axis + 1 == from->strides.size();
    areNeighbours &= lookup(index).kind == (isLast ? Kind::Grows : Kind::Same);
  }
  Value loaded;
  if (areNeighbours) {
    loaded = b.load(*from, addressIn(0), lanes);
  } else {
    SmallVector<Value> addresses;
    for (int64_t lane = 0; lane < lanes; ++lane)
      addresses.push_back(addressIn(lane));
    loaded = b.gather(*from, addresses);
  }
  known[op.getResult()] = {Kind::Differs, loaded};
  return success();
}

LogicalResult LaneEmitter::emitEachLane(Operation *op) {
  if (op->getNumRegions() != 0 || op->getNumResults() != 1)
    return op->emitOpError("has no flat form with lanes");
  SmallVector<Value> each;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    auto operands = llvm::map_to_vector(op->getOperands(),
                                        [&](Value operand) { return laneOf(operand, lane); });
    each.push_back(b.apply(op, operands, 1).front());
  }
  known[op->getResult(0)] = {Kind::Differs, b.fromLanes(each)};
  return success();
}
