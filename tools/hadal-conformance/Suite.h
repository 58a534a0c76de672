// SPDX-License-Identifier: Apache-2.0
// Cases on one device and target: compiled, run, told.
#ifndef HADAL_TOOLS_CONFORMANCE_SUITE_H
#define HADAL_TOOLS_CONFORMANCE_SUITE_H

#include "Compile.h"
#include "Outcome.h"

#include "hadal_runtime.h"

#include <functional>
#include <string>
#include <vector>

namespace hadal::conformance {

struct Suite {
  const TargetRegistry &targets;
  const Target &target;
  std::string device;
  std::vector<std::string> levels; // that both have, best first
  std::string folder;              // for what is compiled; exists
  bool plain = false;              // take the expansion of every op
};

struct CaseEntry;

/// For each level: compiles, to an artifact in the suite's folder, loads it on the
/// device, and runs. What `run` gives gets the level.
std::vector<Outcome> runLevels(
    const Suite &suite,
    const std::function<Compiled(const std::string &level, const std::string &artifact)> &compile,
    const std::function<std::vector<Outcome>(hadal_module_t *, const std::string &artifact)> &run);

/// Compiles a case for each level, and runs its edges.
std::vector<Outcome> runCase(const Suite &suite, const CaseEntry &entry);

/// What a device says of itself.
struct DeviceFacts {
  std::string problem; // why it cannot be opened; "" when it can
  std::vector<std::string> levels;
};

/// Asks in a process of its own: a device is never opened in this one.
DeviceFacts askDevice(const std::string &device);

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_SUITE_H
