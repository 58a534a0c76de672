// SPDX-License-Identifier: Apache-2.0
// Lists of token ids as text.
#include "support/Ids.h"
#include "support/Diagnostics.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace hadal::tools {

std::vector<int32_t> parseIds(const std::string &text, const std::string &source) {
  std::vector<int32_t> ids;
  const char *separators = " \t\r\n\v\f,";
  for (size_t at = 0;;) {
    at = text.find_first_not_of(separators, at);
    if (at == std::string::npos)
      return ids;
    size_t end = text.find_first_of(separators, at);
    std::string word = text.substr(at, end == std::string::npos ? end : end - at);
    bool digits = word.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || word.size() > 10 || std::stoull(word) > INT32_MAX)
      fail(source + ": id " + std::to_string(ids.size()) +
           ": expected an integer from 0 to 2147483647, got '" + word.substr(0, 40) + "'");
    ids.push_back(static_cast<int32_t>(std::stoull(word)));
    at = end == std::string::npos ? text.size() : end;
  }
}

std::string readInput(const std::string &path) {
  std::string source = path == "-" ? "standard input" : path;
  int descriptor = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    fail(source + ": cannot be read: " + std::strerror(errno));
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    ssize_t count = read(descriptor, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      fail(source + ": cannot be read: " + std::strerror(errno));
    if (count == 0)
      break;
    text.append(buffer, static_cast<size_t>(count));
  }
  if (descriptor != STDIN_FILENO)
    close(descriptor);
  return text;
}

std::string joinIds(const std::vector<int32_t> &ids) {
  std::string text;
  for (int32_t id : ids)
    text += (text.empty() ? "" : ",") + std::to_string(id);
  return text;
}

} // namespace hadal::tools
