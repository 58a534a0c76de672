// SPDX-License-Identifier: Apache-2.0
// Names and LLVM features of the instruction-set levels.
#include "hadal/Target/CPU/Level.h"

#include "llvm/Support/ErrorHandling.h"

using namespace hadal::cpu;

namespace {
struct LevelInfo {
  Level level;
  llvm::StringLiteral name;
  llvm::StringLiteral cpu;
  llvm::StringLiteral features;
  unsigned width;
};

// LLVM prefers 256-bit vectors on its generic x86-64-v4; the kernels are
// written for whole 512-bit registers.
constexpr LevelInfo levels[] = {
    {Level::V3, "x86-64-v3", "x86-64-v3", "+avx2,+fma,+f16c,+bmi,+bmi2", 8},
    {Level::V4BF16, "x86-64-v4-bf16", "x86-64-v4",
     "+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl,+avx512bf16,"
     "+avx512vnni,-prefer-256-bit",
     16},
};

const LevelInfo &getInfo(Level level) {
  for (const LevelInfo &info : levels)
    if (info.level == level)
      return info;
  llvm_unreachable("level without an entry in the table");
}
} // namespace

llvm::ArrayRef<Level> hadal::cpu::allLevels() {
  static constexpr Level all[] = {Level::V3, Level::V4BF16};
  return all;
}

llvm::StringRef hadal::cpu::getLevelName(Level level) { return getInfo(level).name; }

std::optional<Level> hadal::cpu::parseLevel(llvm::StringRef name) {
  for (const LevelInfo &info : levels)
    if (info.name == name)
      return info.level;
  return std::nullopt;
}

llvm::StringRef hadal::cpu::getLLVMCPU(Level level) { return getInfo(level).cpu; }

llvm::StringRef hadal::cpu::getLLVMFeatures(Level level) { return getInfo(level).features; }

unsigned hadal::cpu::getVectorWidth(Level level) { return getInfo(level).width; }
