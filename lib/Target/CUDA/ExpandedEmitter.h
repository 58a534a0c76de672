// SPDX-License-Identifier: Apache-2.0
// Emits expanded attention in the tile dialect, part by part.
#ifndef HADAL_LIB_TARGET_CUDA_EXPANDEDEMITTER_H
#define HADAL_LIB_TARGET_CUDA_EXPANDEDEMITTER_H

#include "AttentionBuilder.h"

#include "hadal/Target/CUDA/ExpandedAttention.h"

namespace hadal::cuda {

/// Keys of a sequence that are expanded, and attended to, before the next ones.
inline constexpr int64_t kChunkKeys = 512;
/// Keys that are expanded at a time.
inline constexpr int64_t kExpandedKeys = 64;
/// Outputs of a weight that they are multiplied by at a time. Twice as many spill registers.
inline constexpr int64_t kExpandedOutputs = 64;
/// Elements behind a row of sums, so that there are no conflicts of banks.
inline constexpr int64_t kExpandedPad = 4;

class ExpandedEmitter {
public:
  ExpandedEmitter(AttentionBuilder &builder, const ExpandedSpec &spec,
                  const ExpandedProgram &program, mlir::func::FuncOp kernel);

  void emit();

private:
  enum Binding {
    kQuery,
    kCache,
    kKeyWeight,
    kValueWeight,
    kPositions,
    kOffsets,
    kSlots,
    kTable,
    kResult,
    kScratch
  };
  enum Constant { kTokens, kSequences, kPages };

  /// New tokens of a sequence that a workgroup computes.
  struct Segment {
    mlir::Value begin, count; // tokens
    mlir::Value position; // of the first
    Latents latents;
  };
  /// Keys that are expanded: from which on, and how many a tile of queries sees.
  struct Chunk {
    mlir::Value start, count;
  };

  mlir::Value binding(Binding which) { return entry.getArgument(which); }
  mlir::Value constant(Constant which) { return b.launchConstant(entry, which); }
  mlir::Value roundUp(mlir::Value count, int64_t unit) {
    return b.div(b.add(count, b.constant(unit - 1)), unit);
  }

  void attendGroup(mlir::Value group);
  void attendSequence(mlir::Value sequence, mlir::Value first, mlir::Value last);
  void attendChunk(const Segment &segment, mlir::Value start);

  // ExpandedChunk.cpp
  void expandChunk(const Latents &latents, mlir::Value start);
  void expandColumns(mlir::Value weight, int64_t first, int64_t columns, mlir::Value latents,
                     mlir::Value sums, mlir::Value key);

  // ExpandedTiles.cpp
  void attendTile(const Segment &segment, mlir::Value start, mlir::Value tile);
  void readQueries(mlir::Value row, mlir::Value left);
  Attended attendKeys(const Chunk &chunk, mlir::Value position, const Attended &before);
  Attended attendKeys(mlir::Value step, mlir::Value columns, const Attended &before);
  mlir::Value multiplyKeys(mlir::Value keys);
  mlir::Value addValues(mlir::Value weights, mlir::Value keys, mlir::Value sum);
  void copyKeys(mlir::Value step);
  void writeResult(const Attended &state, mlir::Value row, mlir::Value left);
  mlir::Value loadQueries(int64_t column);

  AttentionBuilder &b;
  const ExpandedSpec &spec;
  const ExpandedProgram &program;
  mlir::Block &entry;
  llvm::SmallVector<int64_t> warps;
  tile::FragmentType scores, sums;
  tile::ColumnType whole, parts;
  llvm::SmallVector<int64_t> depths; // of the columns of keys, in steps
  mlir::Value head, scratch;
  // Of a tile of queries.
  mlir::Value stages, queries,
      home; // keys; queries, in whose memory or that of keys results are rounded
  llvm::SmallVector<mlir::Value> kept; // queries in registers
};

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_EXPANDEDEMITTER_H
