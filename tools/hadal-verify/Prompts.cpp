// SPDX-License-Identifier: Apache-2.0
// Reads the prompts of a file of expected results, and checks them.
#include "Prompts.h"
#include "support/Diagnostics.h"

namespace hadal::tools {

std::vector<Prompt> readPrompts(const Model &model, const SafetensorsFile &expected) {
  std::vector<Prompt> prompts;
  for (uint32_t i = 0; expected.has("prompt." + std::to_string(i)); ++i) {
    std::string name = "prompt." + std::to_string(i), greedy = "greedy." + std::to_string(i);
    Prompt &prompt = prompts.emplace_back();
    prompt.ids = expected.integers(name);
    if (prompt.ids.empty())
      fail(expected.path() + ": tensor '" + name + "': expected at least one token, got none");
    model.checkIds(prompt.ids, expected.path() + ": tensor '" + name + "'");
    if (expected.has(greedy))
      prompt.greedy = expected.integers(greedy);
  }
  if (prompts.empty())
    fail(expected.path() + ": expected a tensor 'prompt.0', got none");
  return prompts;
}

void checkLongest(const Model &model, const SafetensorsFile &expected, size_t longest) {
  if (longest > model.info().max_positions)
    fail(expected.path() + ": expected prompts and continuations of at most " +
         model.contextLimit() + ", got " + std::to_string(longest));
}

} // namespace hadal::tools
