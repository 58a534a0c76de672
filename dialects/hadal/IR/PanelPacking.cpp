// SPDX-License-Identifier: Apache-2.0
// Packs a matrix in panels of output rows, the layout of #hadal.panels.
#include "hadal/IR/PanelPacking.h"

#include <algorithm>
#include <cstring>

using namespace hadal;

namespace {
// Inputs handled together, so that the rows of a source are read by whole
// cache lines while a panel is written in order.
constexpr int64_t kBlock = 32;

/// panel[k / group][o][k % group] = convert(W[o][k]); `group` is a constant where
/// it is one or two, which is what makes the loop fast.
template <typename From, typename To, typename Convert, typename Group>
void pack(const StoredMatrix &matrix, int64_t rows, Group group, void *out, Convert convert) {
  To *panel = static_cast<To *>(out);
  int64_t padded = (matrix.inputs + group - 1) / group * group;
  if (matrix.outputs < rows || padded > matrix.inputs)
    std::memset(panel, 0, size_t(padded) * rows * sizeof(To));
  for (int64_t k0 = 0; k0 < matrix.inputs; k0 += kBlock) {
    int64_t k1 = std::min(matrix.inputs, k0 + kBlock);
    for (int64_t o = 0; o < matrix.outputs; ++o)
      for (int64_t k = k0; k < k1; ++k)
        panel[(k / group * rows + o) * group + k % group] = convert(matrix.load<From>(o, k));
  }
}

template <typename From, typename To, typename Convert>
bool pack(const StoredMatrix &matrix, const PanelShape &shape, void *out, Convert convert) {
  if (shape.interleave == 1)
    pack<From, To>(matrix, shape.rows, std::integral_constant<int64_t, 1>(), out, convert);
  else if (shape.interleave == 2)
    pack<From, To>(matrix, shape.rows, std::integral_constant<int64_t, 2>(), out, convert);
  else
    pack<From, To>(matrix, shape.rows, shape.interleave, out, convert);
  return true;
}

/// bf16 to pairs where both lie next to each other: a transposition of words.
bool packPairs(const StoredMatrix &matrix, int64_t rows, void *out) {
  char *panel = static_cast<char *>(out);
  int64_t pairs = matrix.inputs / 2;
  if (matrix.outputs < rows || matrix.inputs % 2)
    std::memset(panel, 0, size_t((matrix.inputs + 1) / 2 * 4 * rows));
  for (int64_t p0 = 0; p0 < pairs; p0 += kBlock) {
    int64_t p1 = std::min(pairs, p0 + kBlock);
    for (int64_t o = 0; o < matrix.outputs; ++o) {
      const unsigned char *row = matrix.at<uint16_t>(o, 0);
      for (int64_t p = p0; p < p1; ++p)
        std::memcpy(panel + (p * rows + o) * 4, row + 4 * p, 4);
    }
  }
  if (matrix.inputs % 2)
    for (int64_t o = 0; o < matrix.outputs; ++o)
      std::memcpy(panel + (pairs * rows + o) * 4, matrix.at<uint16_t>(o, matrix.inputs - 1), 2);
  return true;
}

bool packToF32(const StoredMatrix &matrix, const PanelShape &shape, void *panel) {
  switch (matrix.element) {
  case StoredElement::BF16: return pack<uint16_t, float>(matrix, shape, panel, bf16ToF32);
  case StoredElement::F16: return pack<uint16_t, float>(matrix, shape, panel, f16ToF32);
  case StoredElement::F32:
    return pack<float, float>(matrix, shape, panel, [](float value) { return value; });
  case StoredElement::F8E4M3: return false;
  }
  return false;
}

bool packToBF16(const StoredMatrix &matrix, const PanelShape &shape, void *panel) {
  switch (matrix.element) {
  case StoredElement::BF16:
    if (matrix.inputStride == 1 && shape.interleave == 2)
      return packPairs(matrix, shape.rows, panel);
    return pack<uint16_t, uint16_t>(matrix, shape, panel, [](uint16_t bits) { return bits; });
  case StoredElement::F16:
    return pack<uint16_t, uint16_t>(matrix, shape, panel,
                                    [](uint16_t bits) { return f32ToBF16(f16ToF32(bits)); });
  case StoredElement::F32: return pack<float, uint16_t>(matrix, shape, panel, f32ToBF16);
  case StoredElement::F8E4M3: return false;
  }
  return false;
}
} // namespace

bool hadal::packPanel(const StoredMatrix &matrix, const PanelShape &shape, StoredElement element,
                      void *panel) {
  switch (element) {
  case StoredElement::BF16: return packToBF16(matrix, shape, panel);
  case StoredElement::F32: return packToF32(matrix, shape, panel);
  case StoredElement::F8E4M3:
    return matrix.element == StoredElement::F8E4M3 &&
           pack<uint8_t, uint8_t>(matrix, shape, panel, [](uint8_t bits) { return bits; });
  case StoredElement::F16: return false;
  }
  return false;
}
