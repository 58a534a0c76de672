// SPDX-License-Identifier: Apache-2.0
// Cuts PTX text into tokens.
#include "sim/frontend/Lexer.h"

#include <cstdlib>
#include <cstring>

namespace hadal::sim {

namespace {
bool isIdentifierStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '%';
}
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isIdentifier(char c) { return isIdentifierStart(c) || isDigit(c); }
int hexDigit(char c) {
  if (isDigit(c))
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}
} // namespace

Lexer::Lexer(std::string_view text)
    : text(text), cursor(text.data()), end(text.data() + text.size()), lineStart(text.data()) {
  advance();
}

Token Lexer::take() {
  Token token = current;
  advance();
  return token;
}

bool Lexer::followedBy(char c) const {
  const char *p = cursor;
  while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
    ++p;
  return p < end && *p == c;
}

void Lexer::skipSpace() {
  while (cursor < end) {
    char c = *cursor;
    if (c == '\n') {
      ++line;
      lineStart = ++cursor;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
      ++cursor;
    } else if (c == '/' && cursor + 1 < end && cursor[1] == '/') {
      while (cursor < end && *cursor != '\n')
        ++cursor;
    } else if (c == '/' && cursor + 1 < end && cursor[1] == '*') {
      cursor += 2;
      while (cursor < end && !(*cursor == '*' && cursor + 1 < end && cursor[1] == '/')) {
        if (*cursor == '\n') {
          ++line;
          lineStart = cursor + 1;
        }
        ++cursor;
      }
      cursor = end - cursor >= 2 ? cursor + 2 : end;
    } else if (c == '#') { // line markers of a preprocessor
      while (cursor < end && *cursor != '\n')
        ++cursor;
    } else {
      return;
    }
  }
}

bool Lexer::hexFloat(char lower, int digits) {
  if (end - cursor < 2 + digits || cursor[0] != '0' || (cursor[1] | 0x20) != lower)
    return false;
  u64 bits = 0;
  for (int i = 0; i < digits; ++i) {
    int digit = hexDigit(cursor[2 + i]);
    if (digit < 0)
      return false;
    bits = bits << 4 | u64(digit);
  }
  current.bits = bits;
  cursor += 2 + digits;
  return true;
}

bool Lexer::decimalFloat() {
  auto skipDigits = [&](const char *&p) {
    while (p < end && isDigit(*p))
      ++p;
  };
  auto isExponent = [&](const char *p) {
    return p + 1 < end && (*p | 0x20) == 'e' &&
           (isDigit(p[1]) || ((p[1] == '-' || p[1] == '+') && p + 2 < end && isDigit(p[2])));
  };
  const char *p = cursor;
  skipDigits(p);
  // "0." and "1.e3" as well, but not what is followed by a name.
  bool point = p < end && *p == '.' &&
               (p + 1 == end || !isIdentifier(p[1]) || isDigit(p[1]) || isExponent(p + 1));
  if (!point && !isExponent(p))
    return false;
  if (point)
    skipDigits(++p);
  if (isExponent(p))
    skipDigits(p += 2);
  char buffer[64];
  size_t length = size_t(p - cursor);
  current.kind = length < sizeof(buffer) ? Token::Float64 : Token::Bad;
  if (current.kind == Token::Float64) {
    memcpy(buffer, cursor, length);
    buffer[length] = 0;
    double value = strtod(buffer, nullptr);
    memcpy(&current.bits, &value, 8);
  }
  cursor = p;
  return true;
}

void Lexer::number() {
  const char *start = cursor;
  if (hexFloat('f', 8)) {
    current.kind = Token::Float32;
    return;
  }
  if (hexFloat('d', 16)) {
    current.kind = Token::Float64;
    return;
  }
  u64 base = 10;
  if (cursor[0] == '0' && cursor + 1 < end) {
    char second = char(cursor[1] | 0x20);
    if (second == 'x' || second == 'b') {
      base = second == 'x' ? 16 : 2;
      cursor += 2;
    } else if (isDigit(cursor[1])) {
      base = 8;
    }
  }
  if ((base == 10 || base == 8) && decimalFloat())
    return;
  u64 value = 0;
  const char *digits = cursor;
  bool overflow = false;
  while (cursor < end) {
    int digit = hexDigit(*cursor);
    if (digit < 0 || u64(digit) >= base)
      break;
    overflow |= value > (~u64(0) - u64(digit)) / base;
    value = value * base + u64(digit);
    ++cursor;
  }
  if (cursor < end && *cursor == 'U')
    ++cursor;
  bool ragged = cursor < end && isIdentifier(*cursor);
  current.kind = cursor == digits || overflow || ragged ? Token::Bad : Token::Integer;
  current.bits = value;
  if (cursor == start)
    ++cursor;
}

void Lexer::advance() {
  skipSpace();
  // Behind a name, a point and a digit begin a modifier such as .2d.
  bool afterName = current.kind == Token::Identifier || current.kind == Token::Directive;
  current = Token();
  current.begin = cursor;
  current.at = {line, u32(cursor - lineStart) + 1};
  if (cursor >= end) {
    current.kind = Token::End;
    current.text = {};
    return;
  }
  char c = *cursor;
  if (isIdentifierStart(c)) {
    const char *start = cursor++;
    while (cursor < end && isIdentifier(*cursor))
      ++cursor;
    current.kind = Token::Identifier;
    current.text = {start, size_t(cursor - start)};
    // A lone percent sign is the remainder operator.
    if (current.text == "%") {
      current.kind = Token::Punctuation;
      current.punctuation = '%';
    }
    return;
  }
  bool isFraction = c == '.' && !afterName && cursor + 1 < end && isDigit(cursor[1]);
  if (c == '.' && !isFraction && cursor + 1 < end && (isIdentifier(cursor[1]))) {
    const char *start = ++cursor;
    while (cursor < end &&
           (isIdentifier(*cursor) || (*cursor == ':' && cursor + 1 < end && cursor[1] == ':')))
      cursor += *cursor == ':' ? 2 : 1;
    current.kind = Token::Directive;
    current.text = {start, size_t(cursor - start)};
    return;
  }
  if (isDigit(c) || isFraction) {
    const char *start = cursor;
    number();
    current.text = {start, size_t(cursor - start)};
    return;
  }
  if (c == '"') {
    const char *start = ++cursor;
    while (cursor < end && *cursor != '"' && *cursor != '\n')
      cursor += *cursor == '\\' && cursor + 1 < end && cursor[1] != '\n' ? 2 : 1;
    current.text = {start, size_t(cursor - start)};
    current.kind = cursor < end && *cursor == '"' ? Token::String : Token::Bad;
    if (current.kind == Token::String)
      ++cursor;
    return;
  }
  current.kind = Token::Punctuation;
  current.punctuation = c;
  current.text = {cursor, 1};
  ++cursor;
}

} // namespace hadal::sim
