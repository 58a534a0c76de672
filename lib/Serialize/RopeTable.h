// SPDX-License-Identifier: Apache-2.0
// Computes rotary tables, with YaRN.
#ifndef HADAL_LIB_SERIALIZE_ROPETABLE_H
#define HADAL_LIB_SERIALIZE_ROPETABLE_H

#include "hadal/IR/HadalDialect.h"

#include <vector>

namespace hadal {

/// Angular frequencies f_i of the pairs, [dim / 2], as #hadal.rope_table defines.
std::vector<float> ropeFrequencies(RopeTableAttr table);

/// Row `position` of the table, [dim / 2], written to `row`.
void ropeTableRow(RopeTableAttr table, const std::vector<float> &frequencies, int64_t position,
                  float *row);

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_ROPETABLE_H
