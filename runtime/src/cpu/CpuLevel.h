// SPDX-License-Identifier: Apache-2.0
// Which levels of kernels this CPU and operating system can execute.
#ifndef HADAL_CPU_CPULEVEL_H
#define HADAL_CPU_CPULEVEL_H

#include "core/Status.h"

#include <cstdint>
#include <vector>

namespace hadal::runtime {

/// The registers of cpuid and xgetbv that decide.
struct CpuIdentity {
  uint32_t leaf1Ecx = 0;
  uint32_t leaf7Ebx = 0;
  uint32_t leaf7Ecx = 0;
  uint32_t leaf7Sub1Eax = 0;
  uint32_t extended1Ecx = 0;
  uint64_t xcr0 = 0;
};

/// What the machine reports; all zero where it is no x86-64.
CpuIdentity readCpuIdentity();

/// Names of the levels that such a CPU executes, best first.
std::vector<const char *> cpuLevels(const CpuIdentity &identity);

/// `levels` restricted to `forced`, the value of HADAL_CPU_LEVEL. Null or ""
/// forces nothing. Errors: a level that is unknown or not in `levels`.
Status restrictLevels(const char *forced, std::vector<const char *> &levels);

} // namespace hadal::runtime

#endif // HADAL_CPU_CPULEVEL_H
