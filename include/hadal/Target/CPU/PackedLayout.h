// SPDX-License-Identifier: Apache-2.0
// How weights lie in memory for CPU kernels.
#ifndef HADAL_TARGET_CPU_PACKEDLAYOUT_H
#define HADAL_TARGET_CPU_PACKEDLAYOUT_H

#include "hadal/IR/PanelPacking.h"

namespace hadal::cpu {

/// A matrix W[outputs][inputs], `batch` of them in a row (heads, experts), is
/// cut into panels of 32 outputs. Within a panel the output is the fastest
/// index, so a vector holds neighbouring outputs: no horizontal sums, one
/// linear stream for each panel, and the same bytes serve one row and many.
///
///   F32     [batch][ceil(outputs/32)][inputs][32]          f32
///   F8E4M3  [batch][ceil(outputs/32)][inputs][32]          bytes
///   BF16    [batch][ceil(outputs/32)][ceil(inputs/2)][32][2]
///
/// BF16 keeps two neighbouring inputs of an output side by side, as the bf16
/// dot unit wants them; AVX2 splits a pair by a shift and a mask. Outputs
/// beyond the last and the odd input of a pair are zero: #hadal.panels of 32 rows,
/// with an interleave of 2 for BF16. Scales of F8E4M3 stay a matrix of their own in
/// the order of the checkpoint. Kernels decode NaNs of F8E4M3 (0x7f, 0xff) as 480
/// and -480.
enum class WeightType { BF16, F32, F8E4M3 };

/// Outputs of a panel.
inline constexpr int64_t panelOutputs = 32;

/// The elements that a packed weight holds, and its panels.
inline constexpr StoredElement elementOf(WeightType type) {
  return type == WeightType::BF16  ? StoredElement::BF16
         : type == WeightType::F32 ? StoredElement::F32
                                   : StoredElement::F8E4M3;
}
inline constexpr PanelShape panelShapeOf(WeightType type) {
  return {panelOutputs, type == WeightType::BF16 ? 2 : 1};
}

inline constexpr int64_t panelCount(int64_t outputs) {
  return (outputs + panelOutputs - 1) / panelOutputs;
}

/// Elements of one panel, padding included.
inline constexpr int64_t panelElements(WeightType type, int64_t inputs) {
  return panelOutputs * (type == WeightType::BF16 ? (inputs + 1) / 2 * 2 : inputs);
}

inline constexpr int64_t elementBytes(WeightType type) {
  return type == WeightType::BF16 ? 2 : type == WeightType::F32 ? 4 : 1;
}

inline constexpr int64_t panelBytes(WeightType type, int64_t inputs) {
  return panelElements(type, inputs) * elementBytes(type);
}

/// Bytes of a packed parameter.
inline constexpr int64_t packedBytes(WeightType type, int64_t batch, int64_t outputs,
                                     int64_t inputs) {
  return batch * panelCount(outputs) * panelBytes(type, inputs);
}

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_PACKEDLAYOUT_H
