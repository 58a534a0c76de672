// SPDX-License-Identifier: Apache-2.0
// Cases on one device and target: compiled, run, told.
#ifndef HADAL_TOOLS_CONFORMANCE_SUITE_H
#define HADAL_TOOLS_CONFORMANCE_SUITE_H

#include "Compile.h"
#include "Levels.h"

#include <memory>
#include <string>
#include <vector>

namespace hadal::conformance {

struct Suite : DeviceRun {
  Suite(const TargetRegistry &targets, const Target &target, DeviceRun run, bool plain)
      : DeviceRun(std::move(run)), targets(targets), target(target), plain(plain) {}

  const TargetRegistry &targets;
  const Target &target;
  bool plain; // take the expansion of every op
};

/// Compiles a case for each level, and runs its edges.
std::vector<Outcome> runCase(const Suite &suite, const CaseEntry &entry);

/// The same, and compares what kernels compute with what the expansions of the same ops do.
std::vector<Outcome> runCaseAgainst(const Suite &suite, const CaseEntry &entry);

/// Compiles a case for each level, and leaves the artifacts in the suite's folder.
std::vector<Outcome> saveCase(const Suite &suite, const CaseEntry &entry);

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_SUITE_H
