// SPDX-License-Identifier: Apache-2.0
// Lists of token ids as text.
#ifndef HADAL_TOOLS_SUPPORT_IDS_H
#define HADAL_TOOLS_SUPPORT_IDS_H

#include <cstdint>
#include <string>
#include <vector>

namespace hadal::tools {

/// Reads ids that are separated by white space or commas. `source` is what
/// errors call the text.
std::vector<int32_t> parseIds(const std::string &text, const std::string &source);

/// All of a file, or of stdin for "-".
std::string readInput(const std::string &path);

/// "1,2,3".
std::string joinIds(const std::vector<int32_t> &ids);

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_IDS_H
