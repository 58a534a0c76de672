// SPDX-License-Identifier: Apache-2.0
// A line for each case and level, and one for each edge that fails.
#include "Report.h"
#include "support/Diagnostics.h"
#include "support/Json.h"

#include <algorithm>
#include <cmath>

using namespace hadal::tools;

namespace hadal::conformance {

static const char *nameOf(Outcome::Kind kind) {
  return kind == Outcome::passed ? "passed" : kind == Outcome::failed ? "failed" : "unsupported";
}

/// JSON has no infinity.
static std::string numberOf(double value) {
  return std::isfinite(value) ? format("%.4g", value) : "null";
}

static std::string listOf(const std::vector<std::string> &words, bool asJson) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : ", ") + (asJson ? quoted(word) : word);
  return text;
}

void Report::begin(const std::string &device, const std::string &target,
                   const std::vector<std::string> &levels) {
  if (!asJson)
    print("device " + device + ", target " + target + ", levels " + listOf(levels, false) + "\n");
  cases = "{\"device\":" + quoted(device) + ",\"target\":" + quoted(target) + ",\"levels\":[" +
          listOf(levels, true) + "],\"cases\":[";
}

void Report::add(const std::string &name, const std::vector<Outcome> &outcomes) {
  for (size_t first = 0; first < outcomes.size();) {
    size_t last = first;
    while (last < outcomes.size() && outcomes[last].level == outcomes[first].level)
      ++last;
    addLevel(name, {outcomes.begin() + static_cast<std::ptrdiff_t>(first),
                    outcomes.begin() + static_cast<std::ptrdiff_t>(last)});
    first = last;
  }
}

void Report::addLevel(const std::string &name, const std::vector<Outcome> &outcomes) {
  const Outcome *worst = &outcomes.front();
  auto share = [](const Outcome &each) {
    return each.limit > 0 ? each.error / each.limit : each.error;
  };
  std::string edges, failures;
  for (const Outcome &each : outcomes) {
    if (each.kind > worst->kind || (each.kind == worst->kind && share(each) > share(*worst)))
      worst = &each;
    if (each.kind == Outcome::failed)
      failures += "  " + (each.edge.empty() ? "" : each.edge + ": ") + each.text + "\n";
    edges += (edges.empty() ? "" : ",") + std::string("{\"edge\":") + quoted(each.edge) +
             ",\"result\":" + quoted(nameOf(each.kind)) + ",\"error\":" + numberOf(each.error) +
             ",\"limit\":" + numberOf(each.limit) + ",\"text\":" + quoted(each.text) + "}";
  }
  ++(worst->kind == Outcome::passed   ? passed
     : worst->kind == Outcome::failed ? failed
                                      : unsupported);
  std::string level = outcomes.front().level;
  if (asJson) {
    cases += (cases.back() == '[' ? "\n" : ",\n") + std::string("{\"case\":") + quoted(name) +
             ",\"level\":" + quoted(level) + ",\"result\":" + quoted(nameOf(worst->kind)) +
             ",\"edges\":[" + edges + "]}";
    return;
  }
  std::string line =
      format("%-11s %s", nameOf(worst->kind), name.c_str()) + (level.empty() ? "" : " " + level);
  if (worst->kind == Outcome::unsupported)
    line += ": " + worst->text;
  else if (worst->kind == Outcome::passed)
    line += format(": %zu edge%s, largest error %.2g of at most %.2g", outcomes.size(),
                   outcomes.size() == 1 ? "" : "s", worst->error, worst->limit);
  print(line + "\n" + failures);
}

bool Report::end() {
  if (asJson)
    print(cases + format("],\"passed\":%zu,\"failed\":%zu,\"unsupported\":%zu}\n", passed, failed,
                         unsupported));
  else
    print(format("%zu passed, %zu failed, %zu unsupported\n", passed, failed, unsupported));
  return failed == 0;
}

} // namespace hadal::conformance
