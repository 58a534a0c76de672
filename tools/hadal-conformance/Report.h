// SPDX-License-Identifier: Apache-2.0
// Tells what passes, as text or JSON.
#ifndef HADAL_TOOLS_CONFORMANCE_REPORT_H
#define HADAL_TOOLS_CONFORMANCE_REPORT_H

#include "Outcome.h"

#include <string>
#include <vector>

namespace hadal::conformance {

class Report {
public:
  explicit Report(bool asJson) : asJson(asJson) {}

  void begin(const std::string &device, const std::string &target,
             const std::vector<std::string> &levels);
  void add(const std::string &name, const std::vector<Outcome> &outcomes);
  /// True when nothing failed.
  bool end();

private:
  void addLevel(const std::string &name, const std::vector<Outcome> &outcomes);

  bool asJson;
  size_t passed = 0, failed = 0, unsupported = 0;
  std::string cases; // JSON
};

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_REPORT_H
