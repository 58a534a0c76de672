// SPDX-License-Identifier: Apache-2.0
// Computes rotary tables, with YaRN.
//
// The reference computes frequencies, angles and their cosines in f32; each of
// these is computed here in f64 from the same f32 operands and rounded once, so
// results do not depend on the C library's f32 functions.
#include "RopeTable.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace hadal;

/// The (fractional) pair index whose frequency turns `rotations` times within
/// the original positions (arXiv:2309.00071, equation 17 solved for the index).
static double correctionDim(RopeTableAttr table, double rotations) {
  double theta = table.getTheta().getValueAsDouble();
  return table.getDim() *
         std::log(table.getOriginalPositions() / (rotations * 2 * M_PI)) /
         (2 * std::log(theta));
}

std::vector<float> hadal::ropeFrequencies(RopeTableAttr table) {
  int64_t half = table.getDim() / 2;
  double theta = table.getTheta().getValueAsDouble();
  double factor = table.getFactor().getValueAsDouble();
  std::vector<float> result(half);
  double low = 0, high = 0;
  if (factor != 1) {
    low = correctionDim(table, table.getBetaFast().getValueAsDouble());
    high = correctionDim(table, table.getBetaSlow().getValueAsDouble());
    if (table.getTruncate()) {
      low = std::floor(low);
      high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, table.getDim() - 1.0);
    if (low == high)
      high += 0.001; // no division by zero
  }
  for (int64_t i = 0; i < half; ++i) {
    float exponent = static_cast<float>(2 * i) / static_cast<float>(table.getDim());
    float power = static_cast<float>(std::pow(theta, static_cast<double>(exponent)));
    float plain = 1.0f / power;
    if (factor == 1) {
      result[i] = plain;
      continue;
    }
    float stretched = 1.0f / (static_cast<float>(factor) * power);
    float ramp = std::clamp((static_cast<float>(i) - static_cast<float>(low)) /
                                (static_cast<float>(high) - static_cast<float>(low)),
                            0.0f, 1.0f);
    float keep = 1.0f - ramp;
    result[i] = stretched * (1.0f - keep) + plain * keep;
  }
  return result;
}

void hadal::ropeTableRow(RopeTableAttr table, const std::vector<float> &frequencies,
                         int64_t position, float *row) {
  float mscale = static_cast<float>(table.getMscale().getValueAsDouble());
  for (size_t i = 0; i < frequencies.size(); ++i) {
    float angle = static_cast<float>(position) * frequencies[i];
    double value = table.getComponent() == TableComponent::Cos
                       ? std::cos(static_cast<double>(angle))
                       : std::sin(static_cast<double>(angle));
    row[i] = static_cast<float>(value) * mscale;
  }
}
