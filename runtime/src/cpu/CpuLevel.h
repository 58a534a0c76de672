// SPDX-License-Identifier: Apache-2.0
// Which levels of kernels a CPU and operating system can execute.
#ifndef HADAL_CPU_CPULEVEL_H
#define HADAL_CPU_CPULEVEL_H

#include "core/Status.h"
#include "cpu/HostCpu.h"

#include <vector>

namespace hadal::runtime {

/// Names of the levels that such a CPU executes, best first.
std::vector<const char *> cpuLevels(const CpuIdentity &identity);

/// The value of HADAL_CPU_LEVEL; null where it is not set or empty.
const char *forcedLevel();

/// `levels` restricted to `forced`, the value of HADAL_CPU_LEVEL. Null or ""
/// forces nothing. Errors: a level that is unknown or not in `levels`.
Status restrictLevels(const char *forced, std::vector<const char *> &levels);

} // namespace hadal::runtime

#endif // HADAL_CPU_CPULEVEL_H
