// SPDX-License-Identifier: Apache-2.0
// Loops over rows and the addressing of paged cache rows.
#include "hadal/Target/CPU/KernelLoops.h"

using namespace mlir;

namespace hadal::cpu {

Type getElementType(KernelBuilder &k, FloatType type) {
  return type == FloatType::BF16 ? Type(k.getBF16Type()) : Type(k.getF32Type());
}

int64_t getByteSize(FloatType type) { return type == FloatType::BF16 ? 2 : 4; }

Value flatBinding(KernelBuilder &k, unsigned i, Type elementType) {
  return k.binding(i, elementType, {ShapedType::kDynamic});
}

void forSteps(KernelBuilder &k, int64_t count, int64_t step,
              llvm::function_ref<void(Value, unsigned)> body) {
  int64_t whole = count / step * step;
  if (whole > 0)
    k.forLoop(k.index(0), k.index(whole), step, [&](Value i) { body(i, step); });
  if (whole < count)
    body(k.index(whole), count - whole);
}

void forVectors(KernelBuilder &k, int64_t count, llvm::function_ref<void(Value, unsigned)> body) {
  forSteps(k, count, k.width(), body);
}

Value sumVectors(KernelBuilder &k, int64_t count, llvm::function_ref<Value(Value, unsigned)> term) {
  constexpr int64_t interleave = 4;
  int64_t width = k.width();
  int64_t stride = interleave * width;
  int64_t strided = count / stride * stride;
  SmallVector<Value> sums(interleave, k.splat(0.0f, width));
  if (strided > 0)
    sums = k.forLoop(k.index(0), k.index(strided), stride, sums, [&](Value i, ValueRange carried) {
      SmallVector<Value> next;
      for (int64_t j = 0; j < interleave; ++j)
        next.push_back(k.addF(carried[j], term(k.add(i, j * width), width)));
      return next;
    });
  for (int64_t i = strided, j = 0; i < count; i += width, ++j)
    sums[j] = k.addF(sums[j], term(k.index(i), std::min(width, count - i)));
  return k.sumLanes(k.addF(k.addF(sums[0], sums[1]), k.addF(sums[2], sums[3])));
}

Value loadIndex(KernelBuilder &k, Value buffer, Value offset) {
  return k.toIndex(k.load(buffer, offset));
}

Value findSequence(KernelBuilder &k, Value offsets, Value sequences, Value row) {
  return k.forLoop(k.index(0), sequences, 1, ValueRange(k.index(0)),
                   [&](Value s, ValueRange found) {
                     Value end = loadIndex(k, offsets, k.add(s, 1));
                     Value before = k.cmp(arith::CmpIPredicate::sle, end, row);
                     return SmallVector<Value>{k.select(before, k.add(found[0], 1), found[0])};
                   })[0];
}

Value getCacheRow(KernelBuilder &k, Value blockTable, Value tableRow, Value position,
                  int64_t pageSize) {
  Value page = loadIndex(k, blockTable, k.add(tableRow, k.div(position, pageSize)));
  return k.add(k.mul(page, pageSize), k.rem(position, pageSize));
}

} // namespace hadal::cpu
