// SPDX-License-Identifier: Apache-2.0
// Names and sizes of element types, and sizes of tensors with overflow checks.
#ifndef HADAL_CORE_ELEMENTTYPE_H
#define HADAL_CORE_ELEMENTTYPE_H

#include "hadal_generated.h"
#include "hadal_limits.h"

#include <cstddef>
#include <cstdint>

namespace hadal::runtime {

/// Bytes of one element; 0 for a number that is no type.
inline size_t elementSize(artifact::ElementType type) {
  switch (type) {
  case artifact::ElementType::f32:
  case artifact::ElementType::i32: return 4;
  case artifact::ElementType::f16:
  case artifact::ElementType::bf16:
  case artifact::ElementType::i16: return 2;
  case artifact::ElementType::f8E4M3FN:
  case artifact::ElementType::i8:
  case artifact::ElementType::u8:
  case artifact::ElementType::i1: return 1;
  case artifact::ElementType::i64:
  case artifact::ElementType::f64: return 8;
  }
  return 0;
}

/// "f32", ...; "unknown" for a number that is no type.
inline const char *elementName(artifact::ElementType type) {
  return elementSize(type) ? artifact::EnumNameElementType(type) : "unknown";
}

/// *result = a * b; false on overflow.
template <typename T>
[[nodiscard]] inline bool multiply(T a, T b, T *result) {
  return !__builtin_mul_overflow(a, b, result);
}

} // namespace hadal::runtime

#endif // HADAL_CORE_ELEMENTTYPE_H
