// SPDX-License-Identifier: Apache-2.0
// The packed layout, element by element, and the conversions it rests on.
#include "hadal/Target/CPU/PackedLayout.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace hadal::cpu;

TEST(PackedLayout, SizesCountPadding) {
  EXPECT_EQ(packedBytes(WeightType::BF16, 2, 33, 5), 2 * 2 * 3 * 32 * 2 * 2);
  EXPECT_EQ(packedBytes(WeightType::F32, 1, 32, 5), 5 * 32 * 4);
  EXPECT_EQ(packedBytes(WeightType::F8E4M3, 3, 31, 7), 3 * 7 * 32);
}

TEST(PackedLayout, PairsOfOddInputsAreZeroPadded) {
  const int64_t outputs = 3, inputs = 5;
  std::vector<uint16_t> source(outputs * inputs);
  for (size_t i = 0; i < source.size(); ++i)
    source[i] = uint16_t(0x3f80 + i);
  std::vector<uint16_t> panel(panelElements(WeightType::BF16, inputs), 0xffff);
  PanelSource from{source.data(), SourceType::BF16, inputs, 1};
  ASSERT_TRUE(packPanel(from, outputs, inputs, WeightType::BF16, panel.data()));
  for (int64_t k = 0; k < 6; ++k)
    for (int64_t o = 0; o < 32; ++o) {
      uint16_t expected =
          o < outputs && k < inputs ? source[o * inputs + k] : 0;
      EXPECT_EQ(panel[(k / 2 * 32 + o) * 2 + k % 2], expected) << o << "," << k;
    }
}

TEST(PackedLayout, TransposedSourcesExchangeStrides) {
  const int64_t outputs = 32, inputs = 40;
  std::vector<uint16_t> source(outputs * inputs), transposed(source.size());
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t k = 0; k < inputs; ++k)
      transposed[k * outputs + o] = source[o * inputs + k] =
          uint16_t(o * 64 + k);
  std::vector<uint16_t> a(panelElements(WeightType::BF16, inputs)), b(a);
  PanelSource rows{source.data(), SourceType::BF16, inputs, 1};
  PanelSource columns{transposed.data(), SourceType::BF16, 1, outputs};
  ASSERT_TRUE(packPanel(rows, outputs, inputs, WeightType::BF16, a.data()));
  ASSERT_TRUE(packPanel(columns, outputs, inputs, WeightType::BF16, b.data()));
  EXPECT_EQ(a, b);
}

TEST(PackedLayout, RefusesConversionsOfF8) {
  uint8_t byte = 0;
  float panel[32];
  PanelSource from{&byte, SourceType::F8E4M3, 1, 1};
  EXPECT_FALSE(packPanel(from, 1, 1, WeightType::F32, panel));
}

TEST(PackedLayout, ConvertsF16Exactly) {
  EXPECT_EQ(f16ToF32(0x3c00), 1.0f);
  EXPECT_EQ(f16ToF32(0xc000), -2.0f);
  EXPECT_EQ(f16ToF32(0x0001), 0x1p-24f);
  EXPECT_EQ(f16ToF32(0x83ff), -0x1.ff8p-15f);
  EXPECT_EQ(f16ToF32(0x7bff), 65504.0f);
  EXPECT_EQ(f16ToF32(0xfc00), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(f16ToF32(0x7e00)));
}

TEST(PackedLayout, RoundsToNearestEvenBF16) {
  EXPECT_EQ(f32ToBF16(1.0f), 0x3f80);
  EXPECT_EQ(f32ToBF16(0x1.01p0f), 0x3f80) << "a tie goes to even, down";
  EXPECT_EQ(f32ToBF16(0x1.03p0f), 0x3f82) << "a tie goes to even, up";
  EXPECT_EQ(f32ToBF16(0x1.010002p0f), 0x3f81);
  EXPECT_EQ(f32ToBF16(std::numeric_limits<float>::max()), 0x7f80);
  uint32_t bits = 0x7f800001;
  float nan;
  std::memcpy(&nan, &bits, sizeof nan);
  EXPECT_EQ(f32ToBF16(nan), 0x7fc0);
}

TEST(PackedLayout, DecodesE4M3) {
  EXPECT_EQ(f8E4M3ToF32(0x38), 1.0f);
  EXPECT_EQ(f8E4M3ToF32(0xfe), -448.0f);
  EXPECT_EQ(f8E4M3ToF32(0x01), 0x1p-9f);
  EXPECT_EQ(f8E4M3ToF32(0x07), 7 * 0x1p-9f);
  EXPECT_TRUE(std::isnan(f8E4M3ToF32(0x7f)));
}
