// SPDX-License-Identifier: Apache-2.0
// Regular expressions as tokenizer files write them, run by PCRE2.
#ifndef HADAL_TEXT_REGEX_H
#define HADAL_TEXT_REGEX_H

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "Json.h"

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;
struct pcre2_real_jit_stack_8;

namespace hadal::text {

/// Rewrites a pattern in Oniguruma's syntax, which tokenizer files use, to
/// PCRE2's. What the two understand differently is made explicit; what cannot
/// be expressed is an error that names it. `out` is undefined on error.
Error translateOniguruma(std::string_view pattern, std::string &out);

/// A compiled pattern; immutable, so threads can share it.
class Regex {
public:
  Regex() = default;
  /// Compiles a pattern in Oniguruma's syntax.
  static Error compile(std::string_view pattern, Regex &out);
  /// Compiles text that stands for itself.
  static Error compileLiteral(std::string_view text, Regex &out);

private:
  friend class RegexMatcher;
  struct Deleter {
    void operator()(pcre2_real_code_8 *code) const;
  };
  static Error build(const std::string &pattern, std::string_view source, unsigned options,
                     Regex &out);
  std::unique_ptr<pcre2_real_code_8, Deleter> code;
};

/// Finds the matches of one pattern in one text, left to right. An empty match
/// is not accepted where the match before it ended, as in Oniguruma's scan.
class RegexMatcher {
public:
  /// `text` must be valid UTF-8 and outlive the matcher.
  RegexMatcher(const Regex &regex, std::string_view text);
  ~RegexMatcher();
  RegexMatcher(const RegexMatcher &) = delete;
  RegexMatcher &operator=(const RegexMatcher &) = delete;

  /// Starts over in another text.
  void reset(std::string_view text);

  enum Result { found, finished, failed };
  /// On `found`, [start, end) are byte offsets. On `failed`, message() says why.
  Result next(size_t &start, size_t &end);
  const std::string &message() const { return failure; }

private:
  const Regex &regex;
  std::string_view text;
  size_t position = 0;
  size_t lastEnd = 0;
  bool hasLast = false;
  std::string failure;
  pcre2_real_match_data_8 *data = nullptr;
  pcre2_real_match_context_8 *context = nullptr;
  pcre2_real_jit_stack_8 *stack = nullptr;
};

} // namespace hadal::text

#endif // HADAL_TEXT_REGEX_H
