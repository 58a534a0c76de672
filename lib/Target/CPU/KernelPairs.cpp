// SPDX-License-Identifier: Apache-2.0
// The kernel builder's pairs of bf16 and exchanges of lanes.
#include "hadal/Target/CPU/KernelBuilder.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

using namespace hadal::cpu;
using namespace mlir;

static int64_t lanesOf(Value vector) { return cast<VectorType>(vector.getType()).getNumElements(); }

Value KernelBuilder::broadcastPair(Value memref, Value index, int64_t count) {
  Value pair = loadVectorPart(memref, index, 2, count);
  pair = bitcast(pair, vectorType(1, getI32Type()));
  pair = vector::ExtractOp::create(*this, pair, ArrayRef<int64_t>{0});
  return broadcast(pair, width());
}

std::pair<Value, Value> KernelBuilder::splitPairs(Value pairs) {
  int64_t lanes = lanesOf(pairs);
  Type floats = vectorType(lanes, getF32Type());
  Value first = arith::ShLIOp::create(*this, pairs, splat(int32_t(16), lanes));
  Value second = arith::AndIOp::create(*this, pairs, splat(int32_t(0xffff0000u), lanes));
  return {bitcast(first, floats), bitcast(second, floats)};
}

Value KernelBuilder::joinPairs(Value first, Value second) {
  int64_t lanes = lanesOf(first);
  auto bits = [&](Value values) -> Value {
    Value narrow = bitcast(truncBF16(values), vectorType(lanes, getI16Type()));
    return arith::ExtUIOp::create(*this, vectorType(lanes, getI32Type()), narrow);
  };
  Value high = arith::ShLIOp::create(*this, bits(second), splat(int32_t(16), lanes));
  return arith::OrIOp::create(*this, bits(first), high);
}

Value KernelBuilder::dotPairs(Value sum, Value a, Value b) {
  assert(kernelTarget.usesPairDot() && "expected a level with a dot unit");
  if (kernelTarget.hasNativeBF16()) {
    Type pairs = vectorType(2 * lanesOf(a), getBF16Type());
    return x86vector::DotBF16Op::create(*this, sum.getType(), sum, bitcast(a, pairs),
                                        bitcast(b, pairs));
  }
  auto [firstA, secondA] = splitPairs(a);
  auto [firstB, secondB] = splitPairs(b);
  return fma(firstA, firstB, fma(secondA, secondB, sum));
}

std::pair<Value, Value> KernelBuilder::interleave(Value a, Value b) {
  int64_t lanes = lanesOf(a);
  SmallVector<int64_t> masks[2];
  for (int64_t i = 0; i < lanes; ++i)
    llvm::append_values(masks[i / 4 % 2], i, lanes + i);
  auto pairsOf = [&](ArrayRef<int64_t> mask) {
    Value pairs = vector::ShuffleOp::create(*this, a, b, mask);
    return bitcast(pairs, vectorType(lanes / 2, getI32Type()));
  };
  return {pairsOf(masks[0]), pairsOf(masks[1])};
}

std::pair<Value, Value> KernelBuilder::undoInterleave(Value a, Value b) {
  int64_t lanes = lanesOf(a);
  SmallVector<int64_t> mask;
  for (int64_t i = 0; i < 2 * lanes; ++i)
    mask.push_back(i / 4 % 2 * lanes + i / 8 * 4 + i % 4);
  auto part = [&](int64_t from) -> Value {
    return vector::ShuffleOp::create(*this, a, b, ArrayRef(mask).slice(from, lanes));
  };
  return {part(0), part(lanes)};
}

void KernelBuilder::transpose(MutableArrayRef<Value> vectors) {
  int64_t size = vectors.size();
  assert(llvm::isPowerOf2_64(size) && lanesOf(vectors[0]) == size && "expected a square");
  // Each step exchanges a bit of the number of a vector with that of a lane.
  for (int64_t bit = 1; bit < size; bit *= 2)
    for (int64_t i = 0; i < size; ++i) {
      if (i & bit)
        continue;
      Value a = vectors[i], b = vectors[i + bit];
      SmallVector<int64_t> low, high;
      for (int64_t lane = 0; lane < size; ++lane) {
        low.push_back(lane & bit ? size + lane - bit : lane);
        high.push_back(lane & bit ? size + lane : lane + bit);
      }
      vectors[i] = vector::ShuffleOp::create(*this, a, b, low);
      vectors[i + bit] = vector::ShuffleOp::create(*this, a, b, high);
    }
}
