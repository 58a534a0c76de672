// SPDX-License-Identifier: Apache-2.0
// Operands of kernels in tiles: random activations, weights as they are stored, pairs by expert; and
// what comes of them.
#ifndef HADAL_TEST_TARGET_CUDA_TILEOPERANDS_H
#define HADAL_TEST_TARGET_CUDA_TILEOPERANDS_H

#include "hadal/Target/CUDA/LinearKernels.h"

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

  int64_t inputs;
  std::vector<double> values; // with scales
  std::vector<uint8_t> packed;
  std::vector<float> scales;
};

/// What a row of a result is in double precision, and of what size numbers are that it is the sum of.
struct Sum {
  double value = 0, size = 0;
};

/// Of a row of activations and an output.
Sum multiply(const uint16_t *row, const TileWeight &weight, int64_t output);
/// silu(gate) up.
Sum applyGate(const Sum &gate, const Sum &up);

/// The one that computes so many rows, or pairs.
const cuda::LinearProgram &programFor(llvm::ArrayRef<cuda::LinearProgram> programs, int64_t rows);

/// Leaves one of a kernel's programs in it alone: the kernel is that of calls which the program is for.
void keepProgram(mlir::Block *kernels, size_t number);

/// Whether an op only decides which program runs, or leaves out a window that has no rows, of which nothing would be
/// read and written, or activations of a depth that no warp multiplies.
bool onlySavesWork(mlir::Operation *op);

/// Pairs sorted by expert, and where those of each begin.
struct Groups {
  std::vector<int32_t> offsets, pairs;
};
Groups sortPairs(const std::vector<int32_t> &ids, int64_t experts);

} // namespace hadal::testing

#endif // HADAL_TEST_TARGET_CUDA_TILEOPERANDS_H
