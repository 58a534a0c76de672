// SPDX-License-Identifier: Apache-2.0
// What the launches of an entry point depend on, so that those of one call can serve another.
#ifndef HADAL_CORE_RECORDDIMS_H
#define HADAL_CORE_RECORDDIMS_H

#include "core/Kernels.h"
#include "core/Program.h"

#include <vector>

namespace hadal::runtime {

/// The integers of a call that decide what is launched and where it finds its operands.
///
/// Most are baked into launches: a kernel gets them by value, or a branch asks for them. A record
/// fits calls of the same values. Those that reach grids and sizes alone, since all kernels concerned
/// read their constants from memory and leave surplus workgroups, are rounded up where that makes no
/// size smaller and changes no condition, so that one record fits many calls; the constants themselves go up with the
/// arguments of each call.
struct RecordDims {
  struct Extent {
    uint32_t argument, axis;
  };

  bool recordable = false; // false: more dims than are followed
  struct Rounded {
    uint32_t dim;
    std::vector<int64_t> limits; // upwards: values up to which a condition holds
  };

  std::vector<uint32_t> exact; // of the program's dims, those that change from call to call
  std::vector<Rounded> rounded;
  std::vector<Extent> extents; // of arguments: exact
  uint32_t constantsBytes = 0; // of all launches that read theirs from memory
};

RecordDims recordDims(const Program &program, const Entry &entry, const Kernels &kernels);

/// Whether a kernel reads constants of its launch from memory.
bool readsConstants(const KernelInterface &interface);

/// Bytes that the constants of a launch take there.
inline uint32_t constantsBytesOf(const Launch &launch) {
  return launch.constants.size() * static_cast<uint32_t>(sizeof(int64_t));
}

/// What a dim is rounded up to: a power of two and not less than is worth a record of its own, but
/// not beyond a limit that it is within.
int64_t roundUp(const HostDim &dim, int64_t value, const std::vector<int64_t> &limits);

} // namespace hadal::runtime

#endif // HADAL_CORE_RECORDDIMS_H
