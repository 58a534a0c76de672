// SPDX-License-Identifier: Apache-2.0
// Runs edges on a device through the C interface of the runtime.
#ifndef HADAL_TOOLS_CONFORMANCE_RUN_H
#define HADAL_TOOLS_CONFORMANCE_RUN_H

#include "Case.h"
#include "Outcome.h"

#include <memory>

namespace hadal::conformance {

struct Release {
  void operator()(hadal_context_t *context) const { hadal_context_release(context); }
  void operator()(hadal_module_t *module) const { hadal_module_release(module); }
  void operator()(hadal_session_t *session) const { hadal_session_release(session); }
};
template <typename Object>
using Owned = std::unique_ptr<Object, Release>;

/// The message of a status, which is released; "" when there is none.
std::string messageOf(hadal_status_t status);

/// Runs an edge in a session of its own, again and again, with its inputs and with others in turns, and
/// so in a session that never replays: equal inputs must give the same bits. The error is the largest
/// of all results of the edge's own inputs.
Outcome runEdge(hadal_module_t *module, const Edge &edge);

/// Runs an edge once in each of two modules. What the first makes is compared with what is
/// expected, and with what the second makes, that of the expansions.
Outcome runEdgeAgainst(hadal_module_t *module, hadal_module_t *plain, const Edge &edge);

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_RUN_H
