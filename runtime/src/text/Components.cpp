// SPDX-License-Identifier: Apache-2.0
// Walks a part of tokenizer.json: one component, or a Sequence of them.
#include "Components.h"

namespace hadal::text {

static Error readNested(const Field &field, const char *list, const ReadComponent &read,
                        unsigned depth) {
  if (Error error = field.expectObject())
    return error;
  std::string type;
  if (Error error = field.member("type").read(type))
    return error;
  if (type != "Sequence")
    return read(field, type);
  Field components = field.member(list);
  if (Error error = components.expectArray())
    return error;
  if (depth > 8)
    return field.error("expected at most 8 nested sequences, got more");
  for (size_t i = 0; i < components.json().size(); ++i)
    if (Error error = readNested(components.element(i), list, read, depth + 1))
      return error;
  return {};
}

Error readComponents(const Field &field, const char *list, const ReadComponent &read) {
  return readNested(field, list, read, 0);
}

} // namespace hadal::text
