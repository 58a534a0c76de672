// SPDX-License-Identifier: Apache-2.0
// The table of compute capabilities.
#include "hadal/Target/CUDA/Level.h"

using namespace hadal::cuda;

static constexpr Level levels[] = {
    // CUDA C++ programming guide, technical specifications of compute capabilities.
    {"sm_90", "+ptx78", 227 << 10},
    {"sm_89", "+ptx78", 99 << 10},
    {"sm_86", "+ptx71", 99 << 10},
    {"sm_80", "+ptx70", 163 << 10},
};

llvm::ArrayRef<Level> hadal::cuda::allLevels() { return levels; }

const Level &hadal::cuda::lowestLevel() { return *std::prev(std::end(levels)); }

const Level *hadal::cuda::findLevel(llvm::StringRef name) {
  for (const Level &level : levels)
    if (level.name == name)
      return &level;
  return nullptr;
}
