// SPDX-License-Identifier: Apache-2.0
// Elements of weights as files hold them, and their conversions.
#include "hadal/IR/StoredElements.h"

#include <cmath>
#include <cstring>

using namespace hadal;

float hadal::bf16ToF32(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

uint16_t hadal::f32ToBF16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return uint16_t(bits >> 16) | 0x40;
  return uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

float hadal::f16ToF32(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t magnitude = bits & 0x7fff;
  uint32_t wide;
  if (magnitude >= 0x7c00) {
    wide = 0x7f800000 | ((magnitude & 0x3ff) << 13);
  } else if (magnitude >= 0x400) {
    wide = (magnitude + (112 << 10)) << 13;
  } else {
    float scaled = float(magnitude) * 0x1p-24f;
    std::memcpy(&wide, &scaled, sizeof wide);
  }
  wide |= sign;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

float hadal::f8E4M3ToF32(uint8_t bits) {
  if ((bits & 0x7f) == 0x7f)
    return std::nanf("");
  int exponent = (bits >> 3) & 15, mantissa = bits & 7;
  float magnitude = exponent == 0 ? std::ldexp(float(mantissa), -9)
                                  : std::ldexp(float(8 | mantissa), exponent - 10);
  return bits & 0x80 ? -magnitude : magnitude;
}

float hadal::loadAsF32(const uint8_t *data, StoredElement element, int64_t i) {
  uint16_t half;
  float word;
  switch (element) {
  case StoredElement::BF16: std::memcpy(&half, data + 2 * i, 2); return bf16ToF32(half);
  case StoredElement::F16: std::memcpy(&half, data + 2 * i, 2); return f16ToF32(half);
  case StoredElement::F32: std::memcpy(&word, data + 4 * i, 4); return word;
  case StoredElement::F8E4M3: return f8E4M3ToF32(data[i]);
  }
  return 0;
}
