// SPDX-License-Identifier: Apache-2.0
// Tests that values that are not finite are seen in every type, at every place.
#include "NonFinite.h"

#include "mlir/IR/Builders.h"

#include <gtest/gtest.h>

using namespace hadal;

namespace {

struct Format {
  mlir::Type type;
  unsigned bytes;
  uint32_t sign, infinity; // the smallest magnitude that is not finite
};

class NonFinite : public testing::Test {
protected:
  mlir::MLIRContext context;
  mlir::Builder builder{&context};
  std::vector<Format> formats = {
      {builder.getF32Type(), 4, 0x80000000, 0x7f800000},
      {builder.getBF16Type(), 2, 0x8000, 0x7f80},
      {builder.getF16Type(), 2, 0x8000, 0x7c00},
      {mlir::Float8E4M3FNType::get(&context), 1, 0x80, 0x7f},
  };
  static void put(std::vector<char> &data, const Format &format, size_t i, uint32_t bits) {
    std::memcpy(data.data() + i * format.bytes, &bits, format.bytes);
  }
};

TEST_F(NonFinite, EveryValueOfTheShortTypes) {
  for (const Format &format : formats) {
    if (format.bytes > 2)
      continue;
    for (uint32_t bits = 0; bits < (1u << 8 * format.bytes); ++bits) {
      std::vector<char> data(40 * format.bytes);
      put(data, format, 7, bits);
      EXPECT_EQ(hasNonFinite(format.type, data.data(), data.size()),
                (bits & ~format.sign) >= format.infinity)
          << std::hex << bits;
    }
  }
}

TEST_F(NonFinite, TheEdgesOfF32) {
  const Format &f32 = formats[0];
  for (uint32_t sign : {0u, f32.sign})
    for (auto [magnitude, expected] : {std::pair(0x7f7fffffu, false),
                                       {0x7f800000u, true},
                                       {0x7f800001u, true},
                                       {0x7fffffffu, true},
                                       {0u, false}}) {
      std::vector<char> data(8);
      put(data, f32, 1, magnitude | sign);
      EXPECT_EQ(hasNonFinite(f32.type, data.data(), data.size()), expected) << magnitude;
    }
}

// Neighbours of the largest finite values must not add up to one that is not.
TEST_F(NonFinite, EveryPlace) {
  for (const Format &format : formats)
    for (size_t count : {0, 1, 2, 3, 5, 8, 31, 32, 33, 4095, 4096, 4097, 9001}) {
      std::vector<char> data(count * format.bytes);
      for (size_t i = 0; i < count; ++i)
        put(data, format, i, (format.infinity - 1) | (i % 2 ? format.sign : 0));
      EXPECT_FALSE(hasNonFinite(format.type, data.data(), data.size()));
      for (size_t i = 0; i < count; i += 1 + count / 40) {
        std::vector<char> changed = data;
        put(changed, format, i, format.infinity | format.sign);
        EXPECT_TRUE(hasNonFinite(format.type, changed.data(), changed.size()))
            << i << " of " << count;
      }
    }
}

} // namespace
