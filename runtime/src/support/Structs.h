// SPDX-License-Identifier: Apache-2.0
// How structs that may grow cross a C interface: each starts with `struct_size`, what its maker knew of it.
#ifndef HADAL_SUPPORT_STRUCTS_H
#define HADAL_SUPPORT_STRUCTS_H

#include <algorithm>
#include <cstring>

namespace hadal {

/// The struct as it is known here: what its maker did not know is zero.
template <typename Struct>
Struct known(const Struct *from) {
  Struct to = {};
  std::memcpy(&to, from, std::min(from->struct_size, sizeof to));
  return to;
}

/// Fills what the caller's struct has, whose size stays what it is.
template <typename Struct>
void give(Struct value, Struct *out) {
  value.struct_size = out->struct_size;
  std::memcpy(out, &value, std::min(out->struct_size, sizeof value));
}

} // namespace hadal

#endif // HADAL_SUPPORT_STRUCTS_H
