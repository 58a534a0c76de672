// SPDX-License-Identifier: Apache-2.0
// The prompts of a file of expected results.
#ifndef HADAL_TOOLS_VERIFY_PROMPTS_H
#define HADAL_TOOLS_VERIFY_PROMPTS_H

#include <cstdint>
#include <vector>

#include "support/Model.h"
#include "support/Safetensors.h"

namespace hadal::tools {

struct Prompt {
  std::vector<int32_t> ids;    // at least one, of the model's vocabulary
  std::vector<int32_t> greedy; // the continuation; empty where none is given
};

/// The tensors `prompt.i` and `greedy.i`, from 0 until there is no further one; fails where
/// there is none.
std::vector<Prompt> readPrompts(const Model &model, const SafetensorsFile &expected);

/// Fails where the model has fewer positions than `longest`.
void checkLongest(const Model &model, const SafetensorsFile &expected, size_t longest);

} // namespace hadal::tools

#endif // HADAL_TOOLS_VERIFY_PROMPTS_H
