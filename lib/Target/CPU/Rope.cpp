// SPDX-License-Identifier: Apache-2.0
// Emits the rotary embedding of queries.
#include "Rope.h"

#include "hadal/Target/CPU/KernelLoops.h"
#include "hadal/Target/CPU/MLAKernels.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace hadal::cpu {

// Every second element, from `first` on.
static Value takeEverySecond(KernelBuilder &k, Value vector, int64_t first) {
  int64_t count = cast<VectorType>(vector.getType()).getNumElements() / 2;
  SmallVector<int64_t> mask;
  for (int64_t i = 0; i < count; ++i)
    mask.push_back(2 * i + first);
  return vector::ShuffleOp::create(k, vector, vector, mask);
}

void emitRotation(KernelBuilder &k, int64_t size, bool interleaved, const RopeAngles &angles,
                  Value input, Value from, Value output, Value to) {
  int64_t half = size / 2;
  forVectors(k, half, [&](Value i, unsigned lanes) {
    Value a, b;
    if (interleaved) {
      Value pairs = k.loadVectorF32(input, k.add(from, k.mul(i, 2)), 2 * lanes);
      a = takeEverySecond(k, pairs, 0);
      b = takeEverySecond(k, pairs, 1);
    } else {
      a = k.loadVectorF32(input, k.add(from, i), lanes);
      b = k.loadVectorF32(input, k.add(k.add(from, i), half), lanes);
    }
    Value c = k.loadVectorF32(angles.cos, k.add(angles.offset, i), lanes);
    Value s = k.loadVectorF32(angles.sin, k.add(angles.offset, i), lanes);
    k.storeVectorF32(k.subF(k.mulF(a, c), k.mulF(b, s)), output, k.add(to, i));
    k.storeVectorF32(k.addF(k.mulF(b, c), k.mulF(a, s)), output, k.add(k.add(to, i), half));
  });
}

KernelInfo getRopeQueryInfo(const RopeQuerySpec &) {
  KernelInfo info;
  info.bindings = {Access::Read, Access::Read, Access::Read, Access::Read, Access::Write};
  info.grid[0] = GridExtent::rows(1);
  return info;
}

void emitRopeQuery(KernelBuilder &k, const RopeQuerySpec &spec) {
  Value q = flatBinding(k, 0, FloatType::F32);
  Value positions = flatBinding(k, 1, k.getI32Type());
  RopeAngles angles;
  angles.cos = flatBinding(k, 2, FloatType::F32);
  angles.sin = flatBinding(k, 3, FloatType::F32);
  Value y = flatBinding(k, 4, spec.output);
  Value row = k.workgroupId(0);
  angles.offset = k.mul(loadIndex(k, positions, row), spec.rope / 2);
  int64_t size = spec.nope + spec.rope;
  Value first = k.mul(row, spec.heads);
  k.forLoop(k.index(0), k.index(spec.heads), 1, [&](Value head) {
    Value start = k.mul(k.add(first, head), size);
    forVectors(k, spec.nope, [&](Value i, unsigned lanes) {
      k.storeVectorF32(k.loadVectorF32(q, k.add(start, i), lanes), y, k.add(start, i));
    });
    Value rope = k.add(start, spec.nope);
    emitRotation(k, spec.rope, spec.interleaved, angles, q, rope, y, rope);
  });
  k.finish();
}

} // namespace hadal::cpu
