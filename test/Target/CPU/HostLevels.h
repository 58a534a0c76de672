// SPDX-License-Identifier: Apache-2.0
// What the host of the tests executes, by the rule of the runtime.
#ifndef HADAL_TEST_TARGET_CPU_HOSTLEVELS_H
#define HADAL_TEST_TARGET_CPU_HOSTLEVELS_H

#include "hadal/Target/CPU/Level.h"

#include "cpu/HostCpu.h"

#include <gtest/gtest.h>

#include <vector>

namespace hadal::cpu::test {

inline bool hostExecutes(Level level) {
  runtime::CpuIdentity host;
  EXPECT_EQ(runtime::readHostCpu(host), "");
  return runtime::executes(host, getLevelName(level).str().c_str());
}

/// What kernels can be run for on this machine: V3, the structure of V4BF16 in
/// generic operations, and V4BF16 itself where the machine has it.
inline std::vector<KernelTarget> hostTargets() {
  std::vector<KernelTarget> targets;
  for (KernelTarget target : {KernelTarget{Level::V3, false}, KernelTarget{Level::V4BF16, true},
                              KernelTarget{Level::V4BF16, false}})
    if (hostExecutes(target.codegenLevel()))
      targets.push_back(target);
  EXPECT_FALSE(targets.empty()) << "expected a CPU with x86-64-v3";
  return targets;
}

} // namespace hadal::cpu::test

#endif // HADAL_TEST_TARGET_CPU_HOSTLEVELS_H
