// SPDX-License-Identifier: Apache-2.0
// Cases of drawn shapes: what is known when it is compiled, and, of each, many calls.
#include "Cases.h"

namespace hadal::conformance {

/// Compiling takes longer than running, so a module serves many calls.
static constexpr uint64_t kEdges = 125;

std::vector<CaseEntry> drawnCases(uint64_t shapes, uint64_t seed) {
  Families families;
  addRowFamilies(families);
  addLinearFamilies(families);
  addAttentionFamilies(families);
  addRoutingFamilies(families);
  addExpertFamilies(families);
  Cases cases;
  uint64_t modules = (shapes + kEdges - 1) / kEdges;
  for (size_t f = 0; f < families.size(); ++f)
    for (uint64_t i = 0; i < modules; ++i) {
      // A case is the same whichever others are run, and however many.
      uint64_t number = (seed * 1000 + f) * 100003 + i;
      auto edges = static_cast<int64_t>(shapes * (i + 1) / modules - shapes * i / modules);
      cases.push_back({families[f].name + "/drawn " + std::to_string(i),
                       [number, edges, build = families[f].build](Case &c) {
                         Random shape(2 * number), calls(2 * number + 1);
                         c.draw = Case::Draw{calls, edges};
                         build(c, shape);
                       }});
    }
  return cases;
}

} // namespace hadal::conformance
