// SPDX-License-Identifier: Apache-2.0
// The kernel builder's memory accesses, vectors and arithmetic.
#include "hadal/Target/CPU/KernelBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace hadal::cpu;
using namespace mlir;

namespace {
/// `type` with its element type replaced: a vector stays one of equal shape.
Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

bool isBF16Memref(Value memref) {
  return cast<MemRefType>(memref.getType()).getElementType().isBF16();
}

/// An integer constant of `type`, in every lane of a vector.
Value intConstant(OpBuilder &builder, Location loc, Type type, int64_t value) {
  auto element = builder.getIntegerAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(vector, element));
  return arith::ConstantOp::create(builder, loc, element);
}
} // namespace

// ---- memory -----------------------------------------------------------------

Value KernelBuilder::load(Value memref, ValueRange indices) {
  return memref::LoadOp::create(*this, memref, indices);
}

void KernelBuilder::store(Value value, Value memref, ValueRange indices) {
  memref::StoreOp::create(*this, value, memref, indices);
}

Value KernelBuilder::loadVector(Value memref, ValueRange indices, unsigned lanes) {
  return loadVectorPart(memref, indices, lanes, lanes);
}

Value KernelBuilder::loadVectorPart(Value memref, ValueRange indices, unsigned lanes,
                                    unsigned count) {
  assert(count > 0 && count <= lanes && "expected 1 to `lanes` elements");
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  auto loadAt = [&](unsigned from, unsigned size) -> Value {
    SmallVector<Value> place(indices);
    if (from > 0)
      place.back() = add(place.back(), from);
    return vector::LoadOp::create(*this, vectorType(size, element), memref, place);
  };
  // LLVM 22 ends in a fatal error for some vectors of bf16 whose number of elements is no power of
  // two, loaded or made longer: those are put together as bits.
  bool inPieces = element.isBF16() && !llvm::isPowerOf2_32(count);
  if (count == lanes && !inPieces)
    return loadAt(0, count);
  Type padded = element.isBF16() ? getI16Type() : element;
  Value whole = arith::ConstantOp::create(*this, getZeroAttr(vectorType(lanes, padded)));
  for (unsigned from = 0; from < count;) {
    unsigned size = inPieces ? llvm::bit_floor(count - from) : count;
    whole = vector::InsertStridedSliceOp::create(
        *this, bitcast(loadAt(from, size), vectorType(size, padded)), whole,
        ArrayRef<int64_t>{from}, ArrayRef<int64_t>{1});
    from += size;
  }
  return bitcast(whole, vectorType(lanes, element));
}

Value KernelBuilder::loadF32(Value memref, ValueRange indices) {
  Value value = load(memref, indices);
  return isBF16Memref(memref) ? extBF16(value) : value;
}

Value KernelBuilder::loadVectorF32(Value memref, ValueRange indices, unsigned lanes) {
  return loadVectorPartF32(memref, indices, lanes, lanes);
}

Value KernelBuilder::loadVectorPartF32(Value memref, ValueRange indices, unsigned lanes,
                                       unsigned count) {
  Value value = loadVectorPart(memref, indices, lanes, count);
  return isBF16Memref(memref) ? extBF16(value) : value;
}

void KernelBuilder::storeVector(Value vector, Value memref, ValueRange indices) {
  vector::StoreOp::create(*this, vector, memref, indices);
}

void KernelBuilder::storeVectorPart(Value vector, Value memref, ValueRange indices,
                                    unsigned count) {
  auto type = cast<VectorType>(vector.getType());
  assert(count > 0 && int64_t(count) <= type.getNumElements() && "expected 1 to all lanes");
  if (int64_t(count) < type.getNumElements())
    vector = vector::ExtractStridedSliceOp::create(*this, vector, ArrayRef<int64_t>{0},
                                                   ArrayRef<int64_t>{int64_t(count)},
                                                   ArrayRef<int64_t>{1});
  storeVector(vector, memref, indices);
}

void KernelBuilder::storeF32(Value value, Value memref, ValueRange indices) {
  store(isBF16Memref(memref) ? truncBF16(value) : value, memref, indices);
}

void KernelBuilder::storeVectorF32(Value vector, Value memref, ValueRange indices) {
  storeVector(isBF16Memref(memref) ? truncBF16(vector) : vector, memref, indices);
}

void KernelBuilder::storeVectorPartF32(Value vector, Value memref, ValueRange indices,
                                       unsigned count) {
  storeVectorPart(isBF16Memref(memref) ? truncBF16(vector) : vector, memref, indices, count);
}

// ---- vectors and numbers
// ------------------------------------------------------

VectorType KernelBuilder::vectorType(unsigned lanes, Type elementType) {
  return VectorType::get({int64_t(lanes)}, elementType);
}

