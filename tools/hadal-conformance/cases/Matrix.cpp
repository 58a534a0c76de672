// SPDX-License-Identifier: Apache-2.0
// Random weights and their products in double precision.
#include "Matrix.h"

#include <cmath>

namespace hadal::conformance {

Matrix Matrix::random(Random &random, Element stored, const Shape &shape, const Shape &block,
                      const Precision &precision) {
  if (stored != Element::f8)
    return {weightOf(random, stored, shape, precision), {}, {}};
  Shape scales = shape;
  for (size_t axis : {0, 1}) {
    int64_t &extent = scales[shape.size() - 2 + axis];
    extent = (extent + block[axis] - 1) / block[axis];
  }
  Matrix matrix{Tensor::random(random, stored, shape, 400),
                Tensor::random(random, Element::f32, scales, 0.004), block};
  for (double &scale : matrix.scales.values)
    scale = rounded(std::fabs(scale) + 1e-3, Element::f32);
  return matrix;
}

double Matrix::at(int64_t index, int64_t o, int64_t i) const {
  double value = stored.values[(index * outputs() + o) * inputs() + i];
  if (!isScaled())
    return value;
  int64_t rows = scales.shape[scales.shape.size() - 2];
  return value * scales.values[(index * rows + o / block[0]) * scales.width() + i / block[1]];
}

double Matrix::dot(int64_t index, int64_t o, const double *x) const {
  double sum = 0;
  for (int64_t i = 0; i < inputs(); ++i)
    sum += at(index, o, i) * x[i];
  return sum;
}

void Matrix::declare(Case &c, const std::string &name) const {
  c.parameter(name, stored);
  if (isScaled())
    c.parameter(name + "_scale", scales);
}

std::string Matrix::blockText() const {
  return isScaled() ? "block = array<i64: " + std::to_string(block[0]) + ", " +
                          std::to_string(block[1]) + ">"
                    : "";
}

Tensor product(const Tensor &x, const Matrix &w, Element result) {
  Tensor y = Tensor::undefined(result, {x.rows(), w.outputs()});
  for (int64_t n = 0; n < y.rows(); ++n)
    for (int64_t o = 0; o < y.width(); ++o)
      y.row(n)[o] = w.dot(0, o, x.row(n));
  return y;
}

std::string shapeText(const Shape &shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

} // namespace hadal::conformance
