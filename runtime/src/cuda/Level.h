// SPDX-License-Identifier: Apache-2.0
// Levels of kernels: "sm_80", "sm_90a"; which of them a device runs.
#ifndef HADAL_CUDA_LEVEL_H
#define HADAL_CUDA_LEVEL_H

#include <string>
#include <string_view>
#include <vector>

namespace hadal::cuda {

/// A level, or the compute capability of a device (then without a feature).
struct Level {
  int major = 0, minor = 0;
  char feature = 0; // 'a': of this capability alone; 'f': of this and later ones of its major

  std::string name() const;
};

/// Whether `text` is a level.
bool parseLevel(std::string_view text, Level &out);

/// Whether PTX for `level` may be compiled for `device`.
bool runsPtx(const Level &device, const Level &level);
/// Whether machine code for `level` runs on `device`.
bool runsMachineCode(const Level &device, const Level &level);

/// All levels whose PTX a device runs, best first.
std::vector<std::string> levelsOf(const Level &device);

} // namespace hadal::cuda

#endif // HADAL_CUDA_LEVEL_H
