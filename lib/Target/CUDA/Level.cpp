// SPDX-License-Identifier: Apache-2.0
// The table of compute capabilities.
#include "hadal/Target/CUDA/Level.h"

using namespace hadal::cuda;

static constexpr Level levels[] = {
    {"sm_90", "+ptx78"},
    {"sm_89", "+ptx78"},
    {"sm_86", "+ptx71"},
    {"sm_80", "+ptx70"},
};

llvm::ArrayRef<Level> hadal::cuda::allLevels() { return levels; }

const Level &hadal::cuda::lowestLevel() { return *std::prev(std::end(levels)); }

const Level *hadal::cuda::findLevel(llvm::StringRef name) {
  for (const Level &level : levels)
    if (level.name == name)
      return &level;
  return nullptr;
}