Value KernelBuilder::broadcast(Value scalar, unsigned lanes) {
  return vector::BroadcastOp::create(*this, vectorType(lanes, scalar.getType()), scalar);
}

Value KernelBuilder::splat(float value, unsigned lanes) {
  return arith::ConstantOp::create(*this,
                                   DenseElementsAttr::get(vectorType(lanes, getF32Type()), value));
}

Value KernelBuilder::splat(int32_t value, unsigned lanes) {
  return arith::ConstantOp::create(*this,
                                   DenseElementsAttr::get(vectorType(lanes, getI32Type()), value));
}

Value KernelBuilder::bitcast(Value value, Type type) {
  if (isa<VectorType>(type))
    return vector::BitCastOp::create(*this, type, value);
  return arith::BitcastOp::create(*this, type, value);
}

Value KernelBuilder::addF(Value a, Value b) { return arith::AddFOp::create(*this, a, b); }
Value KernelBuilder::subF(Value a, Value b) { return arith::SubFOp::create(*this, a, b); }
Value KernelBuilder::mulF(Value a, Value b) { return arith::MulFOp::create(*this, a, b); }
Value KernelBuilder::divF(Value a, Value b) { return arith::DivFOp::create(*this, a, b); }
Value KernelBuilder::maxF(Value a, Value b) {
  // One instruction more would tell zeros apart, which no kernel asks for.
  return arith::MaxNumFOp::create(*this, a, b, arith::FastMathFlags::nsz);
}
Value KernelBuilder::fma(Value a, Value b, Value c) { return math::FmaOp::create(*this, a, b, c); }
Value KernelBuilder::exp(Value x) { return math::ExpOp::create(*this, x); }

Value KernelBuilder::silu(Value x) {
  Type type = x.getType();
  Value one;
  if (auto vector = dyn_cast<VectorType>(type))
    one = splat(1.0f, vector.getNumElements());
  else
    one = f32(1.0f);
  Value negated = arith::NegFOp::create(*this, x);
  return divF(x, addF(one, exp(negated)));
}

Value KernelBuilder::extBF16(Value value) {
  Type wide = withElement(value.getType(), getI32Type());
  Value bits = bitcast(value, withElement(value.getType(), getI16Type()));
  bits = arith::ExtUIOp::create(*this, wide, bits);
  bits = arith::ShLIOp::create(*this, bits, intConstant(*this, getLoc(), wide, 16));
  return bitcast(bits, withElement(value.getType(), getF32Type()));
}

Value KernelBuilder::truncBF16(Value value) {
  Type narrow = withElement(value.getType(), getBF16Type());
  if (kernelTarget.hasNativeBF16())
    return arith::TruncFOp::create(*this, narrow, value);

  // Adds half of the last place kept, minus one where that place is even, and
  // cuts. A NaN would round to infinity, so it only gets its quiet bit set.
  Type wide = withElement(value.getType(), getI32Type());
  auto constant = [&](int64_t c) { return intConstant(*this, getLoc(), wide, c); };
  Value bits = bitcast(value, wide);
  Value high = arith::ShRUIOp::create(*this, bits, constant(16));
  Value odd = arith::AndIOp::create(*this, high, constant(1));
  Value rounded = arith::AddIOp::create(*this, bits, constant(0x7fff));
  rounded = arith::AddIOp::create(*this, rounded, odd);
  rounded = arith::ShRUIOp::create(*this, rounded, constant(16));
  Value quiet = arith::OrIOp::create(*this, high, constant(0x40));
  Value isNaN = arith::CmpFOp::create(*this, arith::CmpFPredicate::UNO, value, value);
  Value result = arith::SelectOp::create(*this, isNaN, quiet, rounded);
  result = arith::TruncIOp::create(*this, withElement(value.getType(), getI16Type()), result);
  return bitcast(result, narrow);
}

Value KernelBuilder::reduceLanes(Value vector, llvm::function_ref<Value(Value, Value)> combine) {
  int64_t lanes = cast<VectorType>(vector.getType()).getNumElements();
  assert(llvm::isPowerOf2_64(lanes) && "expected a power of two of lanes");
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    auto slice = [&](int64_t offset) -> Value {
      return vector::ExtractStridedSliceOp::create(*this, vector, ArrayRef<int64_t>{offset},
                                                   ArrayRef<int64_t>{half}, ArrayRef<int64_t>{1});
    };
    Value low = slice(0);
    vector = combine(low, slice(half));
  }
  return vector::ExtractOp::create(*this, vector, ArrayRef<int64_t>{0});
}

Value KernelBuilder::sumLanes(Value vector) {
  return reduceLanes(vector, [&](Value a, Value b) { return addF(a, b); });
}

Value KernelBuilder::maxLanes(Value vector) {
  return reduceLanes(vector, [&](Value a, Value b) { return maxF(a, b); });
}
