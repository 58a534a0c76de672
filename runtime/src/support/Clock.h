// SPDX-License-Identifier: Apache-2.0
// The clock that times of events are told by.
#ifndef HADAL_SUPPORT_CLOCK_H
#define HADAL_SUPPORT_CLOCK_H

#include <cstdint>
#include <ctime>

namespace hadal {

/// Nanoseconds of CLOCK_MONOTONIC.
inline uint64_t monotonicTime() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1000000000u + uint64_t(time.tv_nsec);
}

} // namespace hadal

#endif // HADAL_SUPPORT_CLOCK_H
