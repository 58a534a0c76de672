// SPDX-License-Identifier: Apache-2.0
// Which experts a token goes to, and how tokens are grouped by them.
#ifndef HADAL_TOOLS_CONFORMANCE_CASES_ROUTING_H
#define HADAL_TOOLS_CONFORMANCE_CASES_ROUTING_H

#include "Cases.h"

namespace hadal::conformance {

/// Ids of k different experts for each of so many rows.
struct Ids {
  std::string name;
  int64_t rows, topK, experts;
  std::vector<int32_t> values; // [rows, k]
};

/// No row, one, many; all of one expert, all experts used, one that is not.
std::vector<Ids> idsOf(Case &c, int64_t topK, int64_t experts);

/// Pairs sorted by expert: what hadal.moe_group makes.
struct Groups {
  explicit Groups(const Ids &ids);
  std::vector<int32_t> offsets, rows;
};

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_CASES_ROUTING_H
