// SPDX-License-Identifier: Apache-2.0
// Packs weights into the panels that CPU kernels read.
#include "hadal/Target/CPU/PackedLayout.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace hadal::cpu;

float hadal::cpu::bf16ToF32(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

uint16_t hadal::cpu::f32ToBF16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return uint16_t(bits >> 16) | 0x40;
  return uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

float hadal::cpu::f16ToF32(uint16_t bits) {
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

float hadal::cpu::f8E4M3ToF32(uint8_t bits) {
  if ((bits & 0x7f) == 0x7f)
    return std::nanf("");
  int exponent = (bits >> 3) & 15, mantissa = bits & 7;
  float magnitude = exponent == 0
                        ? std::ldexp(float(mantissa), -9)
                        : std::ldexp(float(8 | mantissa), exponent - 10);
  return bits & 0x80 ? -magnitude : magnitude;
}

namespace {
template <typename T>
const T *at(const PanelSource &source, int64_t output, int64_t input) {
  return static_cast<const T *>(source.data) + output * source.outputStride +
         input * source.inputStride;
}

// Inputs handled together, so that the rows of a source are read by whole
// cache lines while a panel is written in order.
constexpr int64_t block = 32;

/// dest[k][o] = convert(W[o][k]), `group` neighbouring inputs side by side.
template <typename From, typename To, int64_t group, typename Convert>
void pack(const PanelSource &source, int64_t outputs, int64_t inputs, void *out,
          Convert convert) {
  To *panel = static_cast<To *>(out);
  int64_t padded = (inputs + group - 1) / group * group;
  if (outputs < panelOutputs || padded > inputs)
    std::memset(panel, 0, size_t(padded) * panelOutputs * sizeof(To));
  for (int64_t k0 = 0; k0 < inputs; k0 += block) {
    int64_t k1 = std::min(inputs, k0 + block);
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t k = k0; k < k1; ++k)
        panel[(k / group * panelOutputs + o) * group + k % group] =
            convert(*at<From>(source, o, k));
  }
}

/// bf16 to pairs where both lie next to each other: a transposition of words.
void packPairs(const PanelSource &source, int64_t outputs, int64_t inputs,
               void *out) {
  char *panel = static_cast<char *>(out);
  int64_t pairs = inputs / 2;
  if (outputs < panelOutputs || inputs % 2)
    std::memset(panel, 0, size_t(panelBytes(WeightType::BF16, inputs)));
  for (int64_t p0 = 0; p0 < pairs; p0 += block) {
    int64_t p1 = std::min(pairs, p0 + block);
    for (int64_t o = 0; o < outputs; ++o) {
      const uint16_t *row = at<uint16_t>(source, o, 0);
      for (int64_t p = p0; p < p1; ++p)
        std::memcpy(panel + (p * panelOutputs + o) * 4, row + 2 * p, 4);
    }
  }
  if (inputs % 2)
    for (int64_t o = 0; o < outputs; ++o)
      std::memcpy(panel + (pairs * panelOutputs + o) * 4,
                  at<uint16_t>(source, o, inputs - 1), 2);
}
} // namespace

bool hadal::cpu::packPanel(const PanelSource &source, int64_t outputs,
                           int64_t inputs, WeightType type, void *panel) {
  auto same = [](auto value) { return value; };
  if (type == WeightType::F8E4M3) {
    if (source.type != SourceType::F8E4M3)
      return false;
    pack<uint8_t, uint8_t, 1>(source, outputs, inputs, panel, same);
    return true;
  }
  bool toF32 = type == WeightType::F32;
  switch (source.type) {
  case SourceType::BF16:
    if (toF32)
      pack<uint16_t, float, 1>(source, outputs, inputs, panel, bf16ToF32);
    else if (source.inputStride == 1)
      packPairs(source, outputs, inputs, panel);
    else
      pack<uint16_t, uint16_t, 2>(source, outputs, inputs, panel, same);
    return true;
  case SourceType::F16:
    if (toF32)
      pack<uint16_t, float, 1>(source, outputs, inputs, panel, f16ToF32);
    else
      pack<uint16_t, uint16_t, 2>(
          source, outputs, inputs, panel,
          [](uint16_t bits) { return f32ToBF16(f16ToF32(bits)); });
    return true;
  case SourceType::F32:
    if (toF32)
      pack<float, float, 1>(source, outputs, inputs, panel, same);
    else
      pack<float, uint16_t, 2>(source, outputs, inputs, panel, f32ToBF16);
    return true;
  case SourceType::F8E4M3:
    return false;
  }
  return false;
}
