// SPDX-License-Identifier: Apache-2.0
// Places transient buffers in the arena of an entry point.
#ifndef HADAL_LIB_CONVERSION_BUFFERPLANNER_H
#define HADAL_LIB_CONVERSION_BUFFERPLANNER_H

#include "ExprBuilder.h"

namespace hadal {

/// A buffer that is written at step `first` and read for the last time at `last`.
struct TransientBuffer {
  Extent bytes; // known to the host
  int64_t first = 0;
  int64_t last = 0;
};

/// Offsets of buffers and the size of the arena.
///
/// All buffers whose size is a multiple of the same unit form a class: within it,
/// an offset is a multiple of the unit as well, so buffers can be packed by their
/// bytes per unit, whatever the unit will be. The class of constant sizes comes
/// first, the others in the order of their first buffer.
///
/// A dim is a unit; the bytes of each are rounded up to the alignment. Where the unit
/// is another expression (the product of two extents), that would waste as much for
/// each of its elements: the unit is then the alignment, as often as the buffer needs.
class BufferPlanner {
public:
  explicit BufferPlanner(ExprBuilder &exprs) : exprs(exprs) {}

  /// Registers a buffer and returns its number.
  unsigned add(TransientBuffer buffer);
  /// Extends the life of a buffer.
  void use(unsigned buffer, int64_t step) {
    buffers[buffer].last = std::max(buffers[buffer].last, step);
  }
  /// Places all buffers; call once.
  void place();

  mlir::Value offset(unsigned buffer) const { return offsets[buffer]; }
  mlir::Value size(unsigned buffer);
  mlir::Value arenaSize() const { return total; }

private:
  ExprBuilder &exprs;
  std::vector<TransientBuffer> buffers;
  std::vector<mlir::Value> offsets;
  mlir::Value total;
};

} // namespace hadal

#endif // HADAL_LIB_CONVERSION_BUFFERPLANNER_H
