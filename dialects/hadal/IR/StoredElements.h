// SPDX-License-Identifier: Apache-2.0
// Elements of weights as files hold them, and their conversions.
#ifndef HADAL_IR_STOREDELEMENTS_H
#define HADAL_IR_STOREDELEMENTS_H

#include <cstdint>
#include <cstring>

namespace hadal {

/// Element types that weights are stored in.
enum class StoredElement { BF16, F16, F32, F8E4M3 };

/// Bytes of one element.
inline constexpr int64_t bytesOf(StoredElement element) {
  return element == StoredElement::F32 ? 4 : element == StoredElement::F8E4M3 ? 1 : 2;
}

/// Conversions by which kernels and packers agree: exact, or to nearest even.
float bf16ToF32(uint16_t bits);
uint16_t f32ToBF16(float value);
float f16ToF32(uint16_t bits);
float f8E4M3ToF32(uint8_t bits);

/// Element `i` of `data`, widened.
float loadAsF32(const uint8_t *data, StoredElement element, int64_t i);

/// A matrix [outputs, inputs] of a weight, as a source holds it: element (o, i) is
/// element o * outputStride + i * inputStride of `data`. A transposed use
/// exchanges extents and strides.
struct StoredMatrix {
  const uint8_t *data = nullptr;
  StoredElement element = StoredElement::BF16;
  int64_t outputs = 0, inputs = 0;
  int64_t outputStride = 0, inputStride = 1;

  /// Where element (output, input) is, of type T. Tensors of a checkpoint need not lie at
  /// multiples of their element.
  template <typename T>
  const uint8_t *at(int64_t output, int64_t input) const {
    return data + (output * outputStride + input * inputStride) * int64_t(sizeof(T));
  }
  template <typename T>
  T load(int64_t output, int64_t input) const {
    T value;
    std::memcpy(&value, at<T>(output, input), sizeof(T));
    return value;
  }
};

} // namespace hadal

#endif // HADAL_IR_STOREDELEMENTS_H
