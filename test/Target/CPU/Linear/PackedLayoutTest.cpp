// SPDX-License-Identifier: Apache-2.0
// The sizes of packed weights by which kernels find their panels.
#include "hadal/Target/CPU/PackedLayout.h"

#include "gtest/gtest.h"

using namespace hadal::cpu;

TEST(PackedLayout, SizesCountPadding) {
  EXPECT_EQ(packedBytes(WeightType::BF16, 2, 33, 5), 2 * 2 * 3 * 32 * 2 * 2);
  EXPECT_EQ(packedBytes(WeightType::F32, 1, 32, 5), 5 * 32 * 4);
  EXPECT_EQ(packedBytes(WeightType::F8E4M3, 3, 31, 7), 3 * 7 * 32);
}

TEST(PackedLayout, AgreesWithThePacker) {
  for (WeightType type : {WeightType::BF16, WeightType::F32, WeightType::F8E4M3})
    for (int64_t inputs : {1, 5, 64}) {
      EXPECT_EQ(panelElements(type, inputs), panelShapeOf(type).elements(inputs));
      EXPECT_EQ(elementBytes(type), hadal::bytesOf(elementOf(type)));
    }
}
