// SPDX-License-Identifier: Apache-2.0
// Reads JSON and keeps nothing of it.
#include "core/JsonObject.h"

#include <cstring>

namespace hadal::runtime {
namespace {

constexpr int kDeepest = 64;

class Reader {
public:
  explicit Reader(const char *text) : text(text), at(text) {}

  bool whole() {
    skipSpace();
    return *at == '{' && value(0) && *at == 0;
  }
  size_t place() const { return static_cast<size_t>(at - text); }

private:
  void skipSpace() { at += std::strspn(at, " \t\n\r"); }

  bool take(char c) {
    if (*at != c)
      return false;
    ++at;
    return true;
  }

  bool word(const char *expected) {
    size_t length = std::strlen(expected);
    if (std::strncmp(at, expected, length) != 0)
      return false;
    at += length;
    return true;
  }

  bool digits() {
    size_t count = std::strspn(at, "0123456789");
    at += count;
    return count > 0;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits())
      return false;
    if (take('.') && !digits())
      return false;
    if (!take('e') && !take('E'))
      return true;
    if (!take('+'))
      take('-');
    return digits();
  }

  bool escape() {
    if (!take('u')) {
      if (!*at || !std::strchr("\"\\/bfnrt", *at))
        return false;
      ++at;
      return true;
    }
    if (std::strspn(at, "0123456789abcdefABCDEF") < 4)
      return false;
    at += 4;
    return true;
  }

  bool string() {
    if (!take('"'))
      return false;
    while (static_cast<unsigned char>(*at) >= ' ') {
      if (take('"'))
        return true;
      if (take('\\')) {
        if (!escape())
          return false;
      } else {
        ++at;
      }
    }
    return false;
  }

  bool list(char end, bool named, int depth) {
    ++at;
    skipSpace();
    if (take(end))
      return true;
    do {
      skipSpace();
      if (named) {
        if (!string())
          return false;
        skipSpace();
        if (!take(':'))
          return false;
      }
      if (!value(depth + 1))
        return false;
    } while (take(','));
    return take(end);
  }

  /// With the space around it.
  bool value(int depth) {
    if (depth > kDeepest)
      return false;
    skipSpace();
    bool fits = *at == '{'   ? list('}', true, depth)
                : *at == '[' ? list(']', false, depth)
                : *at == '"' ? string()
                             : number() || word("true") || word("false") || word("null");
    skipSpace();
    return fits;
  }

  const char *text, *at;
};

} // namespace

bool isJsonObject(const char *text, size_t *at) {
  Reader reader(text);
  bool fits = reader.whole();
  *at = reader.place();
  return fits;
}

} // namespace hadal::runtime
