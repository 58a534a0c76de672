// SPDX-License-Identifier: Apache-2.0
// UTF-8: validation, repair and assembly from fragments.
#ifndef HADAL_TEXT_UTF8_H
#define HADAL_TEXT_UTF8_H

#include <cstddef>
#include <string>
#include <string_view>

namespace hadal::text {

/// U+FFFD, which stands for what is not UTF-8.
inline constexpr std::string_view replacementCharacter = "\xEF\xBF\xBD";

/// What the first bytes of a text are.
struct Utf8Unit {
  enum Kind { complete, invalid, truncated } kind;
  size_t length; // bytes; of an invalid unit, its maximal subpart
};

/// Looks at the first code point of `bytes`, which must not be empty.
/// `truncated`: all bytes there are could start a code point.
/// (Unicode, table 3-7: well-formed UTF-8 byte sequences.)
Utf8Unit firstUtf8Unit(std::string_view bytes);

/// Decodes the code point at `position` of valid UTF-8 and moves past it.
char32_t nextCodePoint(std::string_view text, size_t &position);

void appendCodePoint(std::string &text, char32_t codePoint);

/// Returns `bytes` with every maximal subpart of an ill-formed sequence
/// replaced by U+FFFD, as Python and browsers do.
std::string repairUtf8(std::string_view bytes);

/// Turns a stream of bytes into a stream of whole code points.
class Utf8Assembler {
public:
  /// Appends to `out` what is complete with these bytes.
  void push(std::string_view bytes, std::string &out);
  /// Ends the stream: bytes that wait for more become U+FFFD, one for each
  /// byte when `perByte`, else one for all.
  void finish(std::string &out, bool perByte = false);

private:
  std::string pending;
};

} // namespace hadal::text

#endif // HADAL_TEXT_UTF8_H
