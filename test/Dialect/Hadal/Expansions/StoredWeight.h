// SPDX-License-Identifier: Apache-2.0
// Random operands of expansions: activations, and weights as they are stored.
#ifndef HADAL_TEST_DIALECT_HADAL_EXPANSIONS_STOREDWEIGHT_H
#define HADAL_TEST_DIALECT_HADAL_EXPANSIONS_STOREDWEIGHT_H

#include "../../../Target/CPU/KernelHarness.h"

#include "hadal/IR/StoredElements.h"

namespace hadal::testing {

inline constexpr FloatType bothTypes[] = {FloatType::F32, FloatType::BF16};

inline double tolerance(FloatType type) { return type == FloatType::BF16 ? 4e-3 : 1e-6; }
inline size_t bytesOf(FloatType type) { return type == FloatType::BF16 ? 2 : 4; }

inline std::vector<float> roundedFloats(size_t count, uint32_t seed, FloatType type,
                                        float scale = 1) {
  std::vector<float> values = randomFloats(count, seed, scale);
  for (float &value : values)
    value = rounded(value, type);
  return values;
}

/// A weight [batch, out, in], or [out, in] without a batch, as stored and as it counts.
struct StoredWeight {
  StoredWeight(std::vector<int64_t> extents, const std::string &element, uint32_t seed,
               int64_t blockOut = 1, int64_t blockIn = 1)
      : extents(extents), stored(0, 4), scales(0, 4) {
    int64_t in = extents.back(), out = extents[extents.size() - 2],
            batch = extents.size() > 2 ? extents[0] : 1;
    size_t count = size_t(batch * out * in);
    if (element != "f8E4M3FN") {
      FloatType type = element == "bf16" ? FloatType::BF16 : FloatType::F32;
      values = roundedFloats(count, seed, type, 0.3f);
      stored = Buffer(values, type);
      return;
    }
    int64_t rows = (out + blockOut - 1) / blockOut, columns = (in + blockIn - 1) / blockIn;
    std::vector<float> factors = randomFloats(size_t(batch * rows * columns), seed + 1, 0.3f);
    scales = Buffer(factors, FloatType::F32);
    scaleExtents.assign(extents.begin(), extents.end() - 2);
    scaleExtents.insert(scaleExtents.end(), {rows, columns});
    stored = Buffer(count, 1);
    std::mt19937 generator(seed);
    for (size_t i = 0; i < count; ++i) {
      auto code = uint8_t(generator() & 0xbf); // below 2, and never NaN
      static_cast<uint8_t *>(stored.data())[i] = code;
      int64_t b = int64_t(i) / (out * in), o = int64_t(i) / in % out, k = int64_t(i) % in;
      values.push_back(f8E4M3ToF32(code) *
                       factors[(b * rows + o / blockOut) * columns + k / blockIn]);
    }
  }
  std::vector<int64_t> extents, scaleExtents;
  Buffer stored, scales;
  std::vector<float> values;
};

} // namespace hadal::testing

#endif // HADAL_TEST_DIALECT_HADAL_EXPANSIONS_STOREDWEIGHT_H
