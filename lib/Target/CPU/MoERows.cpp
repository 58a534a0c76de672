// SPDX-License-Identifier: Apache-2.0
// Emits the grouping of rows by expert and the combination of their results.
#include "hadal/Target/CPU/KernelLoops.h"
#include "hadal/Target/CPU/MoEKernels.h"

using namespace mlir;

namespace hadal::cpu {

KernelInfo getMoEGroupInfo(const MoEGroupSpec &spec) {
  KernelInfo info;
  info.bindings = {Access::Read, Access::Write, Access::Write};
  info.constantCount = 1;
  ScratchLayout layout;
  layout.take(4 * spec.experts);
  info.scratchBytes = layout.size();
  return info;
}

// A counting sort: count, running sum, then each pair to its expert's cursor.
void emitMoEGroup(KernelBuilder &k, const MoEGroupSpec &spec) {
  Type i32 = k.getI32Type();
  Value ids = flatBinding(k, 0, i32);
  Value offsets = flatBinding(k, 1, i32);
  Value rows = flatBinding(k, 2, i32);
  Value cursor = k.scratch(0, i32, {ShapedType::kDynamic});
  Value pairs = k.mul(k.launchConstant(0), spec.topK);
  Value zero = k.index(0), experts = k.index(spec.experts), one = k.i32(1);

  // Checked before anything is counted: an id is an address below.
  Value valid = k.forLoop(zero, pairs, 1, ValueRange(k.i32(1)), [&](Value p, ValueRange carried) {
    Value inside = k.cmp(arith::CmpIPredicate::ult, k.load(ids, p), k.i32(int32_t(spec.experts)));
    return SmallVector<Value>{k.select(inside, carried[0], k.i32(0))};
  })[0];
  k.returnIf(k.cmp(arith::CmpIPredicate::eq, valid, k.i32(0)), 1);

  k.forLoop(zero, experts, 1, [&](Value e) { k.store(k.i32(0), cursor, e); });
  k.forLoop(zero, pairs, 1, [&](Value p) {
    Value e = loadIndex(k, ids, p);
    k.store(k.add(k.load(cursor, e), one), cursor, e);
  });
  Value total = k.forLoop(zero, experts, 1, ValueRange(k.i32(0)), [&](Value e, ValueRange carried) {
    Value count = k.load(cursor, e);
    k.store(carried[0], offsets, e);
    k.store(carried[0], cursor, e);
    return SmallVector<Value>{k.add(carried[0], count)};
  })[0];
  k.store(total, offsets, experts);
  k.forLoop(zero, pairs, 1, [&](Value p) {
    Value e = loadIndex(k, ids, p);
    Value place = k.load(cursor, e);
    k.store(k.fromIndex(p, i32), rows, k.toIndex(place));
    k.store(k.add(place, one), cursor, e);
  });
  k.finish();
}

KernelInfo getMoECombineInfo(const MoECombineSpec &spec) {
  KernelInfo info;
  info.bindings.assign(2 + spec.addends, Access::Read);
  info.bindings.push_back(Access::Write);
  info.grid[0] = GridExtent::rows(1);
  return info;
}

void emitMoECombine(KernelBuilder &k, const MoECombineSpec &spec) {
  unsigned next = 0;
  Value y = flatBinding(k, next++, FloatType::F32);
  Value weights = flatBinding(k, next++, FloatType::F32);
  SmallVector<Value> addends;
  for (int64_t i = 0; i < spec.addends; ++i)
    addends.push_back(flatBinding(k, next++, FloatType::F32));
  Value out = flatBinding(k, next++, FloatType::F32);

  Value row = k.workgroupId(0);
  Value pair = k.mul(row, spec.topK);
  Value to = k.mul(row, spec.width);
  Value from = k.mul(pair, spec.width);
  SmallVector<Value> factors;
  for (int64_t j = 0; j < spec.topK; ++j)
    factors.push_back(k.load(weights, k.add(pair, j)));
  forVectors(k, spec.width, [&](Value i, unsigned lanes) {
    Value start = k.add(from, i);
    Value sum;
    for (int64_t j = 0; j < spec.topK; ++j) {
      Value v = k.loadVectorF32(y, k.add(start, j * spec.width), lanes);
      Value factor = k.broadcast(factors[j], lanes);
      sum = sum ? k.fma(factor, v, sum) : k.mulF(factor, v);
    }
    for (Value addend : addends)
      sum = k.addF(sum, k.loadVectorF32(addend, k.add(to, i), lanes));
    k.storeVectorF32(sum, out, k.add(to, i));
  });
  k.finish();
}

} // namespace hadal::cpu
