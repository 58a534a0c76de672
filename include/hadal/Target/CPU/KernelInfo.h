// SPDX-License-Identifier: Apache-2.0
// What the plan must know about an emitted CPU kernel: bindings, scratch, grid.
#ifndef HADAL_TARGET_CPU_KERNELINFO_H
#define HADAL_TARGET_CPU_KERNELINFO_H

#include "plan/IR/PlanDialect.h"

#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace hadal::cpu {

/// Type of the values that a kernel reads or writes as floating point.
enum class FloatType { F32, BF16 };

using plan::Access;

/// Extent of a grid along one axis, from host-known integers:
///   constant + sequences * S + (rowsPerGroup ? ceil(rows / rowsPerGroup) : 0)
/// where `rows` is the row count that the kernel's documentation names (N, R)
/// and S the number of sequences.
struct GridExtent {
  int64_t constant = 1;
  int64_t sequences = 0;
  int64_t rowsPerGroup = 0;

  static GridExtent fixed(int64_t extent) { return {extent, 0, 0}; }
  static GridExtent rows(int64_t perGroup) { return {0, 0, perGroup}; }

  int64_t evaluate(int64_t rows, int64_t sequenceCount) const {
    return constant + sequences * sequenceCount +
           (rowsPerGroup ? (rows + rowsPerGroup - 1) / rowsPerGroup : 0);
  }
};

/// Bytes of a workspace: none, or constant + perRow * min(rows, maxRows). It is
/// the binding behind the last, and begins with HADAL_KERNEL_COUNTER_BYTES.
struct WorkspaceBytes {
  int64_t constant = 0;
  int64_t perRow = 0;
  int64_t maxRows = 0;

  int64_t evaluate(int64_t rows) const { return constant + perRow * std::min(rows, maxRows); }
};

/// The interface of one kernel.
struct KernelInfo {
  llvm::SmallVector<Access> bindings;
  int64_t constantCount = 0;
  int64_t scratchBytes = 0;
  WorkspaceBytes workspace;
  std::array<GridExtent, 3> grid;
};

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_KERNELINFO_H
