// SPDX-License-Identifier: Apache-2.0
// A CPU that decisions are tested with, whatever the host has.
#ifndef HADAL_TESTS_CORE_FULLCPU_H
#define HADAL_TESTS_CORE_FULLCPU_H

#include "cpu/HostCpu.h"

namespace hadal::test {

/// What a CPU with all features reports.
inline runtime::CpuIdentity fullCpu() {
  runtime::CpuIdentity identity;
  identity.leaf1Ecx = identity.leaf7Ebx = identity.leaf7Ecx = identity.leaf7Sub1Eax = ~0u;
  identity.extended1Ecx = ~0u;
  identity.xcr0 = 0xe7;
  return identity;
}

} // namespace hadal::test

#endif // HADAL_TESTS_CORE_FULLCPU_H
