// SPDX-License-Identifier: Apache-2.0
// Regular expressions as tokenizer files write them, run by PCRE2.
#include "Regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "Utf8.h"

namespace hadal::text {

void Regex::Deleter::operator()(pcre2_real_code_8 *code) const { pcre2_code_free(code); }

Error Regex::build(const std::string &pattern, std::string_view source, unsigned options,
                   Regex &out) {
  pcre2_compile_context *context = pcre2_compile_context_create(nullptr);
  if (!context)
    return Error("out of memory");
  // What '.', '^' and '$' take for the end of a line must not depend on how
  // PCRE2 was built.
  pcre2_set_newline(context, PCRE2_NEWLINE_LF);
  int code = 0;
  PCRE2_SIZE offset = 0;
  out.code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                               options, &code, &offset, context));
  pcre2_compile_context_free(context);
  if (!out.code) {
    PCRE2_UCHAR message[256];
    pcre2_get_error_message(code, message, sizeof(message));
    return Error("expected a regular expression, got " + quote(source) + ": " +
                 reinterpret_cast<const char *>(message));
  }
  // Where code cannot be generated, the interpreter gives the same matches.
  pcre2_jit_compile(out.code.get(), PCRE2_JIT_COMPLETE);
  return {};
}

Error Regex::compile(std::string_view pattern, Regex &out) {
  std::string translated;
  if (Error error = translateOniguruma(pattern, translated))
    return error;
  return build(translated, pattern, PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, out);
}

Error Regex::compileLiteral(std::string_view text, Regex &out) {
  if (text.empty())
    return Error("expected a string that is not empty, got \"\"");
  return build(std::string(text), text, PCRE2_UTF | PCRE2_LITERAL, out);
}

RegexMatcher::RegexMatcher(const Regex &regex, std::string_view text) : regex(regex), text(text) {
  data = pcre2_match_data_create(1, nullptr);
  context = pcre2_match_context_create(nullptr);
  // Address space only: pages are taken when a match needs them.
  stack = pcre2_jit_stack_create(32 * 1024, 64 * 1024 * 1024, nullptr);
  if (context && stack)
    pcre2_jit_stack_assign(context, nullptr, stack);
}

RegexMatcher::~RegexMatcher() {
  pcre2_match_data_free(data);
  pcre2_match_context_free(context);
  pcre2_jit_stack_free(stack);
}

void RegexMatcher::reset(std::string_view newText) {
  text = newText;
  position = lastEnd = 0;
  hasLast = false;
}

RegexMatcher::Result RegexMatcher::next(size_t &start, size_t &end) {
  if (!data || !context) {
    failure = "out of memory";
    return failed;
  }
  while (position <= text.size()) {
    // A null pointer is refused even with length 0.
    const char *subject = text.data() ? text.data() : "";
    int count = pcre2_match(regex.code.get(), reinterpret_cast<PCRE2_SPTR>(subject), text.size(),
                            position, PCRE2_NO_UTF_CHECK, data, context);
    if (count == PCRE2_ERROR_NOMATCH)
      return finished;
    if (count < 0) {
      PCRE2_UCHAR message[256];
      pcre2_get_error_message(count, message, sizeof(message));
      failure = reinterpret_cast<const char *>(message);
      return failed;
    }
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);
    // \K can put the start behind the end or before the scan.
    if (ends[0] > ends[1] || ends[0] < lastEnd) {
      failure = "a match ends before it starts";
      return failed;
    }
    if (ends[0] == ends[1] && hasLast && ends[1] == lastEnd) {
      if (position < text.size())
        nextCodePoint(text, position);
      else
        ++position;
      continue;
    }
    start = ends[0];
    end = ends[1];
    position = lastEnd = end;
    hasLast = true;
    return found;
  }
  return finished;
}

} // namespace hadal::text
