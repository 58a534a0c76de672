// SPDX-License-Identifier: Apache-2.0
// Walks a part of tokenizer.json: one component, or a Sequence of them.
#ifndef HADAL_TEXT_COMPONENTS_H
#define HADAL_TEXT_COMPONENTS_H

#include <functional>

#include "Json.h"

namespace hadal::text {

/// Reads one component, an object whose `type` is no Sequence.
using ReadComponent = std::function<Error(const Field &field, const std::string &type)>;

/// Calls `read` for the component at `field`, or for those of a Sequence in their
/// order; `list` is the member in which a Sequence holds them. Ends at the first
/// error. Sequences nest at most 8 deep.
Error readComponents(const Field &field, const char *list, const ReadComponent &read);

} // namespace hadal::text

#endif // HADAL_TEXT_COMPONENTS_H
