// SPDX-License-Identifier: Apache-2.0
// The alphabet of byte-level BPE: one printable character for each byte.
#ifndef HADAL_TEXT_BYTELEVEL_H
#define HADAL_TEXT_BYTELEVEL_H

#include <string>
#include <string_view>

namespace hadal::text {

/// Appends the alphabet's spelling of `bytes`. Bytes that print in Latin-1 stand
/// for themselves; the other 68 are U+0100 and up, in order (GPT-2's
/// bytes_to_unicode).
void appendByteLevel(std::string_view bytes, std::string &out);

/// Appends the bytes that a token spells; a token with a character outside the
/// alphabet stands for itself.
void appendFromByteLevel(std::string_view token, std::string &out);

} // namespace hadal::text

#endif // HADAL_TEXT_BYTELEVEL_H
