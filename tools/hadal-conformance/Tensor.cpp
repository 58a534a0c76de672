// SPDX-License-Identifier: Apache-2.0
// Converts between the numbers of a reference and the bytes of elements.
#include "Tensor.h"

#include "llvm/ADT/APFloat.h"

#include <cstring>
#include <limits>

using llvm::APFloat;

namespace hadal::conformance {

const ElementInfo &infoOf(Element element) {
  static const ElementInfo infos[] = {{"f32", "F32", HADAL_TYPE_F32},
                                      {"bf16", "BF16", HADAL_TYPE_BF16},
                                      {"f16", "F16", HADAL_TYPE_F16},
                                      {"f8E4M3FN", "F8_E4M3", HADAL_TYPE_F8E4M3FN},
                                      {"i32", nullptr, HADAL_TYPE_I32}};
  return infos[static_cast<size_t>(element)];
}

static const llvm::fltSemantics &semanticsOf(Element element) {
  switch (element) {
  case Element::bf16: return APFloat::BFloat();
  case Element::f16: return APFloat::IEEEhalf();
  case Element::f8: return APFloat::Float8E4M3FN();
  default: return APFloat::IEEEsingle();
  }
}

static APFloat converted(double value, Element element) {
  APFloat result(value);
  bool losesInfo = false;
  result.convert(semanticsOf(element), APFloat::rmNearestTiesToEven, &losesInfo);
  return result;
}

double rounded(double value, Element element) {
  if (element == Element::i32)
    return value;
  APFloat result = converted(value, element);
  bool losesInfo = false;
  result.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return result.convertToDouble();
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
                        : converted(values[i], element).bitcastToAPInt().getZExtValue();
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
    APFloat value(semanticsOf(element), llvm::APInt(static_cast<unsigned>(size * 8), bits));
    bool losesInfo = false;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
    result.values[i] = value.convertToDouble();
  }
  return result;
}

} // namespace hadal::conformance
