// SPDX-License-Identifier: Apache-2.0
// What a case came to, and how a child process tells its parent.
#ifndef HADAL_TOOLS_CONFORMANCE_OUTCOME_H
#define HADAL_TOOLS_CONFORMANCE_OUTCOME_H

#include <string>
#include <vector>

namespace hadal::conformance {

/// Of one edge, at one level; of all edges where nothing could be run.
struct Outcome {
  enum Kind { passed, failed, unsupported };
  Kind kind = failed;
  std::string level, edge;
  std::string text; // why it failed or is not supported
  double error = 0; // the largest, as a part of the largest value that was expected
  double limit = 0; // of the result that it is about
};

std::string encode(const std::vector<Outcome> &outcomes);
std::vector<Outcome> decode(const std::string &bytes);

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_OUTCOME_H
