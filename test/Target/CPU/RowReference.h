// SPDX-License-Identifier: Apache-2.0
// Rows that are normed and rotated in scalar code.
#ifndef HADAL_TEST_TARGET_CPU_ROWREFERENCE_H
#define HADAL_TEST_TARGET_CPU_ROWREFERENCE_H

#include "KernelHarness.h"

#include <cmath>

namespace hadal::testing {

/// The RMS norm of the first elements of x, as many as there are weights.
inline std::vector<double> norm(const float *x, const std::vector<float> &weights, double epsilon) {
  double squares = 0;
  for (size_t i = 0; i < weights.size(); ++i)
    squares += double(x[i]) * x[i];
  double root = std::sqrt(squares / double(weights.size()) + epsilon);
  std::vector<double> y;
  for (size_t i = 0; i < weights.size(); ++i)
    y.push_back(weights[i] * x[i] / root);
  return y;
}

/// y_i = a c - b s, y_{i + half} = b c + a s for the pairs of a row.
inline std::vector<double> rotate(const float *x, int64_t size, bool interleaved, const float *cos,
                                  const float *sin) {
  std::vector<double> y(size);
  int64_t half = size / 2;
  for (int64_t i = 0; i < half; ++i) {
    double a = interleaved ? x[2 * i] : x[i], b = interleaved ? x[2 * i + 1] : x[half + i];
    y[i] = a * cos[i] - b * sin[i];
    y[half + i] = b * cos[i] + a * sin[i];
  }
  return y;
}

} // namespace hadal::testing

#endif // HADAL_TEST_TARGET_CPU_ROWREFERENCE_H
