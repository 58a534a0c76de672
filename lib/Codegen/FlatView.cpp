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

bool hadal::isNarrow(Type element) {
  return isa<FloatType>(element) && storedTypeOf(element) != element;
}

Type hadal::valueTypeOf(Type element) {
  return isNarrow(element) ? Type(Float32Type::get(element.getContext())) : element;
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

Value FlatBuilder::isUpTo(Value index, Value most) {
  Value isCount = createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sge, index, this->index(0));
  return both(isCount, createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sle, index, most));
}
Value FlatBuilder::both(Value a, Value b) {
  return !a ? b : !b ? a : createOrFold<arith::AndIOp>(a, b);
}
Value FlatBuilder::nearest(Value index, Value most) {
  return createOrFold<arith::MaxSIOp>(createOrFold<arith::MinSIOp>(index, most), this->index(0));
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
  value = arith::BitcastOp::create(*this, type, value);
  return arith::ExtFOp::create(*this, withElement(type, getF32Type()), value);
}

Value FlatBuilder::toStored(Value value, Type element) {
  Type type = withElement(value.getType(), storedTypeOf(element));
  if (type == value.getType())
    return value;
  if (element.isIndex())
    return arith::IndexCastOp::create(*this, type, value);
  if (isa<IntegerType>(element))
    return arith::ExtUIOp::create(*this, type, value);
  // What was only moved keeps its bits.
  value = round(value, element).getDefiningOp<arith::ExtFOp>().getIn();
  auto bits = value.getDefiningOp<arith::BitcastOp>();
  return bits && bits.getIn().getType() == type ? bits.getIn()
                                                : arith::BitcastOp::create(*this, type, value);
}

Value FlatBuilder::round(Value value, Type element) {
  Type narrow = withElement(value.getType(), element);
  if (auto wide = value.getDefiningOp<arith::ExtFOp>(); wide && wide.getIn().getType() == narrow)
    return value;
  Value rounded = arith::TruncFOp::create(*this, narrow, value);
  return arith::ExtFOp::create(*this, value.getType(), rounded);
}

Value FlatBuilder::load(const FlatView &view, Value address, int64_t lanes) {
  if (view.constant) {
    SmallVector<Value> addresses;
    for (int64_t lane = 0; lane < lanes; ++lane)
      addresses.push_back(lane ? add(address, index(lane)) : address);
    return lanes == 1 ? elementOf(view, address) : gather(view, addresses);
  }
  Type stored = storedTypeOf(view.element);
  Value value = lanes == 1 ? Value(memref::LoadOp::create(*this, view.base, address))
                           : Value(vector::LoadOp::create(*this, VectorType::get({lanes}, stored),
                                                          view.base, ValueRange(address)));
  return fromStored(value, view.element);
}

/// One of a constant's few elements: the one whose number the address is.
Value FlatBuilder::elementOf(const FlatView &view, Value address) {
  auto element = [&](int64_t number) -> Value {
    Attribute value = view.constant.isSplat() ? view.constant.getSplatValue<Attribute>()
                                              : view.constant.getValues<Attribute>()[number];
    if (isNarrow(view.element))
      value = getF32FloatAttr(float(cast<FloatAttr>(value).getValueAsDouble()));
    return arith::ConstantOp::create(*this, cast<TypedAttr>(value));
  };
  if (std::optional<int64_t> known = getConstantIntValue(address))
    return element(*known);
  Value found = element(0);
  for (int64_t i = 1; !view.constant.isSplat() && i < view.constant.getNumElements(); ++i) {
    Value isIt = arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, address, index(i));
    found = arith::SelectOp::create(*this, isIt, element(i), found);
  }
  return found;
}

Value FlatBuilder::gather(const FlatView &view, ArrayRef<Value> addresses) {
  SmallVector<Value> lanes;
  if (view.constant) {
    for (Value address : addresses)
      lanes.push_back(elementOf(view, address));
    return fromLanes(lanes);
  }
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

SmallVector<Value> FlatBuilder::apply(Operation *op, ValueRange operands, int64_t lanes) {
  auto typeOf = [&](Type element) -> Type {
    element = valueTypeOf(element);
    return lanes == 1 ? element : Type(VectorType::get({lanes}, element));
  };
  auto isOf = [](Value value) { return isNarrow(value.getType()); };
  if (isa<arith::TruncFOp, arith::SIToFPOp, arith::UIToFPOp>(op) && isOf(op->getResult(0))) {
    // Rounded once, whatever it comes from.
    Value from = operands.front();
    Type element = op->getResult(0).getType(), to = typeOf(element);
    if (from.getType() == to)
      return {round(from, element)};
    OperationState state(getLoc(), op->getName(), from, withElement(to, element), op->getAttrs());
    return {arith::ExtFOp::create(*this, to, create(state)->getResult(0))};
  }
  if (isa<arith::ExtFOp>(op) && isOf(op->getOperand(0))) {
    // From the f32 that stands for a narrow float: exact.
    Type to = typeOf(op->getResult(0).getType());
    unsigned bits = getElementTypeOrSelf(to).getIntOrFloatBitWidth();
    Value value = operands.front();
    if (bits > 32)
      value = arith::ExtFOp::create(*this, to, value);
    else if (bits < 32)
      value = arith::TruncFOp::create(*this, to, value);
    return {value};
  }
  if (auto cast = dyn_cast<arith::BitcastOp>(op); cast && (isOf(cast.getIn()) || isOf(cast))) {
    Value value = operands.front();
    value = isOf(cast.getIn()) ? toStored(value, cast.getIn().getType()) : value;
    return {isOf(cast) ? fromStored(value, cast.getType()) : value};
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && isOf(constant)) {
    double value = cast<FloatAttr>(constant.getValue()).getValueAsDouble();
    return {arith::ConstantOp::create(*this, getF32FloatAttr(float(value)))};
  }
  if (isa<arith::SelectOp>(op) && isOf(op->getResult(0))) {
    // Bits, which no conversion may change: those of what is no number.
    Type element = op->getResult(0).getType();
    Value chosen = arith::SelectOp::create(*this, operands[0], toStored(operands[1], element),
                                           toStored(operands[2], element));
    return {fromStored(chosen, element)};
  }
  OperationState state(getLoc(), op->getName(), operands,
                       llvm::map_to_vector(op->getResultTypes(), typeOf), op->getAttrs());
  SmallVector<Value> results;
  for (auto [result, flat] : llvm::zip_equal(op->getResults(), create(state)->getResults()))
    results.push_back(isOf(result) ? round(flat, result.getType()) : Value(flat));
  return results;
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

// ---- Control flow ------------------------------------------------------------

void FlatBuilder::doIf(Value condition, llvm::function_ref<void()> what) {
  if (!condition)
    return what();
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPoint(branch.thenYield());
  what();
}

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
