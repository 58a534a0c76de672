// SPDX-License-Identifier: Apache-2.0
// The instruction-set levels that CPU kernels are compiled for.
#ifndef HADAL_TARGET_CPU_LEVEL_H
#define HADAL_TARGET_CPU_LEVEL_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace hadal::cpu {

/// The family of the target: its name in options, programs and artifacts.
inline constexpr llvm::StringLiteral kFamily = "cpu";

/// A level is what the runtime picks by cpuid when it loads an artifact. Levels
/// share the bindings and the packed weights of a program; only code differs.
enum class Level {
  V3,     ///< x86-64-v3: AVX2, FMA, F16C; 16 vector registers of 8 f32
  V4BF16, ///< x86-64-v4 with AVX512_BF16 and VNNI; 32 registers of 16 f32
};

/// Every level, lowest first.
llvm::ArrayRef<Level> allLevels();

/// The name in artifacts, options and messages: `x86-64-v3`, `x86-64-v4-bf16`.
llvm::StringRef getLevelName(Level level);

/// The level of that name, or none.
std::optional<Level> parseLevel(llvm::StringRef name);

/// What LLVM calls the level: the `target-cpu` and `target-features` strings.
llvm::StringRef getLLVMCPU(Level level);
llvm::StringRef getLLVMFeatures(Level level);

/// Lanes of a native vector of f32: 8 or 16.
unsigned getVectorWidth(Level level);

/// What kernels are emitted for.
struct KernelTarget {
  Level level = Level::V3;

  /// Emit the program of `level` (its vector width, tiles and order of
  /// operations) in generic operations that every level can execute. So a
  /// machine without AVX-512 can run the structure of a V4BF16 kernel; the
  /// image is then compiled for V3.
  bool emulate = false;

  unsigned width() const { return getVectorWidth(level); }

  /// Whether a product of bf16 pairs may use the dot unit's arithmetic: two
  /// fused multiply-adds for each accumulator, the odd element first.
  bool usesPairDot() const { return level == Level::V4BF16; }

  /// Whether instructions beyond V3 may be named.
  bool hasNativeBF16() const { return level == Level::V4BF16 && !emulate; }

  /// The level to compile the module for.
  Level codegenLevel() const { return emulate ? Level::V3 : level; }
};

} // namespace hadal::cpu

#endif // HADAL_TARGET_CPU_LEVEL_H
