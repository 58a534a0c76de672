// SPDX-License-Identifier: Apache-2.0
// Shorthand for programs of attention in the tile dialect: where latents lie, and a softmax of tiles
// that follow one another.
#ifndef HADAL_LIB_TARGET_CUDA_ATTENTIONBUILDER_H
#define HADAL_LIB_TARGET_CUDA_ATTENTIONBUILDER_H

#include "ProgramBuilder.h"

namespace hadal::cuda {

/// Columns of a swizzled tile come in groups of so many.
inline constexpr int64_t kSwizzle = 64;

/// What the cache has of a sequence.
struct Latents {
  mlir::Value cache, table; // bindings
  int64_t pageSize = 0;
  mlir::Value end; // the number of its keys
  mlir::Value pages, lastPage; // where the table has its first page; the number of its last
};

/// What of the keys before a tile is known, of each row.
struct Softmax {
  mlir::Value largest, total; // of scores; of weights, in parts
};

/// What a tile after the other makes of the softmax and the weighted sum.
struct Attended {
  Softmax softmax;
  mlir::Value sum;

  /// As loops carry it.
  llvm::SmallVector<mlir::Value> flat() const { return {softmax.largest, softmax.total, sum}; }
  static Attended of(mlir::ValueRange flat) { return {{flat[0], flat[1]}, flat[2]}; }
};

/// What a tile of scores makes of the softmax.
struct SoftmaxStep {
  Softmax after;
  mlir::Value
      shrink; // by which sums of before are multiplied: one exactly where no score is larger
  mlir::Value weights;
};

class AttentionBuilder : public ProgramBuilder {
public:
  using ProgramBuilder::ProgramBuilder;
  using Element = llvm::function_ref<mlir::Value(mlir::ValueRange)>;

  mlir::Value load(mlir::Value numbers, mlir::Value index);
  mlir::Value number(float value) {
    return mlir::arith::ConstantOp::create(*this, getF32FloatAttr(value));
  }
  mlir::Value mulf(mlir::Value x, mlir::Value y) {
    return mlir::arith::MulFOp::create(*this, x, y);
  }
  mlir::Value map(mlir::Type type, mlir::ValueRange inputs, Element body);
  mlir::Value window(mlir::Value tile, int64_t row, int64_t column, int64_t rows, int64_t columns);

  /// The last of `sequences` sequences that begins at the token or before.
  mlir::Value findSequence(mlir::Value offsets, mlir::Value sequences, mlir::Value token);
  /// Of keys before `end` of a slot, whose pages the table has.
  Latents latentsOf(mlir::Value cache, mlir::Value table, int64_t pageSize, mlir::Value pages,
                    mlir::Value end);
  /// Begins to copy those of keys from `first` on, columns from `column` on, as many at a time as a page holds. Zeros
  /// follow the last one, whatever the cache has there.
  void copyLatents(const Latents &latents, mlir::Value first, int64_t column, mlir::Value to);

  /// `combine` makes one number for each row of the largest scores that lanes have.
  SoftmaxStep addScores(const Softmax &before, mlir::Value scores, float scale,
                        llvm::function_ref<mlir::Value(mlir::Value)> combine);
  /// Left out in warps whose factors are all one, which changes no bit.
  mlir::Value rescale(mlir::Value sum, mlir::Value shrink);
  /// Of a sum of weighted values, the mean.
  mlir::Value divide(mlir::Value sum, mlir::Value total);
};

/// Below any score that is multiplied by `scale`: finite, so that differences are numbers, and as a
/// weight nothing.
inline float lowestScore(float scale) { return -std::min(1e30f / scale, 1e38f); }

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_ATTENTIONBUILDER_H
