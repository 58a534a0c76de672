// SPDX-License-Identifier: Apache-2.0
// Operands of kernels in tiles: random activations, and weights as they are stored.
#include "TileOperands.h"

#include "hadal/IR/FragmentPacking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace hadal;

std::vector<uint16_t> hadal::testing::drawBF16(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> values(-1, 1);
  std::vector<uint16_t> drawn(count);
  for (uint16_t &value : drawn)
    value = f32ToBF16(values(random));
  return drawn;
}

std::vector<uint16_t> hadal::testing::packWeights(const std::vector<uint16_t> &weight,
                                                  int64_t outputs, int64_t inputs) {
  int64_t part = fragmentElements(inputs);
  std::vector<uint16_t> result((outputs + 15) / 16 * part);
  for (int64_t o = 0; o < outputs; o += 16) {
    StoredMatrix rows{reinterpret_cast<const uint8_t *>(&weight[o * inputs]),
                      StoredElement::BF16,
                      std::min<int64_t>(16, outputs - o),
                      inputs,
                      inputs,
                      1};
    EXPECT_TRUE(packFragments(rows, &result[o / 16 * part]));
  }
  return result;
}
