// SPDX-License-Identifier: Apache-2.0
// Accesses to flat buffers, indices and loops.
#include "FlatView.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace hadal;

namespace {
/// `type` with its element type replaced: a vector stays one of equal shape.
Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(element)) : element;
}

bool isZero(Value value) { return isConstantIntValue(value, 0); }
bool isOne(Value value) { return isConstantIntValue(value, 1); }
} // namespace

Type hadal::storedTypeOf(Type element) {
  MLIRContext *context = element.getContext();
  if (element.isIndex())
    return IntegerType::get(context, 64);
  if (element.isInteger(1))
    return IntegerType::get(context, 8);
  if (element.isBF16() || (isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 16))
    return IntegerType::get(context, element.getIntOrFloatBitWidth());
  return element;
}

// ---- Indices -----------------------------------------------------------------

Value FlatBuilder::add(Value a, Value b) {
  return isZero(a) ? b : isZero(b) ? a : createOrFold<arith::AddIOp>(a, b);
}
Value FlatBuilder::sub(Value a, Value b) {
  return isZero(b) ? a : createOrFold<arith::SubIOp>(a, b);
}
Value FlatBuilder::mul(Value a, Value b) {
  return isOne(a) ? b : isOne(b) ? a : createOrFold<arith::MulIOp>(a, b);
}
// Of values that are not negative.
Value FlatBuilder::div(Value a, Value b) {
  return isOne(b) ? a : createOrFold<arith::DivUIOp>(a, b);
}
Value FlatBuilder::rem(Value a, Value b) {
  return isOne(b) ? index(0) : createOrFold<arith::RemUIOp>(a, b);
}
Value FlatBuilder::ceilDiv(Value a, Value b) {
  return isOne(b) ? a : createOrFold<arith::CeilDivSIOp>(a, b);
}

Value FlatBuilder::addressOf(const FlatView &view, ValueRange indices) {
  Value address = view.offset;
  for (auto [position, stride] : llvm::zip_equal(indices, view.strides))
    if (!isZero(position))
      address = add(address, mul(position, stride));
  return address;
}

// ---- Elements ----------------------------------------------------------------

Value FlatBuilder::fromStored(Value value, Type element) {
  Type type = withElement(value.getType(), element);
  if (type == value.getType())
    return value;
  if (element.isIndex())
    return arith::IndexCastOp::create(*this, type, value);
  if (isa<IntegerType>(element))
    return arith::TruncIOp::create(*this, type, value);
  return arith::BitcastOp::create(*this, type, value);
}

Value FlatBuilder::toStored(Value value, Type element) {
  Type type = withElement(value.getType(), storedTypeOf(element));
  if (type == value.getType())
    return value;
  if (element.isIndex())
    return arith::IndexCastOp::create(*this, type, value);
  if (isa<IntegerType>(element))
    return arith::ExtUIOp::create(*this, type, value);
  return arith::BitcastOp::create(*this, type, value);
}

Value FlatBuilder::load(const FlatView &view, Value address, int64_t lanes) {
  Type stored = storedTypeOf(view.element);
  Value value = lanes == 1 ? Value(memref::LoadOp::create(*this, view.base, address))
                           : Value(vector::LoadOp::create(*this, VectorType::get({lanes}, stored),
                                                          view.base, ValueRange(address)));
  return fromStored(value, view.element);
}

Value FlatBuilder::gather(const FlatView &view, ArrayRef<Value> addresses) {
  SmallVector<Value> lanes;
  for (Value address : addresses)
    lanes.push_back(memref::LoadOp::create(*this, view.base, address));
  auto type = VectorType::get({int64_t(lanes.size())}, lanes.front().getType());
  return fromStored(vector::FromElementsOp::create(*this, type, lanes), view.element);
}

void FlatBuilder::store(const FlatView &view, Value value, Value address) {
  value = toStored(value, view.element);
  if (isa<VectorType>(value.getType()))
    vector::StoreOp::create(*this, value, view.base, ValueRange(address));
  else
    memref::StoreOp::create(*this, value, view.base, address);
}

Value FlatBuilder::extractLane(Value vector, int64_t lane) {
  Type element = getElementTypeOrSelf(vector.getType());
  Value stored = toStored(vector, element);
  return fromStored(vector::ExtractOp::create(*this, stored, ArrayRef<int64_t>{lane}), element);
}

Value FlatBuilder::fromLanes(ArrayRef<Value> lanes) {
  Type element = lanes.front().getType();
  SmallVector<Value> stored;
  for (Value lane : lanes)
    stored.push_back(toStored(lane, element));
  auto type = VectorType::get({int64_t(lanes.size())}, stored.front().getType());
  return fromStored(vector::FromElementsOp::create(*this, type, stored), element);
}

// ---- Loops -------------------------------------------------------------------

SmallVector<Value> FlatBuilder::loop(Value lower, Value upper, Value step, ValueRange inits,
                                     LoopBody body) {
  std::optional<int64_t> from = getConstantIntValue(lower), to = getConstantIntValue(upper),
                         by = getConstantIntValue(step);
  if (from && to && *from >= *to)
    return llvm::to_vector(inits);
  if (from && to && by && *from + *by >= *to)
    return body(lower, inits);
  auto loop = scf::ForOp::create(*this, lower, upper, step, inits);
  OpBuilder::InsertionGuard guard(*this);
  if (inits.empty())
    setInsertionPoint(loop.getBody()->getTerminator());
  else
    setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!inits.empty())
    scf::YieldOp::create(*this, next);
  return llvm::to_vector(ValueRange(loop.getResults()));
}
