// SPDX-License-Identifier: Apache-2.0
// Cuts PTX text into tokens.
#ifndef HADAL_SIM_FRONTEND_LEXER_H
#define HADAL_SIM_FRONTEND_LEXER_H

#include "sim/support/Types.h"

namespace hadal::sim {

struct Token {
  enum Kind : u8 {
    End,
    Identifier,
    Directive,
    Integer,
    Float32,
    Float64,
    String,
    Punctuation,
    Bad
  };
  Kind kind = End;
  char punctuation = 0;
  u64 bits = 0;          // Integer, Float32, Float64
  std::string_view text; // Directive: without the dot; String: without quotes
  const char *begin = nullptr;
  Position at;
};

class Lexer {
public:
  explicit Lexer(std::string_view text);

  const Token &peek() const { return current; }
  /// Returns the current token and moves on.
  Token take();
  static Position position(const Token &token) { return token.at; }
  /// Whether the text of the current token is followed by one of `c`, white
  /// space apart.
  bool followedBy(char c) const;

private:
  void advance();
  void skipSpace();
  void number();
  bool hexFloat(char lower, int digits);
  bool decimalFloat();
  std::string_view text;
  const char *cursor;
  const char *end;
  const char *lineStart;
  u32 line = 1;
  Token current;
};

} // namespace hadal::sim

#endif // HADAL_SIM_FRONTEND_LEXER_H
