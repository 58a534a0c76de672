// SPDX-License-Identifier: Apache-2.0
// The tokenizer and the sampling defaults that an artifact carries.
#ifndef HADAL_TOOLS_SUPPORT_TEXT_H
#define HADAL_TOOLS_SUPPORT_TEXT_H

#include <cstdint>
#include <string>
#include <vector>

#include "hadal_text.h"
#include "support/Model.h"

namespace hadal::tools {

/// A failed call is an error of the tool, about the file that `model` names.
void check(hadal_text_status_t status, const Model &model);

/// NULL when the artifact carries none; release with hadal_tokenizer_release.
hadal_tokenizer_t *loadTokenizer(Model &model);

/// Why the artifact has no tokenizer.
std::string missingText(const Model &model);

/// Defaults for sampling; end-of-text ids fall back on the model's own.
hadal_generation_defaults_t generationDefaults(Model &model);

std::vector<int32_t> encodeText(const Model &model, const hadal_tokenizer_t *tokenizer,
                                const std::string &text);

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_TEXT_H
