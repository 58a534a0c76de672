// SPDX-License-Identifier: Apache-2.0
// The field `decoder`: turns tokens back into text, all at once or as they come.
#ifndef HADAL_TEXT_DECODER_H
#define HADAL_TEXT_DECODER_H

#include <string>
#include <string_view>
#include <vector>

#include "Json.h"
#include "Regex.h"
#include "Utf8.h"

namespace hadal::text {

/// Supports ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip and
/// Sequences of them in this order: rewriting of each token, then
/// ByteFallback, then Fuse or ByteLevel, then Strip. Refuses every other type by
/// its name. Without a decoder tokens are joined by spaces.
class Decoder {
public:
  Error read(const Field &field);

private:
  friend class DecodeStream;
  struct Step {
    enum Kind { replace, strip, metaspace } kind;
    Regex pattern;       // of replace
    std::string content; // the replacement, or the character to strip
    size_t start = 0;    // of strip: at most so many characters at the start
    size_t stop = 0;     // and at the end
    bool trimFirst = false; // of metaspace: the first token begins the text
  };
  Error readStep(const Field &field, const std::string &type);
  Error readStrip(const Field &field, Step &step);

  std::vector<Step> perToken;
  std::vector<Step> atEnds; // strips of the whole text, at most one
  bool present = false;
  bool byteFallback = false;
  bool fused = false;
  bool byteLevel = false;
};

/// One text that is being decoded. Hands out whole code points only; bytes that
/// are no UTF-8 become U+FFFD.
class DecodeStream {
public:
  /// `whole`: the text is taken at its end, so a run of byte tokens that is not
  /// valid in all becomes one U+FFFD for each byte, as Hugging Face's decoder
  /// has it. While streaming, what is valid so far has been handed out.
  DecodeStream(const Decoder &decoder, bool whole);

  /// Appends what is certain after this token.
  Error push(std::string_view token, std::string &out);
  /// Ends the text. Afterwards a new one can start.
  void finish(std::string &out);

private:
  void endBytes(std::string &out);
  void emit(std::string_view text, std::string &out);

  const Decoder &decoder;
  bool whole;
  bool first = true;
  std::string run;          // bytes of byte tokens, when `whole`
  bool inRun = false;
  Utf8Assembler assembler;
  size_t stripped = 0;      // characters taken from the start
  bool started = false;     // something that is not stripped has come
  std::string held;         // could be stripped from the end
};

} // namespace hadal::text

#endif // HADAL_TEXT_DECODER_H
