// SPDX-License-Identifier: Apache-2.0
// What the counters of a launch come to: sums, JSON, an annotated listing.
#ifndef HADAL_SIM_API_COUNTERREPORT_H
#define HADAL_SIM_API_COUNTERREPORT_H

#include "sim/state/Counters.h"

#include <hadal_sim.h>

namespace hadal::sim {

/// Adds up the instructions of one PTX line, or of all (0), but for barriers.
hadal_sim_counters_t totalsOf(const Program &program, const Counters &counters, u32 line);
/// The counters of a launch as JSON (docs/Simulator.md describes the fields).
std::string countersJson(const Program &program, const Function &kernel, const Counters &counters,
                         const u32 grid[3], const u32 block[3]);
/// How often something was executed for which other counters may depend on the host; 0: they do not.
u64 unsureCount(const Program &program, const Counters &counters);
/// The PTX text, each line with its counts in front.
std::string annotatedListing(const Program &program, const Counters &counters);

} // namespace hadal::sim

#endif // HADAL_SIM_API_COUNTERREPORT_H
