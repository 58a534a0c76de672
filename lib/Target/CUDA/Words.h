// SPDX-License-Identifier: Apache-2.0
// Addresses and words, as kernels in tiles and of lanes build them alike.
#ifndef HADAL_LIB_TARGET_CUDA_WORDS_H
#define HADAL_LIB_TARGET_CUDA_WORDS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace hadal::cuda {

/// Address spaces of pointers.
enum class Space : unsigned { Global = 1, Shared = 3 };
mlir::Type pointerTo(mlir::MLIRContext *context, Space space);

/// An address so many bytes further. Constants are part of instructions.
mlir::Value plusBytes(mlir::ImplicitLocOpBuilder &b, mlir::Value pointer, int64_t bytes);
mlir::Value plusBytes(mlir::ImplicitLocOpBuilder &b, mlir::Value pointer, mlir::Value bytes);

/// All lanes of a warp, as a mask.
inline constexpr int64_t kAllLanes = -1;
/// What the lane has whose number differs in so many bits, or is so many less: of the first
/// ones, their own.
mlir::Value laneApart(mlir::ImplicitLocOpBuilder &b, mlir::Value x, int64_t lanes);
mlir::Value laneBelow(mlir::ImplicitLocOpBuilder &b, mlir::Value x, int64_t lanes);

/// Two elements of bf16 in a word, to nearest even, the first one low.
mlir::Value roundPair(mlir::ImplicitLocOpBuilder &b, mlir::Value low, mlir::Value high);

/// Values of one type as a vector.
mlir::Value makeVector(mlir::ImplicitLocOpBuilder &b, llvm::ArrayRef<mlir::Value> values);

/// Values that lie side by side, in one access that is aligned to all of them.
llvm::SmallVector<mlir::Value> loadValues(mlir::ImplicitLocOpBuilder &b, mlir::Type type,
                                          mlir::Value pointer, int64_t count);
/// Numbers of f32, rounded to `element`, in one access likewise: one, or an even number.
void storeNumbers(mlir::ImplicitLocOpBuilder &b, mlir::Type element,
                  llvm::ArrayRef<mlir::Value> numbers, mlir::Value pointer);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_WORDS_H
