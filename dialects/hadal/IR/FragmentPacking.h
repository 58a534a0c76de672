// SPDX-License-Identifier: Apache-2.0
// Packs a matrix in the order of a matrix unit's lanes, the layout of #hadal.fragments.
#ifndef HADAL_IR_FRAGMENTPACKING_H
#define HADAL_IR_FRAGMENTPACKING_H

#include "hadal/IR/StoredElements.h"

namespace hadal {

/// Outputs and inputs of a block; inputs of a matrix are padded to a multiple of kFragmentPadding.
inline constexpr int64_t kFragmentOutputs = 16, kFragmentInputs = 32, kFragmentPadding = 64;

/// Elements of kFragmentOutputs outputs, padding included.
inline constexpr int64_t fragmentElements(int64_t inputs) {
  return (inputs + kFragmentPadding - 1) / kFragmentPadding * kFragmentPadding * kFragmentOutputs;
}

/// Packs all `matrix.outputs` (1 to kFragmentOutputs) of the matrix to bf16: for each 32 inputs [2 steps][8 outputs
/// g][4 lanes t][2 pairs p][2 halves h][2 elements e], where output g + 8 h and input
/// 8 t + 4 step + 2 p + e is; outputs and inputs beyond the last are zero. Writes
/// fragmentElements(inputs) elements of bf16. bf16, f16 and f32 convert (nearest even). Returns
/// false, with nothing written, for another type.
bool packFragments(const StoredMatrix &matrix, void *out);

} // namespace hadal

#endif // HADAL_IR_FRAGMENTPACKING_H
