// SPDX-License-Identifier: Apache-2.0
// The tokenizer and the sampling defaults that an artifact carries.
#include "support/Text.h"
#include "support/Diagnostics.h"

namespace hadal::tools {

void check(hadal_text_status_t status, const Model &model) {
  if (status)
    fail(model.path() + ": " + hadal_text_status_message(status));
}

namespace {

/// The message of a failed call, which is released.
std::string take(hadal_text_status_t status) {
  std::string message = hadal_text_status_message(status);
  hadal_text_status_release(status);
  return message;
}

} // namespace

LoadedTokenizer loadTokenizer(Model &model) {
  hadal_tokenizer_options_t options{};
  options.struct_size = sizeof(options);
  options.tokenizer_json = static_cast<const char *>(
      hadal_module_section(model.module(), HADAL_SECTION_TOKENIZER, &options.tokenizer_json_size));
  options.config_json = static_cast<const char *>(hadal_module_section(
      model.module(), HADAL_SECTION_TOKENIZER_CONFIG, &options.config_json_size));
  if (!options.tokenizer_json) {
    std::string reason = model.info().text_note;
    return {nullptr, reason.empty() ? "the checkpoint had no tokenizer.json" : reason};
  }
  hadal_tokenizer_t *tokenizer = nullptr;
  if (hadal_text_status_t status = hadal_tokenizer_create(&options, &tokenizer))
    return {nullptr, take(status)};
  return {decltype(LoadedTokenizer::tokenizer)(tokenizer), ""};
}

LoadedDefaults loadDefaults(Model &model) {
  LoadedDefaults result;
  result.missing = model.info().generation_note;
  result.defaults.struct_size = sizeof(result.defaults);
  size_t size = 0;
  const char *json = static_cast<const char *>(
      hadal_module_section(model.module(), HADAL_SECTION_GENERATION, &size));
  if (hadal_text_status_t status = hadal_generation_defaults_read(json, size, &result.defaults)) {
    result.missing = take(status);
    check(hadal_generation_defaults_read(nullptr, 0, &result.defaults), model);
  }
  return result;
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
