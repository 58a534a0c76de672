// SPDX-License-Identifier: Apache-2.0
// The host as a test wants it: a CPU that decisions are made for, variables of the environment.
#ifndef HADAL_TESTS_CORE_HOST_H
#define HADAL_TESTS_CORE_HOST_H

#include "cpu/HostCpu.h"

#include <cstdlib>
#include <optional>
#include <string>

namespace hadal::test {

/// What a CPU with all features reports.
inline runtime::CpuIdentity fullCpu() {
  runtime::CpuIdentity identity;
  identity.leaf1Ecx = identity.leaf7Ebx = identity.leaf7Ecx = identity.leaf7Sub1Eax = ~0u;
  identity.extended1Ecx = ~0u;
  identity.xcr0 = 0xe7;
  return identity;
}

/// A variable of the environment that has another value as long as the object lives.
class Variable {
public:
  Variable(const char *name, const char *value) : name(name) {
    if (const char *now = std::getenv(name))
      before = now;
    setenv(name, value, 1);
  }
  ~Variable() {
    if (before)
      setenv(name, before->c_str(), 1);
    else
      unsetenv(name);
  }
  Variable(const Variable &) = delete;
  Variable &operator=(const Variable &) = delete;

private:
  const char *name;
  std::optional<std::string> before;
};

} // namespace hadal::test

#endif // HADAL_TESTS_CORE_HOST_H
