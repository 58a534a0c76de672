// SPDX-License-Identifier: Apache-2.0
// Values of taps, and how far two of them are apart.
#ifndef HADAL_TOOLS_VERIFY_VALUES_H
#define HADAL_TOOLS_VERIFY_VALUES_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hadal_runtime.h"

namespace hadal::tools {

/// A copy of what a tap had.
struct TapValue {
  hadal_element_type_t type{};
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes;

  explicit TapValue(const hadal_tap_t &tap);
  bool isLike(const hadal_tap_t &tap) const;
  bool isFloat() const;
};
using TapValues = std::map<std::string, TapValue>; // by name

/// The largest difference of elements, in parts of the largest one that is expected; of
/// integers, their difference. What is not a number in the expected value may be anything.
struct ValueDifference {
  double error = 0; // infinite where only the actual one is no number
  double expected = 0, actual = 0, largest = 0;
  std::vector<int64_t> at;
};
ValueDifference difference(const hadal_tap_t &actual, const TapValue &expected);

/// "[3, 17]".
std::string placeText(const std::vector<int64_t> &at);

} // namespace hadal::tools

#endif // HADAL_TOOLS_VERIFY_VALUES_H
