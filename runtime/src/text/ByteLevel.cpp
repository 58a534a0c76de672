// SPDX-License-Identifier: Apache-2.0
// The alphabet of byte-level BPE: one printable character for each byte.
#include "ByteLevel.h"

#include "Utf8.h"

namespace hadal::text {

namespace {

struct Alphabet {
  char32_t character[256];
  int byte[0x144]; // -1: not in the alphabet

  Alphabet() {
    for (int &value : byte)
      value = -1;
    char32_t next = 0x100;
    for (int b = 0; b < 256; ++b) {
      bool prints = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      character[b] = prints ? static_cast<char32_t>(b) : next++;
      byte[character[b]] = b;
    }
  }
};

const Alphabet &alphabet() {
  static const Alphabet instance;
  return instance;
}

} // namespace

void appendByteLevel(std::string_view bytes, std::string &out) {
  const Alphabet &table = alphabet();
  for (char c : bytes)
    appendCodePoint(out, table.character[static_cast<unsigned char>(c)]);
}

void appendFromByteLevel(std::string_view token, std::string &out) {
  const Alphabet &table = alphabet();
  size_t restore = out.size();
  for (size_t position = 0; position < token.size();) {
    char32_t c = nextCodePoint(token, position);
    int byte = c < 0x144 ? table.byte[c] : -1;
    if (byte < 0) {
      out.resize(restore);
      out += token;
      return;
    }
    out.push_back(static_cast<char>(byte));
  }
}

} // namespace hadal::text
