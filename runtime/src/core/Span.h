// SPDX-License-Identifier: Apache-2.0
// A range of elements that lie elsewhere: in the artifact, or in a caller's array.
#ifndef HADAL_CORE_SPAN_H
#define HADAL_CORE_SPAN_H

#include "flatbuffers/flatbuffers.h"

#include <cstdint>
#include <vector>

namespace hadal::runtime {

static_assert(FLATBUFFERS_LITTLEENDIAN, "elements of an artifact are read where they lie");

/// `count` elements from `first` on, which must outlive it.
template <typename T>
class Span {
public:
  Span() = default;
  Span(const T *first, uint32_t count) : first(first), count(count) {}
  Span(const std::vector<T> &elements)
      : first(elements.data()), count(static_cast<uint32_t>(elements.size())) {}

  uint32_t size() const { return count; }
  bool empty() const { return count == 0; }
  const T *data() const { return first; }
  const T &operator[](uint32_t index) const { return first[index]; }
  const T *begin() const { return first; }
  const T *end() const { return first + count; }

private:
  const T *first = nullptr;
  uint32_t count = 0;
};

/// The scalars of an optional vector.
template <typename T>
Span<T> spanOf(const flatbuffers::Vector<T> *vector) {
  return vector ? Span<T>(vector->data(), vector->size()) : Span<T>();
}

/// The structs of an optional vector.
template <typename T>
Span<T> spanOf(const flatbuffers::Vector<const T *> *vector) {
  return vector ? Span<T>(reinterpret_cast<const T *>(vector->Data()), vector->size()) : Span<T>();
}

} // namespace hadal::runtime

#endif // HADAL_CORE_SPAN_H
