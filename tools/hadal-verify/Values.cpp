// SPDX-License-Identifier: Apache-2.0
// Values of taps, and how far two of them are apart.
#include "Values.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace hadal::tools {
namespace {

template <typename T>
T load(const void *data, size_t index) {
  T value;
  std::memcpy(&value, static_cast<const char *>(data) + index * sizeof(T), sizeof(T));
  return value;
}

float floatOfBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

double halfAt(const void *data, size_t index) {
  auto bits = load<uint16_t>(data, index);
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double sign = bits >> 15 ? -1 : 1;
  if (exponent == 31)
    return fraction ? std::nan("") : sign * INFINITY;
  return exponent ? sign * std::ldexp(1024 + fraction, exponent - 25)
                  : sign * std::ldexp(fraction, -24);
}

double elementAt(hadal_element_type_t type, const void *data, size_t index) {
  switch (type) {
  case HADAL_TYPE_F32: return load<float>(data, index);
  case HADAL_TYPE_F64: return load<double>(data, index);
  case HADAL_TYPE_F16: return halfAt(data, index);
  case HADAL_TYPE_BF16: return floatOfBits(uint32_t(load<uint16_t>(data, index)) << 16);
  case HADAL_TYPE_I32: return load<int32_t>(data, index);
  case HADAL_TYPE_I64: return static_cast<double>(load<int64_t>(data, index));
  case HADAL_TYPE_I16: return load<int16_t>(data, index);
  default: return load<uint8_t>(data, index);
  }
}

std::vector<int64_t> placeOf(const std::vector<int64_t> &shape, size_t index) {
  std::vector<int64_t> at(shape.size());
  for (size_t axis = shape.size(); axis-- > 0;) {
    at[axis] = static_cast<int64_t>(index % static_cast<size_t>(shape[axis]));
    index /= static_cast<size_t>(shape[axis]);
  }
  return at;
}

} // namespace

TapValue::TapValue(const hadal_tap_t &tap)
    : type(tap.type), shape(tap.shape, tap.shape + tap.rank), bytes(tap.size) {
  std::memcpy(bytes.data(), tap.data, tap.size);
}

// What is viewed in another shape has the same elements.
bool TapValue::isLike(const hadal_tap_t &tap) const {
  return type == tap.type && bytes.size() == tap.size;
}

bool TapValue::isFloat() const {
  return type == HADAL_TYPE_F32 || type == HADAL_TYPE_F64 || type == HADAL_TYPE_F16 ||
         type == HADAL_TYPE_BF16;
}

ValueDifference difference(const hadal_tap_t &actual, const TapValue &expected) {
  ValueDifference result;
  size_t count = expected.bytes.size() / hadal_element_type_size(expected.type);
  if (std::memcmp(actual.data, expected.bytes.data(), expected.bytes.size()) == 0)
    return result;
  auto wantedAt = [&](size_t i) { return elementAt(expected.type, expected.bytes.data(), i); };
  for (size_t i = 0; i < count && expected.isFloat(); ++i)
    if (double wanted = std::fabs(wantedAt(i)); std::isfinite(wanted))
      result.largest = std::max(result.largest, wanted);
  double unit = result.largest > 0 ? result.largest : 1;
  for (size_t i = 0; i < count; ++i) {
    double wanted = wantedAt(i), got = elementAt(actual.type, actual.data, i);
    if (std::isnan(wanted) || wanted == got)
      continue;
    double error = std::fabs(got - wanted) / unit;
    if (!(error < std::numeric_limits<double>::infinity()))
      error = std::numeric_limits<double>::infinity();
    if (error > result.error) {
      result.error = error;
      result.expected = wanted;
      result.actual = got;
      result.at = placeOf(expected.shape, i);
    }
  }
  return result;
}

std::string placeText(const std::vector<int64_t> &at) {
  std::string text = "[";
  for (size_t i = 0; i < at.size(); ++i)
    text += (i ? ", " : "") + std::to_string(at[i]);
  return text + "]";
}

} // namespace hadal::tools
