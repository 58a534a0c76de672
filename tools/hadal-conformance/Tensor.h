// SPDX-License-Identifier: Apache-2.0
// Values as a reference computes with them, and as kernels see their bytes.
#ifndef HADAL_TOOLS_CONFORMANCE_TENSOR_H
#define HADAL_TOOLS_CONFORMANCE_TENSOR_H

#include "hadal_runtime.h"

#include <cstdint>
#include <string>
#include <vector>

namespace hadal::conformance {

enum class Element { f32, bf16, f16, f8, i32 };

struct ElementInfo {
  const char *name;        // as MLIR spells it
  const char *safetensors; // as a checkpoint's file spells it; null: it has none
  hadal_element_type_t type;
};
const ElementInfo &infoOf(Element element);

/// The nearest value that an element holds.
double rounded(double value, Element element);

using Shape = std::vector<int64_t>;
int64_t elementCount(const Shape &shape);

/// Numbers that do not depend on the machine.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed * 0x9e3779b97f4a7c15u + 1) {}
  uint32_t next();
  /// In [-1, 1).
  double uniform();
  /// In [0, below).
  int64_t below(int64_t below) { return next() % below; }
  /// In [low, high].
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
  bool coin() { return below(2) != 0; }

private:
  uint64_t state;
};

/// Row-major; `values` are what the elements hold, without further rounding.
struct Tensor {
  Element element = Element::f32;
  Shape shape;
  std::vector<double> values;

  /// Values that are not numbers.
  static Tensor undefined(Element element, Shape shape);
  /// In [-scale, scale), rounded to the element; first to `coarse`, so that a
  /// value is the same in both.
  static Tensor random(Random &random, Element element, Shape shape, double scale = 1,
                       Element coarse = Element::f32);
  static Tensor integers(std::vector<int32_t> values, Shape shape);
  static Tensor integers(const std::vector<int32_t> &values) {
    return integers(values, {static_cast<int64_t>(values.size())});
  }
  static Tensor decode(Element element, Shape shape, const void *bytes);

  std::vector<uint8_t> encode() const;
  int64_t rows() const { return shape.front(); }
  int64_t width() const { return shape.back(); }
  double *row(int64_t index) { return values.data() + index * width(); }
  const double *row(int64_t index) const { return values.data() + index * width(); }
};

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_TENSOR_H
