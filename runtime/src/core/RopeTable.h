// SPDX-License-Identifier: Apache-2.0
// Rotary tables: cosines and sines of positions, with YaRN.
#ifndef HADAL_CORE_ROPETABLE_H
#define HADAL_CORE_ROPETABLE_H

#include "core/Status.h"
#include "hadal_generated.h"

#include <cstdint>
#include <vector>

namespace hadal::runtime {

/// Row p, column i of [positions, dim / 2] is mscale times the cosine or sine of the angle p * f_i.
/// Without YaRN (factor 1, no yarn), f_i = theta^(-2i / dim). With it (arXiv:2309.00071, section 3.2) a pair
/// that turns more than beta_fast times within the original positions keeps f_i, one that turns
/// less than beta_slow times has f_i / factor, and those between a blend by a linear ramp over the
/// index; `truncate` rounds the ends of the ramp outwards to whole indices.
struct RopeTable {
  artifact::TableComponent component;
  uint32_t dim;
  double theta, factor;
  uint64_t originalPositions;
  double betaFast, betaSlow, mscale;
  bool truncate;
  bool yarn = false; // with a factor of 1 too
};

RopeTable readRopeTable(const artifact::RopeTable &table);

/// Checks that all values for 2^31 positions are finite. Messages start with the field.
Status checkRopeTable(const RopeTable &table);

/// f_i, [dim / 2].
std::vector<float> ropeFrequencies(const RopeTable &table);

/// Writes the row of one position, [dim / 2].
void ropeTableRow(const RopeTable &table, const std::vector<float> &frequencies, int64_t position,
                  float *row);

} // namespace hadal::runtime

#endif // HADAL_CORE_ROPETABLE_H
