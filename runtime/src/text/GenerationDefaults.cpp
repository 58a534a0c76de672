// SPDX-License-Identifier: Apache-2.0
// Sampling defaults from generation_config.json.
#include "GenerationDefaults.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace hadal::text {

namespace {

/// A token id; one that no token can have is nothing.
Error readId(const Field &field, std::optional<int32_t> &out) {
  out.reset();
  double number = 0;
  if (field.read(number) || number != std::floor(number))
    return field.expected("a token id");
  if (number >= 0 && number <= INT32_MAX)
    out = static_cast<int32_t>(number);
  return {};
}

} // namespace

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
  std::optional<int32_t> id;
  Field bos = root.member("bos_token_id");
  if (bos.present()) {
    if (Error error = readId(bos, id))
      return error;
    bosToken = id.value_or(-1);
  }
  Field eos = root.member("eos_token_id");
  if (!eos.present())
    return {};
  bool isList = eos.json().is_array();
  for (size_t i = 0, count = isList ? eos.json().size() : 1; i < count; ++i) {
    if (Error error = readId(isList ? eos.element(i) : eos, id))
      return error;
    if (id && std::find(eosTokens.begin(), eosTokens.end(), *id) == eosTokens.end())
      eosTokens.push_back(*id);
  }
  return {};
}

} // namespace hadal::text
