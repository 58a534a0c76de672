// SPDX-License-Identifier: Apache-2.0
// Emits the append of new tokens to the latent cache.
#include "Rope.h"

#include "hadal/Target/CPU/KernelLoops.h"
#include "hadal/Target/CPU/MLAKernels.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace hadal::cpu {

KernelInfo getMLAAppendInfo(const MLAAppendSpec &) {
  KernelInfo info;
  info.bindings.assign(8, Access::Read);
  info.bindings.push_back(Access::ReadWrite);
  info.constantCount = 3;
  info.grid[0] = GridExtent::rows(1);
  return info;
}

void emitMLAAppend(KernelBuilder &k, const MLAAppendSpec &spec) {
  Type i32 = k.getI32Type();
  unsigned width = k.width();
  Value kv = flatBinding(k, 0, FloatType::F32);
  Value weight = flatBinding(k, 1, FloatType::F32);
  RopeAngles angles;
  angles.cos = flatBinding(k, 2, FloatType::F32);
  angles.sin = flatBinding(k, 3, FloatType::F32);
  Value positions = flatBinding(k, 4, i32);
  Value offsets = flatBinding(k, 5, i32);
  Value slots = flatBinding(k, 6, i32);
  Value blockTable = flatBinding(k, 7, i32);
  Value cache = flatBinding(k, 8, spec.cache);
  Value sequences = k.launchConstant(1);
  Value pagesPerSlot = k.launchConstant(2);

  int64_t size = spec.latent + spec.rope;
  Value row = k.workgroupId(0);
  Value position = loadIndex(k, positions, row);
  Value slot = loadIndex(k, slots, findSequence(k, offsets, sequences, row));
  Value cacheRow = getCacheRow(k, blockTable, k.mul(slot, pagesPerSlot), position, spec.pageSize);
  Value to = k.mul(cacheRow, size);
  Value from = k.mul(row, spec.inputStride ? spec.inputStride : size);

  Value squares = sumVectors(k, spec.latent, [&](Value i, unsigned lanes) {
    Value v = k.loadVectorPartF32(kv, k.add(from, i), width, lanes);
    return k.mulF(v, v);
  });
  Value mean = k.divF(squares, k.f32(float(spec.latent)));
  Value root = math::SqrtOp::create(k, k.addF(mean, k.f32(spec.epsilon)));
  Value inverse = k.divF(k.f32(1.0f), root);
  forVectors(k, spec.latent, [&](Value i, unsigned lanes) {
    Value v = k.mulF(k.loadVectorF32(kv, k.add(from, i), lanes), k.broadcast(inverse, lanes));
    k.storeVectorF32(k.mulF(k.loadVectorF32(weight, i, lanes), v), cache, k.add(to, i));
  });
  angles.offset = k.mul(position, spec.rope / 2);
  emitRotation(k, spec.rope, spec.interleaved, angles, kv, k.add(from, spec.latent), cache,
               k.add(to, spec.latent));
  k.finish();
}

} // namespace hadal::cpu
