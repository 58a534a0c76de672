// SPDX-License-Identifier: Apache-2.0
// How a device looks at the flag that ends a replay.
#ifndef HADAL_DEVICE_CANCEL_H
#define HADAL_DEVICE_CANCEL_H

#include <cstdint>

namespace hadal::device {

/// Another thread may set it at any time; null: nobody does.
inline bool isCancelled(const volatile int32_t *flag) {
  return flag && __atomic_load_n(flag, __ATOMIC_RELAXED) != 0;
}

} // namespace hadal::device

#endif // HADAL_DEVICE_CANCEL_H
