// SPDX-License-Identifier: Apache-2.0
// Packs a matrix in the order of a matrix unit's lanes, the layout of #hadal.fragments.
#include "hadal/IR/FragmentPacking.h"

#include <cstring>

using namespace hadal;

namespace {
/// Where in its block an element is.
int64_t placeOf(int64_t output, int64_t input) {
  int64_t step = input / 4 % 2, lane = output % 8 * 4 + input / 8;
  int64_t pair = input / 2 % 2, half = output / 8;
  return ((step * 32 + lane) * 2 + pair) * 4 + half * 2 + input % 2;
}

template <typename From, typename Convert>
bool pack(const StoredMatrix &matrix, uint16_t *out, Convert convert) {
  std::memset(out, 0, size_t(fragmentElements(matrix.inputs)) * sizeof(uint16_t));
  for (int64_t o = 0; o < matrix.outputs; ++o)
    for (int64_t k = 0; k < matrix.inputs; ++k) {
      uint16_t *block = out + k / kFragmentInputs * kFragmentInputs * kFragmentOutputs;
      block[placeOf(o, k % kFragmentInputs)] = convert(matrix.load<From>(o, k));
    }
  return true;
}

/// Where in its block the 16 bits of an element and of the one 8 outputs further are.
int64_t placeOfPair(int64_t output, int64_t input) {
  int64_t step = input / 4 % 2, lane = output % 8 * 4 + input / 8, pair = input / 2 % 2;
  return ((lane * 2 + step) * 2 + pair) * 2 + input % 2;
}

bool packF8(const StoredMatrix &matrix, uint16_t *out) {
  std::memset(out, 0, size_t(fragmentElements(matrix.inputs)));
  for (int64_t o = 0; o < matrix.outputs; ++o)
    for (int64_t k = 0; k < matrix.inputs; ++k) {
      auto bits = matrix.load<uint8_t>(o, k);
      uint16_t *block = out + k / kFragmentInputs * kFragmentInputs * kFragmentOutputs / 2;
      block[placeOfPair(o, k % kFragmentInputs)] |= spreadF8(bits, o >= 8);
    }
  return true;
}
} // namespace

bool hadal::packFragments(const StoredMatrix &matrix, StoredElement element, void *out) {
  auto *packed = static_cast<uint16_t *>(out);
  if (element == StoredElement::F8E4M3)
    return matrix.element == element && packF8(matrix, packed);
  if (element != StoredElement::BF16)
    return false;
  switch (matrix.element) {
  case StoredElement::BF16:
    return pack<uint16_t>(matrix, packed, [](uint16_t bits) { return bits; });
  case StoredElement::F16:
    return pack<uint16_t>(matrix, packed, [](uint16_t bits) { return f32ToBF16(f16ToF32(bits)); });
  case StoredElement::F32: return pack<float>(matrix, packed, f32ToBF16);
  case StoredElement::F8E4M3: return false;
  }
  return false;
}
