// SPDX-License-Identifier: Apache-2.0
// Converts between the numbers of a reference and the bytes of elements.
#include "Tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace hadal::conformance {

const ElementInfo &infoOf(Element element) {
  static const ElementInfo infos[] = {{"f32", "F32", HADAL_TYPE_F32},
                                      {"bf16", "BF16", HADAL_TYPE_BF16},
                                      {"f16", "F16", HADAL_TYPE_F16},
                                      {"f8E4M3FN", "F8_E4M3", HADAL_TYPE_F8E4M3FN},
                                      {"i32", nullptr, HADAL_TYPE_I32}};
  return infos[static_cast<size_t>(element)];
}

namespace {

/// A binary format of floats, as IEEE 754 lays it out; f8E4M3FN has no infinity, and one NaN.
struct Format {
  int mantissa; // bits, without the one that is not stored
  int exponent; // bits
  double largest;

  int least() const { return 2 - (1 << (exponent - 1)); } // exponent of the least normal value
  uint64_t exponents() const { return (uint64_t(1) << exponent) - 1; }
  bool hasInfinity() const { return exponent > 4; }
  uint64_t nan() const { return (uint64_t(1) << (mantissa + exponent)) - 1; }
};

Format formatOf(Element element) {
  switch (element) {
  case Element::bf16: return {7, 8, 0x1.fep127};
  case Element::f16: return {10, 5, 65504};
  case Element::f8: return {3, 4, 448};
  default: return {23, 8, std::numeric_limits<float>::max()};
  }
}

/// The distance of values of the format beside `value`, which is neither 0 nor infinite.
double unitOf(const Format &format, double value) {
  return std::ldexp(1.0, std::max(std::ilogb(value), format.least()) - format.mantissa);
}

uint64_t bitsOf(const Format &format, double value) {
  uint64_t sign = std::signbit(value) ? uint64_t(1) << (format.mantissa + format.exponent) : 0;
  if (std::isnan(value))
    return format.nan();
  if (std::isinf(value))
    return sign | format.exponents() << format.mantissa;
  if (value == 0)
    return sign;
  // Units count on from the subnormal values through each exponent of the others.
  double unit = unitOf(format, value);
  auto exponent = static_cast<uint64_t>(std::ilogb(unit) + format.mantissa - format.least());
  return sign | ((exponent << format.mantissa) + static_cast<uint64_t>(std::fabs(value) / unit));
}

double valueOf(const Format &format, uint64_t bits) {
  uint64_t magnitude = bits & format.nan();
  uint64_t exponent = magnitude >> format.mantissa;
  uint64_t part = magnitude & ((uint64_t(1) << format.mantissa) - 1);
  double value = 0;
  if (format.hasInfinity() ? exponent == format.exponents() && part : magnitude == format.nan())
    return std::numeric_limits<double>::quiet_NaN();
  if (format.hasInfinity() && exponent == format.exponents())
    value = std::numeric_limits<double>::infinity();
  else
    value = std::ldexp(static_cast<double>(exponent ? part | uint64_t(1) << format.mantissa : part),
                       static_cast<int>(exponent ? exponent - 1 : 0) + format.least() -
                           format.mantissa);
  return magnitude == bits ? value : -value;
}

} // namespace

double rounded(double value, Element element) {
  if (element == Element::i32 || value == 0 || !std::isfinite(value))
    return value;
  Format format = formatOf(element);
  double unit = unitOf(format, value);
  double result = std::nearbyint(value / unit) * unit; // to the nearest, ties to even
  if (std::fabs(result) <= format.largest)
    return result;
  return format.hasInfinity() ? std::copysign(std::numeric_limits<double>::infinity(), value)
                              : std::numeric_limits<double>::quiet_NaN();
}

int64_t elementCount(const Shape &shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

uint32_t Random::next() {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return static_cast<uint32_t>(state >> 33);
}

double Random::uniform() { return (next() & 0xffffff) / 8388608.0 - 1; }

Tensor Tensor::undefined(Element element, Shape shape) {
  Tensor result{element, std::move(shape), {}};
  result.values.assign(elementCount(result.shape), std::numeric_limits<double>::quiet_NaN());
  return result;
}

Tensor Tensor::random(Random &random, Element element, Shape shape, double scale, Element coarse) {
  Tensor result = undefined(element, std::move(shape));
  for (double &value : result.values)
    value = rounded(rounded(random.uniform() * scale, coarse), element);
  return result;
}

Tensor Tensor::integers(std::vector<int32_t> values, Shape shape) {
  return {Element::i32, std::move(shape), std::vector<double>(values.begin(), values.end())};
}

std::vector<uint8_t> Tensor::encode() const {
  size_t size = hadal_element_type_size(infoOf(element).type);
  std::vector<uint8_t> bytes(values.size() * size);
  for (size_t i = 0; i < values.size(); ++i) {
    uint64_t bits = element == Element::i32
                        ? static_cast<uint32_t>(static_cast<int32_t>(values[i]))
                        : bitsOf(formatOf(element), rounded(values[i], element));
    std::memcpy(&bytes[i * size], &bits, size); // both are little-endian
  }
  return bytes;
}

Tensor Tensor::decode(Element element, Shape shape, const void *bytes) {
  size_t size = hadal_element_type_size(infoOf(element).type);
  Tensor result = undefined(element, std::move(shape));
  for (size_t i = 0; i < result.values.size(); ++i) {
    uint64_t bits = 0;
    std::memcpy(&bits, static_cast<const char *>(bytes) + i * size, size);
    if (element == Element::i32) {
      result.values[i] = static_cast<int32_t>(bits);
      continue;
    }
    result.values[i] = valueOf(formatOf(element), bits);
  }
  return result;
}

} // namespace hadal::conformance
