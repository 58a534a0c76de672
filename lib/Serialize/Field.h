// SPDX-License-Identifier: Apache-2.0
// The one place where numbers of the IR become fields of 32 bits.
#ifndef HADAL_LIB_SERIALIZE_FIELD_H
#define HADAL_LIB_SERIALIZE_FIELD_H

#include "mlir/Support/LLVM.h"

#include <cassert>
#include <cstdint>
#include <limits>
#include <vector>

namespace hadal {

/// A number that a verifier has held below the limit of its field.
inline uint32_t fieldOf(uint64_t number) {
  assert(number <= std::numeric_limits<uint32_t>::max() && "expected a verifier to limit this");
  return static_cast<uint32_t>(number);
}

/// Several.
inline std::vector<uint32_t> fieldsOf(llvm::ArrayRef<int64_t> numbers) {
  std::vector<uint32_t> fields;
  for (int64_t number : numbers)
    fields.push_back(fieldOf(number));
  return fields;
}

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_FIELD_H
