// SPDX-License-Identifier: Apache-2.0
// The tokenizer and the sampling defaults that an artifact carries.
#include "support/Text.h"
#include "support/Diagnostics.h"

#include <algorithm>

namespace hadal::tools {

void check(hadal_text_status_t status, const Model &model) {
  if (status)
    fail(model.path() + ": " + hadal_text_status_message(status));
}

hadal_tokenizer_t *loadTokenizer(Model &model) {
  hadal_tokenizer_options_t options{};
  options.struct_size = sizeof(options);
  options.tokenizer_json = static_cast<const char *>(hadal_module_section(
      model.module(), HADAL_SECTION_TOKENIZER, &options.tokenizer_json_size));
  options.config_json = static_cast<const char *>(hadal_module_section(
      model.module(), HADAL_SECTION_TOKENIZER_CONFIG, &options.config_json_size));
  if (!options.tokenizer_json)
    return nullptr;
  hadal_tokenizer_t *tokenizer = nullptr;
  check(hadal_tokenizer_create(&options, &tokenizer), model);
  return tokenizer;
}

std::string missingText(const Model &model) {
  std::string reason = model.info().text_note;
  return reason.empty() ? "the checkpoint had no tokenizer.json" : reason;
}

hadal_generation_defaults_t generationDefaults(Model &model) {
  size_t size = 0;
  const char *json = static_cast<const char *>(
      hadal_module_section(model.module(), HADAL_SECTION_GENERATION, &size));
  hadal_generation_defaults_t defaults{};
  defaults.struct_size = sizeof(defaults);
  check(hadal_generation_defaults_read(json, size, &defaults), model);
  if (defaults.eos_count == 0) {
    defaults.eos_count = std::min<uint32_t>(model.info().eos_count, HADAL_MAX_EOS_TOKENS);
    std::copy_n(model.info().eos_tokens, defaults.eos_count, defaults.eos_tokens);
  }
  return defaults;
}

std::vector<int32_t> encodeText(const Model &model, const hadal_tokenizer_t *tokenizer,
                                const std::string &text) {
  int32_t *ids = nullptr;
  size_t count = 0;
  check(hadal_tokenizer_encode(tokenizer, text.data(), text.size(), 1, &ids, &count), model);
  std::vector<int32_t> result(ids, ids + count);
  hadal_text_release_ids(ids);
  return result;
}

} // namespace hadal::tools
