// SPDX-License-Identifier: Apache-2.0
// Properties of characters and normalization forms, from utf8proc.
#ifndef HADAL_TEXT_UNICODE_H
#define HADAL_TEXT_UNICODE_H

#include <cstddef>
#include <string>
#include <string_view>

namespace hadal::text {

/// White_Space.
bool isWhiteSpace(char32_t codePoint);
/// Bytes of white space that valid UTF-8 starts or ends with.
size_t leadingWhiteSpace(std::string_view text);
size_t trailingWhiteSpace(std::string_view text);

/// Letters, marks, decimal digits, connectors and joiners: \w of UTS #18, annex
/// C, without the Other_Alphabetic symbols.
bool startsWithWordCharacter(std::string_view text);
bool endsWithWordCharacter(std::string_view text);

enum class NormalizationForm { nfc, nfd, nfkc, nfkd };

/// Returns false when memory runs out. (Unicode, annex 15.)
bool normalizeUnicode(std::string_view text, NormalizationForm form, std::string &out);

} // namespace hadal::text

#endif // HADAL_TEXT_UNICODE_H
