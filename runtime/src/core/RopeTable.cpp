// SPDX-License-Identifier: Apache-2.0
// Computes rotary tables, with YaRN.
//
// The reference computes frequencies, angles and their cosines in f32; each of
// these is computed here in f64 from the same f32 operands and rounded once, so
// results do not depend on the C library's f32 functions.
#include "core/RopeTable.h"

#include "hadal_limits.h"

#include <algorithm>
#include <cmath>

namespace hadal::runtime {
namespace {

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;

// The (fractional) pair index whose frequency turns `rotations` times within
// the original positions (arXiv:2309.00071, equation 17 solved for the index).
double correctionDim(const RopeTable &table, double rotations) {
  return table.dim *
         std::log(static_cast<double>(table.originalPositions) / (rotations * 2 * M_PI)) /
         (2 * std::log(table.theta));
}

} // namespace

RopeTable readRopeTable(const artifact::RopeTable &table) {
  return {table.component(),          table.dim(),       table.theta(),     table.factor(),
          table.original_positions(), table.beta_fast(), table.beta_slow(), table.mscale(),
          table.truncate(),           table.yarn()};
}

Status checkRopeTable(const RopeTable &table) {
  if (table.component > artifact::TableComponent::MAX)
    return fail(kInvalid, "component: expected at most %u, got %u",
                static_cast<unsigned>(artifact::TableComponent::MAX),
                static_cast<unsigned>(table.component));
  if (table.dim == 0 || table.dim % 2 != 0 || table.dim > kMaxRopeDim)
    return fail(kInvalid, "dim: expected an even number up to %u, got %u", kMaxRopeDim, table.dim);
  const struct {
    const char *name;
    double value;
    bool positive;
  } numbers[] = {{"theta", table.theta, true},
                 {"factor", table.factor, true},
                 {"beta_fast", table.betaFast, false},
                 {"beta_slow", table.betaSlow, false},
                 {"mscale", table.mscale, false}};
  for (const auto &number : numbers)
    if (!std::isfinite(number.value) || (number.positive && number.value <= 0))
      return fail(kInvalid, "%s: expected a finite number%s, got %g", number.name,
                  number.positive ? " above 0" : "", number.value);
  // Values are finite when angles are: a cosine is at most 1.
  for (float frequency : ropeFrequencies(table))
    if (!std::isfinite(frequency * 2147483648.0f))
      return fail(kInvalid, "theta: expected finite angles, got a frequency of %g",
                  double(frequency));
  if (!std::isfinite(static_cast<float>(table.mscale)))
    return fail(kInvalid, "mscale: expected a number within f32, got %g", table.mscale);
  return {};
}

std::vector<float> ropeFrequencies(const RopeTable &table) {
  uint32_t half = table.dim / 2;
  std::vector<float> result(half);
  double low = 0, high = 0;
  bool isYarn = table.yarn || table.factor != 1;
  if (isYarn) {
    low = correctionDim(table, table.betaFast);
    high = correctionDim(table, table.betaSlow);
    if (table.truncate) {
      low = std::floor(low);
      high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, table.dim - 1.0);
    if (low == high)
      high += 0.001; // no division by zero
  }
  for (uint32_t i = 0; i < half; ++i) {
    float exponent = static_cast<float>(2 * i) / static_cast<float>(table.dim);
    float power = static_cast<float>(std::pow(table.theta, static_cast<double>(exponent)));
    float plain = 1.0f / power;
    if (!isYarn) {
      result[i] = plain;
      continue;
    }
    float stretched = 1.0f / (static_cast<float>(table.factor) * power);
    float ramp = std::clamp((static_cast<float>(i) - static_cast<float>(low)) /
                                (static_cast<float>(high) - static_cast<float>(low)),
                            0.0f, 1.0f);
    float keep = 1.0f - ramp;
    result[i] = stretched * (1.0f - keep) + plain * keep;
  }
  return result;
}

void ropeTableRow(const RopeTable &table, const std::vector<float> &frequencies, int64_t position,
                  float *row) {
  float mscale = static_cast<float>(table.mscale);
  for (size_t i = 0; i < frequencies.size(); ++i) {
    float angle = static_cast<float>(position) * frequencies[i];
    double value = table.component == artifact::TableComponent::cos
                       ? std::cos(static_cast<double>(angle))
                       : std::sin(static_cast<double>(angle));
    row[i] = static_cast<float>(value) * mscale;
  }
}

} // namespace hadal::runtime
