// SPDX-License-Identifier: Apache-2.0
// Panels of a weight, element by element.
#include "hadal/IR/PanelPacking.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <vector>

using namespace hadal;

static constexpr PanelShape kPairs{32, 2};

template <typename T>
static const uint8_t *bytesOf(const std::vector<T> &values) {
  return reinterpret_cast<const uint8_t *>(values.data());
}

TEST(PanelPacking, PairsOfOddInputsAreZeroPadded) {
  const int64_t outputs = 3, inputs = 5;
  std::vector<uint16_t> source(outputs * inputs);
  for (size_t i = 0; i < source.size(); ++i)
    source[i] = uint16_t(0x3f80 + i);
  std::vector<uint16_t> panel(kPairs.elements(inputs), 0xffff);
  StoredMatrix from{bytesOf(source), StoredElement::BF16, outputs, inputs, inputs, 1};
  ASSERT_TRUE(packPanel(from, kPairs, StoredElement::BF16, panel.data()));
  for (int64_t k = 0; k < 6; ++k)
    for (int64_t o = 0; o < 32; ++o) {
      uint16_t expected = o < outputs && k < inputs ? source[o * inputs + k] : 0;
      EXPECT_EQ(panel[(k / 2 * 32 + o) * 2 + k % 2], expected) << o << "," << k;
    }
}

TEST(PanelPacking, TransposedSourcesExchangeStrides) {
  const int64_t outputs = 32, inputs = 40;
  std::vector<uint16_t> source(outputs * inputs), transposed(source.size());
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t k = 0; k < inputs; ++k)
      transposed[k * outputs + o] = source[o * inputs + k] = uint16_t(o * 64 + k);
  std::vector<uint16_t> a(kPairs.elements(inputs)), b(a);
  StoredMatrix rows{bytesOf(source), StoredElement::BF16, outputs, inputs, inputs, 1};
  StoredMatrix columns{bytesOf(transposed), StoredElement::BF16, outputs, inputs, 1, outputs};
  ASSERT_TRUE(packPanel(rows, kPairs, StoredElement::BF16, a.data()));
  ASSERT_TRUE(packPanel(columns, kPairs, StoredElement::BF16, b.data()));
  EXPECT_EQ(a, b);
}

TEST(PanelPacking, RefusesConversionsOfF8) {
  uint8_t byte = 0;
  float panel[32];
  StoredMatrix from{&byte, StoredElement::F8E4M3, 1, 1, 1, 1};
  EXPECT_FALSE(packPanel(from, {32, 1}, StoredElement::F32, panel));
}

TEST(PanelPacking, TakesAnyShapeOfPanel) {
  const int64_t outputs = 5, inputs = 7;
  std::vector<float> source(outputs * inputs);
  for (size_t i = 0; i < source.size(); ++i)
    source[i] = float(i + 1);
  StoredMatrix from{bytesOf(source), StoredElement::F32, outputs, inputs, inputs, 1};
  for (int64_t interleave : {1, 2, 3, 4}) {
    PanelShape shape{8, interleave};
    std::vector<float> panel(shape.elements(inputs), -1);
    ASSERT_TRUE(packPanel(from, shape, StoredElement::F32, panel.data()));
    for (size_t i = 0; i < panel.size(); ++i) {
      int64_t o = int64_t(i) / interleave % 8;
      int64_t k = int64_t(i) / (8 * interleave) * interleave + int64_t(i) % interleave;
      EXPECT_EQ(panel[i], o < outputs && k < inputs ? source[o * inputs + k] : 0) << i;
    }
  }
}

// What a sanitizer sees of it is the test: a processor of this family reads any address.
TEST(PanelPacking, SourcesMayLieAtAnyByte) {
  const int64_t outputs = 3, inputs = 6;
  std::vector<uint16_t> source(outputs * inputs);
  for (size_t i = 0; i < source.size(); ++i)
    source[i] = uint16_t(0x3f80 + i);
  std::vector<uint8_t> moved(source.size() * 2 + 1);
  std::copy_n(bytesOf(source), source.size() * 2, moved.begin() + 1);
  for (PanelShape shape : {kPairs, PanelShape{32, 1}})
    for (StoredElement element : {StoredElement::BF16, StoredElement::F32}) {
      std::vector<float> a(shape.elements(inputs)), b(a);
      StoredMatrix aligned{bytesOf(source), StoredElement::BF16, outputs, inputs, inputs, 1};
      StoredMatrix unaligned = aligned;
      unaligned.data = moved.data() + 1;
      ASSERT_TRUE(packPanel(aligned, shape, element, a.data()));
      ASSERT_TRUE(packPanel(unaligned, shape, element, b.data()));
      EXPECT_EQ(a, b);
    }
}
