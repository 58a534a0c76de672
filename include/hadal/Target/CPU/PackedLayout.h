// SPDX-License-Identifier: Apache-2.0
// How weights lie in memory for CPU kernels, and the function that packs them.
#ifndef HADAL_TARGET_CPU_PACKEDLAYOUT_H
#define HADAL_TARGET_CPU_PACKEDLAYOUT_H

#include <cstddef>
#include <cstdint>

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
/// beyond the last and the odd input of a pair are zero. Scales of F8E4M3 stay
/// a matrix of their own in the order of the checkpoint. Kernels decode NaNs of
/// F8E4M3 (0x7f, 0xff) as 480 and -480.
enum class WeightType { BF16, F32, F8E4M3 };

/// Element types of checkpoints that `packPanel` reads.
enum class SourceType { BF16, F16, F32, F8E4M3 };

/// Outputs of a panel.
inline constexpr int64_t panelOutputs = 32;

inline constexpr int64_t panelCount(int64_t outputs) {
  return (outputs + panelOutputs - 1) / panelOutputs;
}

/// Elements of one panel, padding included.
inline constexpr int64_t panelElements(WeightType type, int64_t inputs) {
  return panelOutputs *
         (type == WeightType::BF16 ? (inputs + 1) / 2 * 2 : inputs);
}

inline constexpr int64_t elementBytes(WeightType type) {
  return type == WeightType::BF16 ? 2 : type == WeightType::F32 ? 4 : 1;
}

inline constexpr int64_t panelBytes(WeightType type, int64_t inputs) {
  return panelElements(type, inputs) * elementBytes(type);
}

/// Bytes of a packed parameter.
inline constexpr int64_t packedBytes(WeightType type, int64_t batch,
                                     int64_t outputs, int64_t inputs) {
  return batch * panelCount(outputs) * panelBytes(type, inputs);
}

/// Where the elements of W lie in a source: element (o, k) at
/// `data[o * outputStride + k * inputStride]`, strides in elements. A
/// transposed use of a matrix exchanges the strides.
struct PanelSource {
  const void *data = nullptr;
  SourceType type = SourceType::BF16;
  int64_t outputStride = 0;
  int64_t inputStride = 1;
};

/// Packs the panel whose first output is at `source.data`; `outputs` (1 to 32)
/// of its 32 rows exist. Writes panelBytes(type, inputs) bytes to `panel`.
/// bf16, f16 and f32 sources convert to BF16 (nearest even) and F32 (exact);
/// F8E4M3 takes F8E4M3 only. Returns false, with nothing written, for another
/// combination.
bool packPanel(const PanelSource &source, int64_t outputs, int64_t inputs,
               WeightType type, void *panel);

/// Conversions by which kernels and packer agree.
float bf16ToF32(uint16_t bits);
uint16_t f32ToBF16(float value);
float f16ToF32(uint16_t bits);
float f8E4M3ToF32(uint8_t bits);

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_PACKEDLAYOUT_H
