// SPDX-License-Identifier: Apache-2.0
// What the tools write as JSON.
#include "support/Json.h"

#include <nlohmann/json.hpp>

namespace hadal::tools {

std::string quoted(const std::string &text) {
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace hadal::tools
