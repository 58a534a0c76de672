// SPDX-License-Identifier: Apache-2.0
// The cores of the host as the system lists them.
#ifndef HADAL_CPU_TOPOLOGY_H
#define HADAL_CPU_TOPOLOGY_H

#include <cstdint>
#include <sched.h>
#include <vector>

namespace hadal::runtime {

/// The CPUs of `allowed` in the order in which threads are pinned to them: one of each core before a
/// second of any, and within that those of one memory node after those of another, ascending.
/// `system` is the folder that Linux calls /sys/devices/system; what it does not tell counts as one
/// CPU a core and one node.
std::vector<uint32_t> pinOrder(const cpu_set_t &allowed, const char *system);

/// The CPUs of a list as Linux writes them, "0-3,8"; what is malformed is left out.
std::vector<uint32_t> parseCpuList(const char *text);

} // namespace hadal::runtime

#endif // HADAL_CPU_TOPOLOGY_H
