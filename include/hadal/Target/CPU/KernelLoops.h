// SPDX-License-Identifier: Apache-2.0
// Loops over rows of static length that the row-wise CPU kernels share.
#ifndef HADAL_TARGET_CPU_KERNELLOOPS_H
#define HADAL_TARGET_CPU_KERNELLOOPS_H

#include "hadal/Target/CPU/KernelBuilder.h"
#include "hadal/Target/CPU/KernelInfo.h"

namespace hadal::cpu {

/// The element type of `type`.
mlir::Type getElementType(KernelBuilder &k, FloatType type);
/// Bytes of one element.
int64_t getByteSize(FloatType type);

/// Binding `i` as a buffer addressed by one element offset.
mlir::Value flatBinding(KernelBuilder &k, unsigned i, mlir::Type elementType);
inline mlir::Value flatBinding(KernelBuilder &k, unsigned i, FloatType type) {
  return flatBinding(k, i, getElementType(k, type));
}

/// Hands out consecutive pieces of a workgroup's scratch, 64-byte aligned.
class ScratchLayout {
public:
  /// Returns the byte offset of a new piece of `bytes` bytes.
  int64_t take(int64_t bytes) {
    int64_t offset = used;
    used += (bytes + 63) / 64 * 64;
    return offset;
  }
  int64_t size() const { return used; }

private:
  int64_t used = 0;
};

/// Visits [0, count): body(offset, n) with n = step in a loop, then once with the
/// remainder, if any.
void forSteps(KernelBuilder &k, int64_t count, int64_t step,
              llvm::function_ref<void(mlir::Value, unsigned)> body);

/// The same in steps of k.width() lanes.
void forVectors(KernelBuilder &k, int64_t count,
                llvm::function_ref<void(mlir::Value, unsigned)> body);

/// Sums term(offset, lanes) over [0, count): four interleaved accumulators of
/// k.width() lanes, then their tree. `term` returns k.width() lanes of f32, of
/// which those from `lanes` on are zero.
mlir::Value sumVectors(KernelBuilder &k, int64_t count,
                       llvm::function_ref<mlir::Value(mlir::Value, unsigned)> term);

/// Finds which sequence a packed row belongs to: the number of s with
/// offsets[s + 1] <= row, for s < `sequences`.
mlir::Value findSequence(KernelBuilder &k, mlir::Value offsets, mlir::Value sequences,
                         mlir::Value row);

/// Index of the cache row that holds `position` of the slot whose first entry
/// in the block table is `tableRow`.
mlir::Value getCacheRow(KernelBuilder &k, mlir::Value blockTable, mlir::Value tableRow,
                        mlir::Value position, int64_t pageSize);

/// An element of an i32 buffer as an index.
mlir::Value loadIndex(KernelBuilder &k, mlir::Value buffer, mlir::Value offset);

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_KERNELLOOPS_H
