// SPDX-License-Identifier: Apache-2.0
// Kernels about the tokens of a step: what is appended to the cache, and queries that are rotated,
// and rows of other widths beside them; emitted for a list of parts.
#ifndef HADAL_TARGET_CUDA_TOKENKERNELS_H
#define HADAL_TARGET_CUDA_TOKENKERNELS_H

#include "hadal/Target/CUDA/RowKernels.h"

#include <optional>

namespace hadal::cuda {

/// hadal.mla_append: bindings kv, weight, cos, sin, positions, sequence_offsets, slots, block_table
/// and cache, constants rows, sequences and pages of a slot.
struct AppendSpec {
  int64_t latent = 0, rope = 0, pageSize = 0;
  double epsilon = 0;
  bool interleaved = false;
  mlir::Type weight, table, cache; // elements
};

/// hadal.rope: bindings x, positions, cos, sin and the result, constant rows.
struct RopeSpec {
  int64_t heads = 0, nope = 0, rope = 0;
  bool interleaved = false;
  mlir::Type table, result; // elements
};

/// One of these, or rows with their bindings and rows as the constant.
struct TokenPart {
  std::optional<AppendSpec> append;
  std::optional<RopeSpec> rope;
  std::optional<RowSpec> rows;
  std::vector<int64_t> bindings, constants; // of the kernel, those of the part in their order
};

struct TokenSpec {
  std::string name;
  int64_t bindings = 0;
  std::vector<TokenPart> parts;
};

/// Emits the kernel `spec.name` of its bindings and the address of its constants. Parts are side
/// by side, workgroups in y: none reads what another writes.
LaneLaunch emitTokens(mlir::OpBuilder &builder, mlir::Location loc, const TokenSpec &spec);

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_TOKENKERNELS_H
