// SPDX-License-Identifier: Apache-2.0
// From the text of a module to an artifact for one level of one target.
#ifndef HADAL_TOOLS_CONFORMANCE_COMPILE_H
#define HADAL_TOOLS_CONFORMANCE_COMPILE_H

#include "Levels.h"

#include <string>

namespace hadal {
class Target;
class TargetRegistry;
} // namespace hadal

namespace hadal::conformance {

struct CompileRequest {
  const TargetRegistry &targets;
  const Target &target;
  std::string level;
  std::string precision, attention;
  bool plain = false; // the expansion of every op: then nothing is unsupported
};

/// Compiles the text of a module. What the target has neither a kernel nor the
/// plain path for is unsupported, by its own diagnostic: between the dispatch and the
/// kernel stage nothing but the target says no.
Compiled compileModule(const CompileRequest &request, const std::string &text,
                       const std::string &artifact);

/// The same for a checkpoint's folder.
Compiled compileCheckpoint(const CompileRequest &request, const std::string &folder,
                           const std::string &artifact);

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_COMPILE_H
