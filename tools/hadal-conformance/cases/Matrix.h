// SPDX-License-Identifier: Apache-2.0
// Weights of matrix products: one matrix or a stack of them, with block scales or without.
#ifndef HADAL_TOOLS_CONFORMANCE_CASES_MATRIX_H
#define HADAL_TOOLS_CONFORMANCE_CASES_MATRIX_H

#include "Cases.h"

namespace hadal::conformance {

struct Matrix {
  Tensor stored; // [out, in] or [count, out, in]
  Tensor scales; // of f8E4M3FN: [(count,) ceil(out / bo), ceil(in / bi)]
  Shape block;   // [bo, bi], or empty

  /// In native precision values are some that bf16 has, since a target may keep them so.
  static Matrix random(Random &random, Element stored, const Shape &shape, const Shape &block,
                       const Precision &precision);

  int64_t outputs() const { return stored.shape[stored.shape.size() - 2]; }
  int64_t inputs() const { return stored.width(); }
  bool isScaled() const { return !block.empty(); }
  double at(int64_t index, int64_t o, int64_t i) const;
  /// sum_i w[index, o, i] * x[i]
  double dot(int64_t index, int64_t o, const double *x) const;

  /// Declares %name, and %name_scale where it is scaled.
  void declare(Case &c, const std::string &name) const;
  /// "block = array<i64: 32, 32>", or "".
  std::string blockText() const;
};

/// y[n, o] = sum_i x[n, i] * w[o, i]
Tensor product(const Tensor &x, const Matrix &w, Element result);

inline double silu(double x) { return x / (1 + __builtin_exp(-x)); }

/// "3x64x32".
std::string shapeText(const Shape &shape);

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_CASES_MATRIX_H
