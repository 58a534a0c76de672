// SPDX-License-Identifier: Apache-2.0
// The steps with which two artifacts are compared value by value.
#ifndef HADAL_TOOLS_VERIFY_STEPS_H
#define HADAL_TOOLS_VERIFY_STEPS_H

#include <cstdint>
#include <string>
#include <vector>

#include "support/Model.h"
#include "support/Safetensors.h"
#include "support/Step.h"

namespace hadal::tools {

/// "11 tokens of 1 sequence".
std::string textOf(const Step &step);

struct TestSteps {
  uint32_t slots = 1, capacity = 1;
  std::vector<Step> steps; // logits of all tokens are wanted
};

/// Short and long prompts, single tokens, and what is left of both in one step.
TestSteps makeSteps(const hadal_model_info_t &info);

/// The prompts of a file of expected results and their continuations, each in a slot of
/// its own, in steps of at most `chunk` tokens.
TestSteps stepsOf(const Model &model, const SafetensorsFile &expected, uint32_t chunk);

} // namespace hadal::tools

#endif // HADAL_TOOLS_VERIFY_STEPS_H
