// SPDX-License-Identifier: Apache-2.0
// Checks of what a caller passes: addresses, and lists of things with names.
#ifndef HADAL_CORE_GIVEN_H
#define HADAL_CORE_GIVEN_H

#include "core/Span.h"
#include "core/Status.h"

#include <cstring>

namespace hadal::runtime {

inline Status requireAddress(const void *pointer, const char *name) {
  if (pointer)
    return {};
  return fail(HADAL_STATUS_INVALID_ARGUMENT, "%s: expected an address, got NULL", name);
}

/// Whether a list has elements where it says so.
template <typename Given>
Status requireList(const char *field, Span<Given> list) {
  return list.empty() ? Status() : requireAddress(list.data(), field);
}

/// Whether an element of a list has a name, and none before it has the same.
template <typename Given>
Status checkGivenName(const char *field, Span<Given> list, uint32_t index) {
  const char *name = list[index].name;
  if (!name)
    return fail(HADAL_STATUS_INVALID_ARGUMENT, "%s[%u].name: expected an address, got NULL", field,
                index);
  for (uint32_t i = 0; i < index; ++i)
    if (!std::strcmp(list[i].name, name))
      return fail(HADAL_STATUS_INVALID_ARGUMENT, "%s[%u].name: expected a new name, got '%s' again",
                  field, index, name);
  return {};
}

/// The same of a whole list.
template <typename Given>
Status checkGivenNames(const char *field, Span<Given> list) {
  HADAL_TRY(requireList(field, list));
  for (uint32_t i = 0; i < list.size(); ++i)
    HADAL_TRY(checkGivenName(field, list, i));
  return {};
}

} // namespace hadal::runtime

#endif // HADAL_CORE_GIVEN_H
