// SPDX-License-Identifier: Apache-2.0
// How a kernel that lanes compute without matrix units is launched.
#ifndef HADAL_TARGET_CUDA_LANEKERNEL_H
#define HADAL_TARGET_CUDA_LANEKERNEL_H

#include <cstdint>
#include <vector>

namespace hadal::cuda {

/// Its parameters are the addresses of its bindings, of its workspace if it has one, and
/// of its constants, the first of which are the rows of the call.
struct LaneLaunch {
  int64_t threads = 0; // of a workgroup
  /// Rows of a workgroup; zero: there is one workgroup, for all of them.
  int64_t rows = 0;
  /// Constants of which the largest is how many rows there are.
  std::vector<int64_t> counts = {0};
  int64_t columns = 1; // workgroups side by side, in y
  int64_t sharedBytes = 0;
  int64_t workspaceOfRow = 0; // bytes
};

} // namespace hadal::cuda

#endif // HADAL_TARGET_CUDA_LANEKERNEL_H
