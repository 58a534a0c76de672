// SPDX-License-Identifier: Apache-2.0
// Ends at a device's table what is thrown below it, where a device is compiled with exceptions: containers
// throw for want of memory, and nothing may come through the table.
#ifndef HADAL_DEVICE_GUARD_H
#define HADAL_DEVICE_GUARD_H

#include "device/Fail.h"

#include <tuple>

namespace hadal::device {

template <auto function>
struct Guarded;

/// A call that can fail; its error is the last of its parameters.
template <typename... Parameters, hadal_device_code_t (*function)(Parameters...)>
struct Guarded<function> {
  static hadal_device_code_t call(Parameters... parameters) noexcept {
    try {
      return function(parameters...);
    } catch (...) {
      return fail(std::get<sizeof...(Parameters) - 1>(std::tie(parameters...)),
                  HADAL_STATUS_OUT_OF_MEMORY, "expected memory of the host for the call, got none");
    }
  }
};

/// One that cannot.
template <typename... Parameters, void (*function)(Parameters...)>
struct Guarded<function> {
  static void call(Parameters... parameters) noexcept {
    try {
      function(parameters...);
    } catch (...) {
      // What is given back is gone as far as it could be.
    }
  }
};

} // namespace hadal::device

#endif // HADAL_DEVICE_GUARD_H
