// SPDX-License-Identifier: Apache-2.0
// UTF-8: validation, repair and assembly from fragments.
#include "Utf8.h"

namespace hadal::text {

Utf8Unit firstUtf8Unit(std::string_view bytes) {
  auto at = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  unsigned char lead = at(0);
  if (lead < 0x80)
    return {Utf8Unit::complete, 1};
  if (lead < 0xC2 || lead > 0xF4)
    return {Utf8Unit::invalid, 1};
  size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte excludes overlong forms, surrogates and what lies beyond
  // U+10FFFF.
  unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < length; ++i) {
    if (i == bytes.size())
      return {Utf8Unit::truncated, i};
    if (at(i) < low || at(i) > high)
      return {Utf8Unit::invalid, i};
    low = 0x80;
    high = 0xBF;
  }
  return {Utf8Unit::complete, length};
}

char32_t nextCodePoint(std::string_view text, size_t &position) {
  auto at = [&](size_t i) { return static_cast<unsigned char>(text[position + i]); };
  unsigned char lead = at(0);
  if (lead < 0x80) {
    position += 1;
    return lead;
  }
  size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t codePoint = lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i)
    codePoint = codePoint << 6 | (at(i) & 0x3F);
  position += length;
  return codePoint;
}

void appendCodePoint(std::string &text, char32_t codePoint) {
  auto put = [&](unsigned byte) { text.push_back(static_cast<char>(byte)); };
  if (codePoint < 0x80) {
    put(codePoint);
  } else if (codePoint < 0x800) {
    put(0xC0 | codePoint >> 6);
    put(0x80 | (codePoint & 0x3F));
  } else if (codePoint < 0x10000) {
    put(0xE0 | codePoint >> 12);
    put(0x80 | (codePoint >> 6 & 0x3F));
    put(0x80 | (codePoint & 0x3F));
  } else {
    put(0xF0 | codePoint >> 18);
    put(0x80 | (codePoint >> 12 & 0x3F));
    put(0x80 | (codePoint >> 6 & 0x3F));
    put(0x80 | (codePoint & 0x3F));
  }
}

std::string repairUtf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  Utf8Assembler assembler;
  assembler.push(bytes, out);
  assembler.finish(out);
  return out;
}

void Utf8Assembler::push(std::string_view bytes, std::string &out) {
  // Without a beginning that waits, the bytes are read where they are.
  std::string joined;
  if (!pending.empty()) {
    joined = pending;
    joined += bytes;
    bytes = joined;
  }
  while (!bytes.empty()) {
    Utf8Unit unit = firstUtf8Unit(bytes);
    if (unit.kind == Utf8Unit::truncated)
      break;
    if (unit.kind == Utf8Unit::complete)
      out += bytes.substr(0, unit.length);
    else
      out += replacementCharacter;
    bytes.remove_prefix(unit.length);
  }
  pending.assign(bytes);
}

void Utf8Assembler::finish(std::string &out, bool perByte) {
  size_t count = pending.empty() ? 0 : perByte ? pending.size() : 1;
  for (size_t i = 0; i < count; ++i)
    out += replacementCharacter;
  pending.clear();
}

} // namespace hadal::text
