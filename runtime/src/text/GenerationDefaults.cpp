// SPDX-License-Identifier: Apache-2.0
// Sampling defaults from generation_config.json.
#include "GenerationDefaults.h"

namespace hadal::text {

Error GenerationDefaults::read(std::string_view json) {
  Json document;
  if (Error error = parseJson(json, "generation_config.json", document))
    return error;
  Field root(document, "generation_config.json");
  if (Error error = root.expectObject())
    return error;
  if (Error error = root.member("do_sample").readOptional(doSample))
    return error;
  if (Error error = root.member("temperature").readOptional(temperature))
    return error;
  if (temperature < 0)
    return root.member("temperature").expected("a number that is not negative");
  if (Error error = root.member("top_p").readOptional(topP))
    return error;
  if (topP <= 0 || topP > 1)
    return root.member("top_p").expected("a number above 0 and at most 1");
  if (Error error = root.member("top_k").readOptional(topK))
    return error;
  if (Error error = root.member("bos_token_id").readOptional(bosToken))
    return error;
  Field eos = root.member("eos_token_id");
  if (!eos.present())
    return {};
  if (!eos.json().is_array()) {
    eosTokens.resize(1);
    return eos.read(eosTokens[0]);
  }
  for (size_t i = 0; i < eos.json().size(); ++i) {
    int32_t id = 0;
    if (Error error = eos.element(i).read(id))
      return error;
    eosTokens.push_back(id);
  }
  return {};
}

} // namespace hadal::text
