// SPDX-License-Identifier: Apache-2.0
// The order of cases in a report.
#include "Cases.h"

namespace hadal::conformance {

std::vector<CaseEntry> allCases() {
  Cases cases;
  addRowCases(cases);
  addLinearCases(cases);
  addAttentionCases(cases);
  addRoutingCases(cases);
  addExpertCases(cases);
  addPlainCases(cases);
  addLinalgCases(cases);
  addSizeCases(cases);
  return cases;
}

} // namespace hadal::conformance
