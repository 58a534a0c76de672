// SPDX-License-Identifier: Apache-2.0
// The conversions of stored elements that kernels and packers agree on.
#include "hadal/IR/StoredElements.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace hadal;

TEST(StoredElements, ConvertsF16Exactly) {
  EXPECT_EQ(f16ToF32(0x3c00), 1.0f);
  EXPECT_EQ(f16ToF32(0xc000), -2.0f);
  EXPECT_EQ(f16ToF32(0x0001), 0x1p-24f);
  EXPECT_EQ(f16ToF32(0x83ff), -0x1.ff8p-15f);
  EXPECT_EQ(f16ToF32(0x7bff), 65504.0f);
  EXPECT_EQ(f16ToF32(0xfc00), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(f16ToF32(0x7e00)));
}

TEST(StoredElements, RoundsToNearestEvenBF16) {
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

TEST(StoredElements, DecodesE4M3) {
  EXPECT_EQ(f8E4M3ToF32(0x38), 1.0f);
  EXPECT_EQ(f8E4M3ToF32(0xfe), -448.0f);
  EXPECT_EQ(f8E4M3ToF32(0x01), 0x1p-9f);
  EXPECT_EQ(f8E4M3ToF32(0x07), 7 * 0x1p-9f);
  EXPECT_TRUE(std::isnan(f8E4M3ToF32(0x7f)));
}
