// SPDX-License-Identifier: Apache-2.0
// What the tools write as JSON.
#ifndef HADAL_TOOLS_SUPPORT_JSON_H
#define HADAL_TOOLS_SUPPORT_JSON_H

#include <string>
#include <vector>

namespace hadal::tools {

/// The text as a JSON string. Names come from artifacts and paths and can hold
/// anything: what is ill-formed UTF-8 becomes U+FFFD.
std::string quoted(const std::string &text);

/// The texts as a list of JSON strings.
std::string quotedList(const std::vector<std::string> &texts);

/// Nine digits of a number, or null: JSON has no infinities.
std::string numberOrNull(double value);

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_JSON_H
