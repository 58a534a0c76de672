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

/// A matrix [outputs, inputs] of bf16 in fragments.
std::vector<uint16_t> packWeights(const std::vector<uint16_t> &weight, int64_t outputs,
                                  int64_t inputs);

} // namespace hadal::testing

#endif // HADAL_TEST_TARGET_CUDA_TILEOPERANDS_H
