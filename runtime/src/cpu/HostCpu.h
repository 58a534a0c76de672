// SPDX-License-Identifier: Apache-2.0
// What the host's CPU and operating system can execute: the only place that asks.
#ifndef HADAL_CPU_HOSTCPU_H
#define HADAL_CPU_HOSTCPU_H

#include <cstdint>
#include <string>
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

/// What the machine reports, without the features that HADAL_CPU_AT_MOST hides;
/// all zero where it is no x86-64. Returns "", or what is wrong with the variable.
///
/// The variable names a level and lets the machine pass for one that has no
/// more. It only takes away, so nothing runs that the machine cannot execute.
std::string readHostCpu(CpuIdentity &identity);

/// The levels that code may be built for and that such a CPU executes, best
/// first, of x86-64-v4-bf16, x86-64-v4 and x86-64-v3.
std::vector<const char *> executableLevels(const CpuIdentity &identity);

/// Whether `level` is one of them.
bool executes(const CpuIdentity &identity, const char *level);

} // namespace hadal::runtime

#endif // HADAL_CPU_HOSTCPU_H
