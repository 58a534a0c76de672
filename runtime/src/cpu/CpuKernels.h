// SPDX-License-Identifier: Apache-2.0
// Code on the cpu device: images, their kernels, launches that are kept.
#ifndef HADAL_CPU_CPUKERNELS_H
#define HADAL_CPU_CPUKERNELS_H

#include "cpu/ElfImage.h"
#include "cpu/ThreadPool.h"
#include "hadal_device.h"

#include <deque>
#include <vector>

namespace hadal::runtime {

struct CpuKernel {
  hadal_kernel_fn_t function;
};

/// A mapped image and what was found in it.
struct CpuImage {
  ElfImage elf;
  std::deque<CpuKernel> kernels;
};

/// Errors: what is no image, a symbol that it lacks.
Status parseSection(const hadal_device_code_section_t &section, ElfImage &out);

/// Whether the cpu launches what has this interface: a workgroup is one thread's work, and its
/// parameters are those of hadal_kernel_abi.h.
Status checkCpuInterface(const hadal_device_interface_t &interface);

/// A launch as workers see it, over arrays of the caller's. `bindings` are host addresses.
GridJob gridJob(const hadal_device_launch_t &launch, void *const *bindings,
                const int64_t *constants, hadal_dispatch_state_t &state);

/// Launches that are kept with all that they were given.
class CpuRecord {
public:
  void add(const hadal_device_launch_t &launch);
  const std::vector<GridJob> &jobs() const { return list; }

private:
  struct Kept {
    std::vector<void *> bindings;
    std::vector<int64_t> constants;
    hadal_dispatch_state_t state = {};
  };
  std::deque<Kept> kept; // whose addresses stay
  std::vector<GridJob> list;
};

} // namespace hadal::runtime

#endif // HADAL_CPU_CPUKERNELS_H
