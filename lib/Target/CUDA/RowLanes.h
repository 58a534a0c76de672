// SPDX-License-Identifier: Apache-2.0
// A row of one width in the registers of a workgroup.
#ifndef HADAL_LIB_TARGET_CUDA_ROWLANES_H
#define HADAL_LIB_TARGET_CUDA_ROWLANES_H

#include "LaneBuilder.h"

namespace hadal::cuda {

/// Which elements of a row a thread has: pieces of so many side by side, a piece of each thread
/// after the other. It depends on the width, and on the distance of rows where that is another.
struct RowShape {
  explicit RowShape(int64_t width, int64_t stride = 0);
  int64_t width, piece, threads, pieces;
  bool isPartial; // whether some threads have no last piece
};

/// Loads, stores and norms of such rows. All threads of a workgroup do it together, those that
/// are more than the shape wants without elements.
class RowLanes {
public:
  using Value = mlir::Value;
  using Values = LaneBuilder::Values;

  RowLanes(LaneBuilder &b, const RowShape &shape, int64_t threadsOfWorkgroup);

  int64_t count() const { return shape.pieces * shape.piece; } // elements of a thread
  /// This thread's elements of a row; zeros where there are none.
  Values read(Value row, mlir::Type element);
  void write(llvm::ArrayRef<Value> values, Value row, mlir::Type element);
  /// x over the root of its mean square, times weights.
  Values norm(llvm::ArrayRef<Value> x, Value weights, mlir::Type element, double epsilon);

  using Binary = Value (LaneBuilder::*)(Value, Value);
  Values each(mlir::ValueRange x, mlir::ValueRange y, Binary op);

private:
  Value pieceOf(Value row, int64_t piece, mlir::Type element);
  Value sumOfRow(Value own);

  LaneBuilder &b;
  RowShape shape;
  Value thread;
  Value hasPiece, hasLast; // null where all threads have
};

/// Bytes of so many elements.
inline int64_t bytesOf(mlir::Type element, int64_t count) {
  return count * element.getIntOrFloatBitWidth() / 8;
}

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_ROWLANES_H
