// SPDX-License-Identifier: Apache-2.0
// What the tools write as JSON.
#include "support/Json.h"
#include "support/Diagnostics.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace hadal::tools {

std::string quoted(const std::string &text) {
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string quotedList(const std::vector<std::string> &texts) {
  std::string out = "[";
  for (size_t i = 0; i < texts.size(); ++i)
    out += (i ? "," : "") + quoted(texts[i]);
  return out + "]";
}

std::string numberOrNull(double value) {
  return std::isfinite(value) ? format("%.9g", value) : "null";
}

} // namespace hadal::tools
