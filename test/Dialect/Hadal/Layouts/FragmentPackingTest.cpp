// SPDX-License-Identifier: Apache-2.0
// Fragments of a weight, by what the lanes of a matrix unit want.
#include "hadal/IR/FragmentPacking.h"

#include "gtest/gtest.h"

#include <vector>

using namespace hadal;

static StoredMatrix matrixOf(const std::vector<uint16_t> &source, int64_t outputs, int64_t inputs) {
  return {reinterpret_cast<const uint8_t *>(source.data()),
          StoredElement::BF16,
          outputs,
          inputs,
          inputs,
          1};
}

// Register a of lane l in step s of a block: rows l / 4 and eight below for odd a, the lane's
// eight inputs from 8 (l mod 4) on, four a step, two a register.
TEST(FragmentPacking, LanesHaveTheirOperandsInSixteenBytes) {
  const int64_t outputs = 13, inputs = 75;
  std::vector<uint16_t> source(outputs * inputs);
  for (size_t i = 0; i < source.size(); ++i)
    source[i] = uint16_t(i + 1);
  std::vector<uint16_t> packed(fragmentElements(inputs), 0xffff);
  ASSERT_EQ(packed.size(), 128u * 16);
  ASSERT_TRUE(packFragments(matrixOf(source, outputs, inputs), StoredElement::BF16, packed.data()));
  size_t i = 0;
  for (int64_t block = 0; block < 4; ++block)
    for (int64_t step = 0; step < 2; ++step)
      for (int64_t lane = 0; lane < 32; ++lane)
        for (int64_t a = 0; a < 4; ++a)
          for (int64_t e = 0; e < 2; ++e, ++i) {
            int64_t output = lane / 4 + a % 2 * 8;
            int64_t input = block * 32 + lane % 4 * 8 + step * 4 + a / 2 * 2 + e;
            uint16_t expected =
                output < outputs && input < inputs ? source[output * inputs + input] : 0;
            ASSERT_EQ(packed[i], expected) << block << "," << step << "," << lane << "," << a;
          }
}

TEST(FragmentPacking, ConvertsAndExchangesStrides) {
  const int64_t outputs = 16, inputs = 64;
  std::vector<float> rows(outputs * inputs), columns(rows.size());
  std::vector<uint16_t> rounded(rows.size());
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t k = 0; k < inputs; ++k) {
      float value = float(o * inputs + k) / 3;
      rows[o * inputs + k] = columns[k * outputs + o] = value;
      rounded[o * inputs + k] = f32ToBF16(value);
    }
  std::vector<uint16_t> a(fragmentElements(inputs)), b(a), c(a);
  auto bytes = [](const std::vector<float> &from) {
    return reinterpret_cast<const uint8_t *>(from.data());
  };
  ASSERT_TRUE(packFragments({bytes(rows), StoredElement::F32, outputs, inputs, inputs, 1},
                            StoredElement::BF16, a.data()));
  ASSERT_TRUE(packFragments({bytes(columns), StoredElement::F32, outputs, inputs, 1, outputs},
                            StoredElement::BF16, b.data()));
  ASSERT_TRUE(packFragments(matrixOf(rounded, outputs, inputs), StoredElement::BF16, c.data()));
  EXPECT_EQ(a, b);
  EXPECT_EQ(a, c);
}

// A word of a lane is two registers: the first by a mask, the second by a mask after shifts, each
// a pair of bf16 less 2^120.
TEST(FragmentPacking, F8SharesBits) {
  const int64_t outputs = 16, inputs = 32;
  std::vector<uint8_t> source(outputs * inputs);
  for (size_t i = 0; i < source.size(); ++i)
    source[i] = uint8_t(i * 7);
  std::vector<uint16_t> packed(fragmentElements(inputs) / 2);
  ASSERT_TRUE(packFragments({source.data(), StoredElement::F8E4M3, outputs, inputs, inputs, 1},
                            StoredElement::F8E4M3, packed.data()));
  for (int64_t lane = 0; lane < 32; ++lane)
    for (int64_t step = 0; step < 2; ++step)
      for (int64_t pair = 0; pair < 2; ++pair)
        for (int64_t e = 0; e < 2; ++e) {
          uint16_t bits = packed[((lane * 2 + step) * 2 + pair) * 2 + e];
          uint16_t near = bits & 0x87f0, far = (bits << 4 & 0x80f0) | (bits >> 4 & 0x0700);
          int64_t input = lane % 4 * 8 + step * 4 + pair * 2 + e;
          for (auto [output, half] : {std::pair(lane / 4, near), std::pair(lane / 4 + 8, far)}) {
            uint8_t expected = source[output * inputs + input];
            if ((expected & 0x7f) != 0x7f) // NaN
              ASSERT_EQ(bf16ToF32(half) * 0x1p120f, f8E4M3ToF32(expected)) << lane << ", " << step;
          }
        }
}

TEST(FragmentPacking, ConvertsNeitherFromNorToF8) {
  uint8_t byte = 0;
  uint16_t word = 0, packed[64 * 16];
  EXPECT_FALSE(
      packFragments({&byte, StoredElement::F8E4M3, 1, 1, 1, 1}, StoredElement::BF16, packed));
  StoredMatrix wide{reinterpret_cast<uint8_t *>(&word), StoredElement::BF16, 1, 1, 1, 1};
  EXPECT_FALSE(packFragments(wide, StoredElement::F8E4M3, packed));
}
