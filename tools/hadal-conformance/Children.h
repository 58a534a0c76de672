// SPDX-License-Identifier: Apache-2.0
// Runs cases in processes of their own, several at a time.
#ifndef HADAL_TOOLS_CONFORMANCE_CHILDREN_H
#define HADAL_TOOLS_CONFORMANCE_CHILDREN_H

#include "Outcome.h"

#include <functional>

namespace hadal::conformance {

/// Calls `work(i)` for each i below `count` in a process of its own, at most `jobs`
/// at a time, and `done(i, outcomes)` here, in order. A device, a kernel or a
/// compiler that crashes, or takes more than `seconds`, takes one case with it: its
/// outcome is a failure.
void runInChildren(size_t count, unsigned jobs, unsigned seconds,
                   const std::function<std::vector<Outcome>(size_t)> &work,
                   const std::function<void(size_t, std::vector<Outcome>)> &done);

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_CHILDREN_H
