// SPDX-License-Identifier: Apache-2.0
// Operands of kernels in tiles: random activations, and weights as they are stored.
#ifndef HADAL_TEST_TARGET_CUDA_TILEOPERANDS_H
#define HADAL_TEST_TARGET_CUDA_TILEOPERANDS_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hadal::testing {

/// Evenly between -1 and 1.
std::vector<uint16_t> drawBF16(size_t count, unsigned seed);

/// A matrix [outputs, inputs] of random elements, as kernels read it: of bf16, or of f8E4M3FN with a scale
/// for each block.
struct TileWeight {
  TileWeight(int64_t outputs, int64_t inputs, unsigned seed, int64_t blockOutputs = 0,
             int64_t blockInputs = 0);

  std::vector<double> values; // with scales
  std::vector<uint8_t> packed;
  std::vector<float> scales;
};

} // namespace hadal::testing

#endif // HADAL_TEST_TARGET_CUDA_TILEOPERANDS_H
