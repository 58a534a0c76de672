// SPDX-License-Identifier: Apache-2.0
// Artifacts of one device, level by level.
#ifndef HADAL_TOOLS_CONFORMANCE_LEVELS_H
#define HADAL_TOOLS_CONFORMANCE_LEVELS_H

#include "Case.h"
#include "Outcome.h"
#include "Run.h"

#include "hadal_runtime.h"

#include <functional>
#include <string>
#include <vector>

namespace hadal::conformance {

/// Whether there is an artifact.
struct Compiled {
  enum Kind { done, unsupported, failed } kind = failed;
  std::string why; // diagnostics, unless it is done
};

/// Where artifacts run.
struct DeviceRun {
  std::string device;
  std::vector<std::string> levels; // that it and the target have, best first
  std::string folder;              // of artifacts; exists
};

/// The artifact of a level.
std::string artifactOf(const DeviceRun &run, const std::string &level);

using Compile = std::function<Compiled(const std::string &level, const std::string &artifact)>;
using RunModule =
    std::function<std::vector<Outcome>(hadal_module_t *, const std::string &artifact)>;

/// Opens a device; null, and `problem` says why, where it cannot be.
Owned<hadal_context_t> openDevice(const std::string &device, std::string &problem);

/// Loads an artifact; null, and `problem` says why, where it cannot be.
Owned<hadal_module_t> loadModule(hadal_context_t *context, const std::string &artifact,
                                 std::string &problem);

/// For each level: has the artifact made, loads it on the device, and runs it. What
/// `run` gives gets the level.
std::vector<Outcome> runLevels(const DeviceRun &where, const Compile &compile,
                               const RunModule &run);

/// All edges of a case, on a module of it.
std::vector<Outcome> runEdges(hadal_module_t *module, const Case &built);

/// An outcome of a whole level, or of a whole case ("").
Outcome whole(Outcome::Kind kind, const std::string &level, const std::string &text);

/// An outcome of a whole level: passed where there is an artifact.
Outcome outcomeOf(const Compiled &compiled, const std::string &level);

/// What a device says of itself.
struct DeviceFacts {
  std::string problem; // why it cannot be opened; "" when it can
  std::vector<std::string> levels;
};

/// Asks in a process of its own: a device is never opened in this one.
DeviceFacts askDevice(const std::string &device);

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_LEVELS_H
