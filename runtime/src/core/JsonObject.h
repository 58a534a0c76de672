// SPDX-License-Identifier: Apache-2.0
// Whether a text is what JSON calls an object, so that it can be part of another.
#ifndef HADAL_CORE_JSONOBJECT_H
#define HADAL_CORE_JSONOBJECT_H

#include <cstddef>

namespace hadal::runtime {

/// RFC 8259, nested 64 deep at most. *at = the byte where it is not, at most the length.
bool isJsonObject(const char *text, size_t *at);

} // namespace hadal::runtime

#endif // HADAL_CORE_JSONOBJECT_H
