// SPDX-License-Identifier: Apache-2.0
// The host's own cores as a device.
#ifndef HADAL_CPU_CPUDEVICE_H
#define HADAL_CPU_CPUDEVICE_H

#include "core/Device.h"
#include "cpu/HostCpu.h"

#include <memory>

namespace hadal::runtime {

/// The device that is built in.
const hadal_device_table_t &cpuDeviceTable();

/// A pool of `threads` threads, 0 for one a core, and the levels that `cpu` and
/// HADAL_CPU_LEVEL allow. What is not of the host's own CPU can be loaded; it
/// must not be launched.
Status openCpuDevice(uint32_t threads, const CpuIdentity &cpu, std::unique_ptr<Device> &out);

} // namespace hadal::runtime

#endif // HADAL_CPU_CPUDEVICE_H
