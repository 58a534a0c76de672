// SPDX-License-Identifier: Apache-2.0
// Operands of kernels in tiles: random activations, and weights as they are stored.
#include "TileOperands.h"

#include "hadal/IR/FragmentPacking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace hadal;
using namespace hadal::testing;

std::vector<uint16_t> hadal::testing::drawBF16(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> values(-1, 1);
  std::vector<uint16_t> drawn(count);
  for (uint16_t &value : drawn)
    value = f32ToBF16(values(random));
  return drawn;
}

/// All numbers alike.
static std::vector<uint8_t> drawF8(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> magnitudes(0, 126), signs(0, 1);
  std::vector<uint8_t> drawn(count);
  for (uint8_t &value : drawn)
    value = uint8_t(signs(random) << 7 | magnitudes(random));
  return drawn;
}

TileWeight::TileWeight(int64_t outputs, int64_t inputs, unsigned seed, int64_t blockOutputs,
                       int64_t blockInputs) {
  bool isNarrow = blockOutputs > 0;
  StoredElement element = isNarrow ? StoredElement::F8E4M3 : StoredElement::BF16;
  size_t count = size_t(outputs * inputs);
  values.resize(count);
  std::vector<uint8_t> source = drawF8(isNarrow ? count : 0, seed);
  std::vector<uint16_t> wide = drawBF16(isNarrow ? 0 : count, seed);
  if (isNarrow) {
    int64_t columns = (inputs + blockInputs - 1) / blockInputs;
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> draw(0.5f / 448, 1.5f / 448);
    scales.resize((outputs + blockOutputs - 1) / blockOutputs * columns);
    for (float &scale : scales)
      scale = draw(random);
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t k = 0; k < inputs; ++k)
        values[o * inputs + k] = double(f8E4M3ToF32(source[o * inputs + k])) *
                                 scales[o / blockOutputs * columns + k / blockInputs];
  } else {
    std::transform(wide.begin(), wide.end(), values.begin(), bf16ToF32);
  }
  const uint8_t *data = isNarrow ? source.data() : reinterpret_cast<const uint8_t *>(wide.data());
  int64_t bytes = bytesOf(element), part = fragmentElements(inputs) * bytes;
  packed.resize((outputs + 15) / 16 * part);
  for (int64_t o = 0; o < outputs; o += 16) {
    StoredMatrix rows{
        data + o * inputs * bytes, element, std::min<int64_t>(16, outputs - o), inputs, inputs, 1};
    EXPECT_TRUE(packFragments(rows, element, &packed[o / 16 * part]));
  }
}
