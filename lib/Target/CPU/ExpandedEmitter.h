// SPDX-License-Identifier: Apache-2.0
// Expanded attention of a workgroup: one head, neighbouring rows of one sequence.
#ifndef HADAL_LIB_TARGET_CPU_EXPANDEDEMITTER_H
#define HADAL_LIB_TARGET_CPU_EXPANDEDEMITTER_H

#include "PanelTile.h"

#include "hadal/Target/CPU/KernelLoops.h"
#include "hadal/Target/CPU/MLAKernels.h"

namespace hadal::cpu {

/// Extents that depend on the level, and byte offsets in the scratch of a workgroup.
///
/// Products are of pairs of bf16 where the target has a dot unit and the cache is bf16, else of
/// f32. What is multiplied lies as its product wants it: keys with a lane a key, values with a lane
/// a column, both with the two elements of a pair side by side.
struct ExpandedTiling {
  ExpandedTiling(const KernelTarget &target, const MLAExpandedSpec &spec);

  static constexpr int64_t rowTile = 6; // query rows of one register tile

  bool pairs;
  int64_t keyBlock; // positions that are expanded together
  int64_t querySize; // elements of a query
  int64_t words; // of it: pairs or elements
  int64_t keyStride; // elements of a key before it is transposed
  int64_t valueSize; // columns, whole panels
  ScratchLayout layout;
  int64_t query, output, maxima, sums, keyRows, keys, values, scores, weights, decay, places;
};

class ExpandedEmitter {
public:
  ExpandedEmitter(KernelBuilder &k, const MLAExpandedSpec &spec);
  void emit();

private:
  void findRows();
  void packQueries();
  void expandBlock(mlir::Value first);
  void expand(const PanelWeight &weight, bool isKey);
  void transposeKeys();
  void attend(mlir::Value first, mlir::Value tile);
  void computeScores(mlir::Value tile, mlir::Value valid);
  void softmax(mlir::Value first, mlir::Value tile);
  void accumulate(mlir::Value tile, mlir::Value valid);
  void storeResults();
  mlir::Value positionOf(mlir::Value rowInBlock);

  KernelBuilder &k;
  const MLAExpandedSpec &spec;
  ExpandedTiling t;
  int64_t width, cacheSize;
  mlir::Value rotated, cache, blockTable, positions, offsets, slots, y;
  PanelWeight keyWeight, valueWeight;
  mlir::Value head;
  // The rows of the workgroup: the first one, their number and that rounded
  // up to whole tiles, the last position, the slot's entry in the block table.
  mlir::Value firstRow, count, tiledCount, lastPosition, tableRow;
  // Scratch; words are what a product multiplies at once, pairs or elements.
  mlir::Value query, queryWords, output, maxima, sums, keyRows, keyRowWords, keys, values, scores,
      weights, weightWords, decay, places;
};

} // namespace hadal::cpu

#endif // HADAL_LIB_TARGET_CPU_EXPANDEDEMITTER_H
