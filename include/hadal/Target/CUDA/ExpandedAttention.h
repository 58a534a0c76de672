// SPDX-License-Identifier: Apache-2.0
// Kernels of expanded latent attention in the tile dialect, emitted for a shape.
#ifndef HADAL_TARGET_CUDA_EXPANDEDATTENTION_H
#define HADAL_TARGET_CUDA_EXPANDEDATTENTION_H

#include "hadal/Target/CUDA/Level.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>
#include <string>

namespace hadal::cuda {

/// hadal.mla_attend_expanded with queries, cache and result of bf16, weights in fragments of it.
struct ExpandedSpec {
  std::string name;
  int64_t heads = 0;
  int64_t rank = 0, nope = 0, rope = 0, value = 0; // columns: of a latent; of a head
  int64_t pageSize = 0;
  float scale = 0;
  int64_t threshold = 0; // sequences of fewer new tokens are left out

  int64_t query() const { return nope + rope; }
};

/// A workgroup computes one head of so many neighbouring tokens: it expands a chunk of the context of each of their sequences
/// into memory of its own, attends to it with tiles of queries, one after the other, and goes on with the next.
struct ExpandedProgram {
  int64_t rows = 0, keys = 0; // of a tile: queries, of 16 a warp, and keys
  bool keepsQueries = false; // in registers, for all tiles of a chunk
  // Columns of an expanded key, each part with padding.
  int64_t nopeColumns = 0, ropeColumns = 0, valueColumns = 0;
  int64_t tokens = 0; // of a workgroup
  int64_t groups = 0; // of tokens that there is memory for; workgroups take further ones in turn
  int64_t keptRows = 0; // of the scratch, that a tile of queries takes between chunks
  int64_t scratchRows = 0; // of a workgroup: expanded keys, then what is kept
  int64_t sharedBytes = 0;

  int64_t threads() const { return rows / 16 * kWarp; }
  int64_t keyColumns() const { return nopeColumns + ropeColumns; }
  int64_t columns() const { return keyColumns() + valueColumns; }
  int64_t scratchBytes() const { return scratchRows * columns() * 2; }
};

/// The program for `spec` on a level, or nothing where none fits.
std::optional<ExpandedProgram> chooseExpanded(const ExpandedSpec &spec, const Level &level);

/// Emits the kernel `spec.name` of bindings q, cache, w_uk, w_uv, positions, sequence_offsets, slots, block_table, y
/// and a workspace of program.scratchBytes() for each workgroup, and the address of constants: tokens, sequences, pages of a slot.
/// Its workgroups are groups of tokens in x and heads in y; they are right for any number in x.
void emitExpanded(mlir::OpBuilder &builder, mlir::Location loc, const ExpandedSpec &spec,
                  const ExpandedProgram &program);

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_EXPANDEDATTENTION_H
