// SPDX-License-Identifier: Apache-2.0
// Outcomes as bytes for a pipe: fields that end with a zero.
#include "Outcome.h"

#include <cstdio>
#include <cstdlib>

namespace hadal::conformance {

std::string encode(const std::vector<Outcome> &outcomes) {
  std::string bytes;
  for (const Outcome &outcome : outcomes) {
    char numbers[80];
    std::snprintf(numbers, sizeof numbers, "%d %a %a", outcome.kind, outcome.error, outcome.limit);
    for (const std::string &field :
         {std::string(numbers), outcome.level, outcome.edge, outcome.text})
      bytes.append(field.c_str(), std::char_traits<char>::length(field.c_str()) + 1);
  }
  return bytes;
}

std::vector<Outcome> decode(const std::string &bytes) {
  std::vector<Outcome> outcomes;
  size_t at = 0;
  auto take = [&] {
    std::string field = bytes.c_str() + at;
    at += field.size() + 1;
    return field;
  };
  while (at < bytes.size()) {
    Outcome outcome;
    std::string numbers = take();
    int kind = 0;
    std::sscanf(numbers.c_str(), "%d %la %la", &kind, &outcome.error, &outcome.limit);
    outcome.kind = static_cast<Outcome::Kind>(kind);
    if (at < bytes.size())
      outcome.level = take();
    if (at < bytes.size())
      outcome.edge = take();
    if (at < bytes.size())
      outcome.text = take();
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

} // namespace hadal::conformance
