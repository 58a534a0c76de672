// SPDX-License-Identifier: Apache-2.0
// Runs a prompt and generates from it, writing as it goes.
#ifndef HADAL_TOOLS_RUN_GENERATE_H
#define HADAL_TOOLS_RUN_GENERATE_H

#include <cstdint>
#include <string>
#include <vector>

#include "support/Text.h"

namespace hadal::tools {

struct Generation {
  std::vector<int32_t> prompt;
  uint32_t maxNewTokens = 0;
  uint32_t chunk = 0;               // most tokens of the prompt in one step
  hadal_sampler_options_t sampling{};
  bool printIds = false;
  bool ignoreEos = false;           // else the model's eos_tokens end the text
  std::string logitsPath;           // "": logits of the prompt are not written
};

struct GenerationStatistics {
  uint32_t promptTokens = 0;
  double promptSeconds = 0;
  uint32_t generatedTokens = 0;
  uint32_t decodeSteps = 0;
  double decodeSeconds = 0;
  bool interrupted = false;
};

/// Generates on the model's open session, whose slot 0 must be empty, and writes
/// text or ids to stdout. `tokenizer` may be NULL with printIds. An interrupt
/// (SIGINT) ends it early.
GenerationStatistics generate(Model &model, const hadal_tokenizer_t *tokenizer,
                              const Generation &request);

} // namespace hadal::tools

#endif // HADAL_TOOLS_RUN_GENERATE_H
