// SPDX-License-Identifier: Apache-2.0
// Emits embedding, RMS norm, gather and element-wise kernels.
#include "hadal/Target/CPU/RowKernels.h"
#include "hadal/Target/CPU/KernelLoops.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace hadal::cpu {

static KernelInfo rowInfo(ArrayRef<Access> bindings) {
  KernelInfo info;
  info.bindings.assign(bindings.begin(), bindings.end());
  info.grid[0] = GridExtent::rows(1);
  return info;
}

KernelInfo getEmbeddingInfo(const EmbeddingSpec &) {
  return rowInfo({Access::Read, Access::Read, Access::Write});
}

void emitEmbedding(KernelBuilder &k, const EmbeddingSpec &spec) {
  Value row = k.workgroupId(0);
  Value token = loadIndex(k, flatBinding(k, 0, k.getI32Type()), row);
  // Unsigned, so that a negative token is out of range as well.
  k.returnIf(k.cmp(arith::CmpIPredicate::uge, token, k.index(spec.vocab)), 1);
  Value table = flatBinding(k, 1, spec.table);
  Value y = flatBinding(k, 2, FloatType::F32);
  Value from = k.mul(token, spec.width);
  Value to = k.mul(row, spec.width);
  forVectors(k, spec.width, [&](Value i, unsigned lanes) {
    k.storeVectorF32(k.loadVectorF32(table, k.add(from, i), lanes), y, k.add(to, i));
  });
  k.finish();
}

KernelInfo getRMSNormInfo(const RMSNormSpec &spec) {
  SmallVector<Access> bindings{Access::Read};
  if (spec.selectRows)
    bindings.push_back(Access::Read);
  bindings.append({Access::Read, Access::Write});
  if (spec.secondOutput)
    bindings.push_back(Access::Write);
  return rowInfo(bindings);
}

void emitRMSNorm(KernelBuilder &k, const RMSNormSpec &spec) {
  unsigned next = 0;
  unsigned width = k.width();
  Value x = flatBinding(k, next++, FloatType::F32);
  Value row = k.workgroupId(0);
  Value source = row;
  if (spec.selectRows)
    source = loadIndex(k, flatBinding(k, next++, k.getI32Type()), row);
  Value weight = flatBinding(k, next++, FloatType::F32);
  Value y = flatBinding(k, next++, spec.output);
  Value y2 = spec.secondOutput ? flatBinding(k, next++, FloatType::F32) : Value();

  Value from = k.mul(source, spec.inputStride ? spec.inputStride : spec.width);
  Value to = k.mul(row, spec.width);
  Value squares = sumVectors(k, spec.width, [&](Value i, unsigned lanes) {
    Value v = k.loadVectorPartF32(x, k.add(from, i), width, lanes);
    return k.mulF(v, v);
  });
  Value mean = k.divF(squares, k.f32(float(spec.width)));
  Value root = math::SqrtOp::create(k, k.addF(mean, k.f32(spec.epsilon)));
  Value inverse = k.divF(k.f32(1.0f), root);
  forVectors(k, spec.width, [&](Value i, unsigned lanes) {
    Value v = k.mulF(k.loadVectorF32(x, k.add(from, i), lanes), k.broadcast(inverse, lanes));
    v = k.mulF(k.loadVectorF32(weight, i, lanes), v);
    k.storeVectorF32(v, y, k.add(to, i));
    if (y2)
      k.storeVectorF32(v, y2, k.add(to, i));
  });
  k.finish();
}

KernelInfo getGatherRowsInfo(const GatherRowsSpec &) {
  return rowInfo({Access::Read, Access::Read, Access::Write});
}

void emitGatherRows(KernelBuilder &k, const GatherRowsSpec &spec) {
  Value x = flatBinding(k, 0, spec.element);
  Value rows = flatBinding(k, 1, k.getI32Type());
  Value y = flatBinding(k, 2, spec.element);
  Value row = k.workgroupId(0);
  Value from = k.mul(loadIndex(k, rows, row), spec.width);
  Value to = k.mul(row, spec.width);
  forVectors(k, spec.width, [&](Value i, unsigned lanes) {
    k.storeVector(k.loadVector(x, k.add(from, i), lanes), y, k.add(to, i));
  });
  k.finish();
}

KernelInfo getElementwiseInfo(const ElementwiseSpec &spec) {
  if (spec.kind == ElementwiseKind::Cast)
    return rowInfo({Access::Read, Access::Write});
  return rowInfo({Access::Read, Access::Read, Access::Write});
}

void emitElementwise(KernelBuilder &k, const ElementwiseSpec &spec) {
  bool binary = spec.kind != ElementwiseKind::Cast;
  Value a = flatBinding(k, 0, spec.input);
  Value b = binary ? flatBinding(k, 1, spec.input) : Value();
  Value y = flatBinding(k, binary ? 2 : 1, spec.output);
  Value row = k.workgroupId(0);
  auto start = [&](int64_t stride, int64_t offset) {
    return k.add(k.mul(row, stride ? stride : spec.width), offset);
  };
  Value aStart = start(spec.aStride, spec.aOffset);
  Value bStart = start(spec.bStride, spec.bOffset);
  Value yStart = k.mul(row, spec.width);
  forVectors(k, spec.width, [&](Value i, unsigned lanes) {
    Value v = k.loadVectorF32(a, k.add(aStart, i), lanes);
    if (binary) {
      Value other = k.loadVectorF32(b, k.add(bStart, i), lanes);
      v = spec.kind == ElementwiseKind::Add ? k.addF(v, other) : k.mulF(k.silu(v), other);
    }
    k.storeVectorF32(v, y, k.add(yStart, i));
  });
  k.finish();
}

} // namespace hadal::cpu
