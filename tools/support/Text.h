// SPDX-License-Identifier: Apache-2.0
// The tokenizer and the sampling defaults that an artifact carries.
#ifndef HADAL_TOOLS_SUPPORT_TEXT_H
#define HADAL_TOOLS_SUPPORT_TEXT_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hadal_text.h"
#include "support/Model.h"

namespace hadal::tools {

/// A failed call is an error of the tool, about the file that `model` names.
void check(hadal_text_status_t status, const Model &model);

struct ReleaseTokenizer {
  void operator()(hadal_tokenizer_t *tokenizer) const { hadal_tokenizer_release(tokenizer); }
};

/// The tokenizer of an artifact, or why it can't be had.
struct LoadedTokenizer {
  std::unique_ptr<hadal_tokenizer_t, ReleaseTokenizer> tokenizer;
  std::string missing;
};
LoadedTokenizer loadTokenizer(Model &model);

/// What the checkpoint's author recommends for sampling, or why it can't be had:
/// `missing` is empty where there is nothing to be had either.
struct LoadedDefaults {
  hadal_generation_defaults_t defaults{};
  std::string missing;
};
LoadedDefaults loadDefaults(Model &model);

std::vector<int32_t> encodeText(const Model &model, const hadal_tokenizer_t *tokenizer,
                                const std::string &text);

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_TEXT_H
