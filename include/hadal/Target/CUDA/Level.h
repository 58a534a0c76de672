// SPDX-License-Identifier: Apache-2.0
// The compute capabilities that GPU kernels are compiled for.
#ifndef HADAL_TARGET_CUDA_LEVEL_H
#define HADAL_TARGET_CUDA_LEVEL_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace hadal::cuda {

/// The family of the target: its name in options, programs and artifacts.
inline constexpr llvm::StringLiteral kFamily = "cuda";

/// Threads that execute one instruction together.
inline constexpr int64_t kWarp = 32;

/// A level is a compute capability. Levels differ by what stands here and by
/// nothing else; code for a lower one runs on a higher one.
struct Level {
  llvm::StringLiteral name;     // in artifacts, options, and LLVM's processors
  llvm::StringLiteral features; // the oldest version of PTX that knows it
  int64_t sharedBytes;          // of shared memory that a workgroup may have
};

/// Every level, best first.
llvm::ArrayRef<Level> allLevels();

/// The level that every other one can run.
const Level &lowestLevel();

/// The level of that name, or null.
const Level *findLevel(llvm::StringRef name);

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_LEVEL_H
