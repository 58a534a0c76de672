// SPDX-License-Identifier: Apache-2.0
// Emits the programs of a linear layer, one by one.
#ifndef HADAL_LIB_TARGET_CUDA_LINEAREMITTER_H
#define HADAL_LIB_TARGET_CUDA_LINEAREMITTER_H

#include "ProgramBuilder.h"

#include "hadal/Target/CUDA/LinearKernels.h"

namespace hadal::cuda {

/// Depth of a stage, or of one round of loads.
inline constexpr int64_t kLinearDepth = tile::kPackedPadding;
/// Elements behind a row of sums, so that there are no conflicts of banks.
inline constexpr int64_t kLinearPad = 4;

/// Parts of the depth, with its padding, that are summed by themselves.
inline int64_t segmentsOf(const LinearSpec &spec) {
  return int64_t(llvm::divideCeil(llvm::alignTo(spec.inputs, kLinearDepth), spec.segment));
}

/// Weights are the left operand of all programs, so that a sum has the same steps in the same order.
class LinearEmitter {
public:
  LinearEmitter(ProgramBuilder &builder, const LinearSpec &spec, mlir::func::FuncOp kernel);

  /// Emits `program` for calls of more than `fewer` rows.
  void emit(LinearProgram &program, int64_t fewer);

private:
  /// What a workgroup makes: rows of y from one on, of outputs of a weight.
  struct Window {
    mlir::Value row, left; // the first, and how many there are from it on
    mlir::Value output; // the first
    llvm::ArrayRef<mlir::Value> weights, scales;
    // Columns of x and y where the head's begin; null: the first.
    mlir::Value xColumn = {}, yColumn = {};
  };

  int64_t segments() const { return segmentsOf(spec); }
  void emitDense(const LinearProgram &program);
  mlir::Value below(mlir::Value first, mlir::Value column) {
    return first ? b.add(first, column) : column;
  }
  llvm::SmallVector<mlir::Value> matricesOf(llvm::ArrayRef<mlir::Value> stacks, mlir::Value number);
  void emitGroup(const LinearProgram &program);
  void emitWindow(const LinearProgram &program, const Window &window);
  class Chunks;
  /// Of a program of few rows: a group of warps for each segment.
  llvm::SmallVector<int64_t> straightWarps() const {
    return {warpCount / segments(), 1, segments()};
  }
  mlir::Value groupOf();
  void emitStraight(const LinearProgram &program, const Window &window);
  void emitStages(const LinearProgram &program, const Window &window);
  llvm::SmallVector<mlir::Value> multiplyStage(const LinearProgram &program,
                                               llvm::ArrayRef<int64_t> warps,
                                               llvm::ArrayRef<mlir::Value> lefts, mlir::Value right,
                                               mlir::ValueRange before);
  void write(mlir::ValueRange tiles, const Window &window);

  mlir::Type weightElement() const;
  tile::FragmentType weightFragment(int64_t rows, int64_t columns,
                                    llvm::ArrayRef<int64_t> warps) const;
  mlir::Value widen(mlir::Value operand);

  /// Depth that has one scale, or of a stage where weights have none.
  int64_t blockDepth() const;
  /// What is summed of a block from its begin on, and the totals with it at its end.
  llvm::SmallVector<mlir::Value> beginBlock(mlir::ValueRange totals);
  llvm::SmallVector<mlir::Value> endBlock(const Window &window, mlir::Value k,
                                          mlir::ValueRange sums, mlir::ValueRange totals);

  ProgramBuilder &b;
  const LinearSpec &spec;
  int64_t depth; // with padding
  int64_t warpCount; // of a workgroup
  mlir::Value x, y, rows;
  mlir::Value offsets, pairs; // of experts
  mlir::Value xIndex, yIndex; // rows of x and of y where they are not neighbours, or null
  llvm::SmallVector<mlir::Value> weights, scales, addends;
  llvm::SmallVector<mlir::Value> rotation; // positions, cos and sin, if there is one
};

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_LINEAREMITTER_H
