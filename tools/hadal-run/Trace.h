// SPDX-License-Identifier: Apache-2.0
// Records the launches of a run in the trace format of Chrome and Perfetto.
#ifndef HADAL_TOOLS_RUN_TRACE_H
#define HADAL_TOOLS_RUN_TRACE_H

#include <string>

#include "support/Model.h"

namespace hadal::tools {

class Trace {
public:
  /// Starts to record; must outlive the session's steps.
  explicit Trace(hadal_session_t *session);
  /// Writes the file, whole or not at all.
  void save(const std::string &path) const;

private:
  static void record(void *user, const hadal_launch_t *launch);
  std::string events;
  uint64_t origin = 0; // start of the first launch, nanoseconds
};

} // namespace hadal::tools

#endif // HADAL_TOOLS_RUN_TRACE_H
