// SPDX-License-Identifier: Apache-2.0
// Properties of characters and normalization forms, from utf8proc.
#include "Unicode.h"
#include "Utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

namespace hadal::text {

bool isWhiteSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

namespace {

bool isWordCharacter(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_MC:
  case UTF8PROC_CATEGORY_ME:
  case UTF8PROC_CATEGORY_ND:
  case UTF8PROC_CATEGORY_NL:
  case UTF8PROC_CATEGORY_PC: return true;
  default: return c == 0x200C || c == 0x200D;
  }
}

char32_t lastCodePoint(std::string_view text, size_t &start) {
  start = text.size() - 1;
  while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80)
    --start;
  size_t position = start;
  return nextCodePoint(text, position);
}

} // namespace

size_t leadingWhiteSpace(std::string_view text) {
  size_t position = 0;
  while (position < text.size()) {
    size_t next = position;
    if (!isWhiteSpace(nextCodePoint(text, next)))
      break;
    position = next;
  }
  return position;
}

size_t trailingWhiteSpace(std::string_view text) {
  size_t size = text.size();
  while (!text.empty()) {
    size_t start = 0;
    if (!isWhiteSpace(lastCodePoint(text, start)))
      break;
    text = text.substr(0, start);
  }
  return size - text.size();
}

bool startsWithWordCharacter(std::string_view text) {
  size_t position = 0;
  return !text.empty() && isWordCharacter(nextCodePoint(text, position));
}

bool endsWithWordCharacter(std::string_view text) {
  size_t start = 0;
  return !text.empty() && isWordCharacter(lastCodePoint(text, start));
}

bool normalizeUnicode(std::string_view text, NormalizationForm form, std::string &out) {
  bool ascii = std::all_of(text.begin(), text.end(),
                           [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) {
    out = text;
    return true;
  }
  bool compose = form == NormalizationForm::nfc || form == NormalizationForm::nfkc;
  bool compatible = form == NormalizationForm::nfkc || form == NormalizationForm::nfkd;
  unsigned options = UTF8PROC_STABLE | (compose ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE) |
                     (compatible ? UTF8PROC_COMPAT : 0u);
  utf8proc_uint8_t *mapped = nullptr;
  utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t *>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                                       static_cast<utf8proc_option_t>(options));
  if (size < 0)
    return false;
  out.assign(reinterpret_cast<const char *>(mapped), static_cast<size_t>(size));
  std::free(mapped);
  return true;
}

} // namespace hadal::text
