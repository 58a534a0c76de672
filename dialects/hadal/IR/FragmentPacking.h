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

/// An element of f8E4M3FN is spread over the 16 bits that it shares with that of 8 outputs further: its own bits
/// lie where those of a bf16 of the same value, less 2^120, are (sign 15, magnitude 10 to 4), the other's in between (sign 11,
/// magnitude 14 to 12 and 3 to 0).
inline constexpr uint16_t spreadF8(uint8_t bits, bool isFurther) {
  uint16_t sign = bits >> 7, magnitude = bits & 0x7f;
  return uint16_t(isFurther ? sign << 11 | (magnitude >> 4) << 12 | (magnitude & 0xf)
                            : sign << 15 | magnitude << 4);
}

/// Packs all `matrix.outputs` (1 to kFragmentOutputs) of the matrix to bf16: for each 32 inputs [2 steps][8 outputs
/// g][4 lanes t][2 pairs p][2 halves h][2 elements e], where output g + 8 h and input
/// 8 t + 4 step + 2 p + e is; outputs and inputs beyond the last are zero. Writes
/// fragmentElements(inputs) elements of bf16, to which bf16, f16 and f32 convert (nearest even). f8E4M3FN stays what it
/// is: [8 g][4 t][2 steps][2 p][2 e] of 16 bits, which both halves share. Returns false, with nothing
/// written, for another pair of types.
bool packFragments(const StoredMatrix &matrix, StoredElement packed, void *out);

} // namespace hadal

#endif // HADAL_IR_FRAGMENTPACKING_H
