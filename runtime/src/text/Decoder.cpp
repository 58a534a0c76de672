// SPDX-License-Identifier: Apache-2.0
// Decodes tokens, all at once or as they come.
#include "Decoder.h"

#include "ByteLevel.h"
#include "Normalizer.h"

namespace hadal::text {

namespace {

/// The byte that a token "<0xHH>" stands for, or -1.
int byteOfToken(std::string_view token) {
  if (token.size() != 6 || token.substr(0, 3) != "<0x" || token[5] != '>')
    return -1;
  int value = 0;
  for (char c : token.substr(3, 2)) {
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                       : -1;
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

bool startsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool endsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

} // namespace

DecodeStream::DecodeStream(const Decoder &decoder, bool whole) : decoder(decoder), whole(whole) {}

Error DecodeStream::push(std::string_view token, std::string &out) {
  std::string text(token);
  if (!decoder.present && !first)
    text.insert(0, " ");
  for (const Decoder::Step &step : decoder.perToken) {
    switch (step.kind) {
    case Decoder::Step::replace:
      if (Error error = replaceAll(step.pattern, step.content, text))
        return error;
      break;
    case Decoder::Step::strip: {
      for (size_t i = 0; i < step.start && startsWith(text, step.content); ++i)
        text.erase(0, step.content.size());
      for (size_t i = 0; i < step.stop && endsWith(text, step.content); ++i)
        text.erase(text.size() - step.content.size());
      break;
    }
    case Decoder::Step::metaspace: {
      std::string spaced;
      for (size_t i = 0; i < text.size();) {
        if (startsWith(std::string_view(text).substr(i), step.content)) {
          if (!first || !step.trimFirst)
            spaced += ' ';
          i += step.content.size();
        } else {
          spaced += text[i++];
        }
      }
      text = std::move(spaced);
      break;
    }
    }
  }
  first = false;

  if (decoder.byteLevel) {
    std::string bytes, complete;
    appendFromByteLevel(text, bytes);
    assembler.push(bytes, complete);
    emit(complete, out);
    return {};
  }
  int byte = decoder.byteFallback ? byteOfToken(text) : -1;
  if (byte < 0) {
    endBytes(out);
    emit(text, out);
    return {};
  }
  inRun = true;
  char c = static_cast<char>(byte);
  if (whole) {
    run += c;
  } else {
    std::string complete;
    assembler.push(std::string_view(&c, 1), complete);
    emit(complete, out);
  }
  return {};
}

void DecodeStream::endBytes(std::string &out) {
  if (!inRun)
    return;
  inRun = false;
  std::string text;
  if (whole) {
    if (repairUtf8(run) == run)
      text = run;
    else
      for (size_t i = 0; i < run.size(); ++i)
        text += replacementCharacter;
    run.clear();
  } else {
    assembler.finish(text, /*perByte=*/true);
  }
  emit(text, out);
}

void DecodeStream::emit(std::string_view text, std::string &out) {
  if (decoder.atEnds.empty()) {
    out += text;
    return;
  }
  const Decoder::Step &strip = decoder.atEnds.front();
  while (!started && stripped < strip.start && startsWith(text, strip.content)) {
    text.remove_prefix(strip.content.size());
    ++stripped;
  }
  if (text.empty())
    return;
  started = true;
  // Of what could be the end, as much is held back as the end may lose.
  held += text;
  size_t keep = 0;
  for (size_t i = 0; i < strip.stop; ++i) {
    std::string_view rest = std::string_view(held).substr(0, held.size() - keep);
    if (!endsWith(rest, strip.content))
      break;
    keep += strip.content.size();
  }
  out.append(held, 0, held.size() - keep);
  held.erase(0, held.size() - keep);
}

void DecodeStream::finish(std::string &out) {
  endBytes(out);
  std::string rest;
  assembler.finish(rest);
  emit(rest, out);
  held.clear();
  first = true;
  started = false;
  stripped = 0;
}

} // namespace hadal::text
