// SPDX-License-Identifier: Apache-2.0
// The host's own cores as a device.
#ifndef HADAL_CPU_CPUDEVICE_H
#define HADAL_CPU_CPUDEVICE_H

#include "core/Device.h"

namespace hadal::runtime {

/// A pool of `threads` threads, 0 for one a core, and the levels that the CPU
/// and HADAL_CPU_LEVEL allow.
Status openCpuDevice(uint32_t threads, std::unique_ptr<Device> &out);

} // namespace hadal::runtime

#endif // HADAL_CPU_CPUDEVICE_H
