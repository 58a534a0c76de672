// SPDX-License-Identifier: Apache-2.0
// Takes what keeps order and bounds away from a kernel, one by one: each is missed.
#ifndef HADAL_TEST_TARGET_CUDA_MUTATIONS_H
#define HADAL_TEST_TARGET_CUDA_MUTATIONS_H

#include "SimKernel.h"

#include <gtest/gtest.h>

namespace hadal::testing {

/// Whether what a kernel computes is as it was.
using IsSame = llvm::function_ref<bool()>;

/// Without a line of PTX in which threads wait for each other or for copies, a check fires or the results
/// are others, for each of at least so many lines.
void expectWaitsMissed(SimKernel &kernel, size_t atLeast, IsSame isSame);

/// The same of bounds of a program in the tile language: rows of a window, masks, the lesser of two numbers,
/// and what is done under a condition alone. `mayBeLeftOut` says which nobody misses.
void expectBoundsMissed(SimKernel &kernel, size_t atLeast, IsSame isSame,
                        llvm::function_ref<bool(mlir::Operation *)> mayBeLeftOut = nullptr);

/// What compares the results of `compute` with those of the kernel as it is.
template <typename Compute>
auto compareWith(const Compute &compute) {
  auto isSame = [compute, right = compute()] { return compute() == right; };
  EXPECT_TRUE(isSame()) << "expected the same results of the same inputs";
  return isSame;
}

} // namespace hadal::testing

#endif // HADAL_TEST_TARGET_CUDA_MUTATIONS_H
