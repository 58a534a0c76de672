// SPDX-License-Identifier: Apache-2.0
// Absorbed attention of some heads of one query to neighbouring blocks of keys.
#ifndef HADAL_LIB_TARGET_CPU_ABSORBEDPART_H
#define HADAL_LIB_TARGET_CPU_ABSORBEDPART_H

#include "hadal/Target/CPU/KernelLoops.h"
#include "hadal/Target/CPU/MLAKernels.h"

namespace hadal::cpu {

/// How heads become lanes, and keys and columns tiles, on one level.
///
/// Lanes of scores are heads: a key's element, or pair of elements, faces all of them at once as it
/// lies in the cache, and the softmax needs no sum over lanes. Lanes of results are columns, of
/// which two keys are interleaved for the dot unit.
struct AbsorbedTiling {
  AbsorbedTiling(const KernelTarget &target, const MLAAbsorbedSpec &spec);

  static constexpr int64_t keyBlock = 128; // positions that share one step of the softmax

  int64_t heads; // heads of the largest workgroup
  int64_t groups; // of heads
  int64_t base; // heads of a group, one more in the first `larger`
  int64_t larger;
  bool pairs; // products of bf16 pairs, else of f32
  int64_t width; // lanes of a vector
  int64_t lanes; // heads, rounded up to whole vectors
  int64_t size; // elements of a cache row
  int64_t depth; // the same rounded up to whole transpositions
  int64_t columns; // of the latent, rounded up to whole tiles of two vectors
  int64_t keyTile; // keys whose scores are computed together
  int64_t run; // of them, how many lie side by side in the cache
  int64_t headTile; // heads of one tile of results

  int64_t slotFloats() const { return 2 * lanes + heads * columns; }
};

/// Maxima and sums of a part's heads by lane, then the results of each head by tile of columns. Of
/// pairs, the tile's lanes are in the order of `interleave`.
struct AbsorbedSlot {
  mlir::Value data; // f32
  mlir::Value start; // index
};

/// Byte offsets in the scratch of a workgroup.
struct AbsorbedPartScratch {
  AbsorbedPartScratch(const AbsorbedTiling &tiling, ScratchLayout &layout);
  int64_t rowMajor, query, scores, weights, rows, decay;
};

/// The operands of a workgroup.
struct AbsorbedOperands {
  mlir::Value latentQuery, rotatedQuery, cache, blockTable, y;
  mlir::Value row, position, tableRow, firstHead;
};

/// The code of the parts of a workgroup that has `heads` heads.
class AbsorbedPart {
public:
  AbsorbedPart(KernelBuilder &k, const MLAAbsorbedSpec &spec, const AbsorbedTiling &tiling,
               const AbsorbedPartScratch &offset, const AbsorbedOperands &operands);

  /// Brings the queries of the heads into the form that `attend` wants.
  void packQuery(int64_t heads);
  /// Attends to the blocks of keys [begin, end), into `slot`.
  void attend(int64_t heads, const AbsorbedSlot &slot, mlir::Value begin, mlir::Value end);
  /// left = left and right as if they were one part.
  void merge(int64_t heads, const AbsorbedSlot &left, const AbsorbedSlot &right);
  /// Writes the results of a slot to y.
  void store(int64_t heads, const AbsorbedSlot &slot);

private:
  mlir::Value at(const AbsorbedSlot &slot, int64_t plus) { return k.add(slot.start, plus); }
  mlir::Value results(const AbsorbedSlot &slot, mlir::Value head, mlir::Value column);
  void locateKeys(mlir::Value first);
  void computeScores(mlir::Value valid);
  void computeTile(mlir::Value key);
  void softmax(const AbsorbedSlot &slot, mlir::Value valid);
  void accumulate(int64_t heads, const AbsorbedSlot &slot, mlir::Value valid);
  void accumulateTile(const AbsorbedSlot &slot, mlir::Value valid, int64_t firstHead, int64_t heads,
                      mlir::Value column, int64_t count);
  std::pair<mlir::Value, mlir::Value> loadColumns(mlir::Value key, mlir::Value column,
                                                  int64_t count);

  KernelBuilder &k;
  const MLAAbsorbedSpec &spec;
  const AbsorbedTiling &t;
  AbsorbedOperands in;
  mlir::Value rowMajor, words, query, scores, weights, rows, decay;
};

} // namespace hadal::cpu

#endif // HADAL_LIB_TARGET_CPU_ABSORBEDPART_H
