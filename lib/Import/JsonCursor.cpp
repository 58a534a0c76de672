// SPDX-License-Identifier: Apache-2.0
// A strict JSON reader that walks the text once and knows where it is.
#include "JsonCursor.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/ConvertUTF.h"

using namespace llvm;

namespace hadal {

// A configuration nests three or four levels; the limit keeps hostile input
// from exhausting the stack, here and in llvm::json afterwards.
static constexpr size_t maxDepth = 64;

std::string JsonCursor::path() const {
  std::string result;
  for (const Frame &frame : frames) {
    if (result.size() > 200)
      return result + "...";
    if (frame.index >= 0) {
      result += ("[" + Twine(frame.index) + "]").str();
    } else if (frame.key.data()) {
      if (!result.empty())
        result += '.';
      result += frame.key;
    }
  }
  return result;
}

bool JsonCursor::fail(const Twine &what) {
  if (ok())
    message = (what + " (byte " + Twine(position) + ")").str();
  return false;
}

void JsonCursor::skipSpace() {
  while (position < text.size() && StringRef(" \t\r\n").contains(text[position]))
    ++position;
}

char JsonCursor::peek() {
  skipSpace();
  return ok() && position < text.size() ? text[position] : '\0';
}

bool JsonCursor::atEnd() {
  skipSpace();
  return position == text.size();
}

// What stands at the cursor, for the second half of a message.
std::string JsonCursor::describeNext() {
  if (atEnd())
    return "the end of the text";
  StringRef rest = text.substr(position);
  StringRef word = rest.take_while(
      [](char c) { return isAlnum(c) || c == '-' || c == '+' || c == '.' || c == '_'; });
  if (word.empty())
    word = rest.take_front(1);
  word = word.take_front(32);
  return isPrint(word.front()) ? "'" + word.str() + "'"
                               : "byte 0x" + utohexstr(uint8_t(word.front()), true, 2);
}

bool JsonCursor::expect(char c, const char *what) {
  if (peek() != c)
    return fail(Twine("expected ") + what + ", got " + describeNext());
  ++position;
  return true;
}

bool JsonCursor::enterObject() {
  if (!expect('{', "an object"))
    return false;
  if (frames.size() == maxDepth)
    return fail("expected at most 64 nested values, got more");
  frames.emplace_back();
  return true;
}

bool JsonCursor::nextMember(StringRef &key) {
  if (!ok())
    return false;
  frames.back().key = StringRef();
  bool first = std::exchange(frames.back().first, false);
  if (peek() == '}') {
    ++position;
    frames.pop_back();
    return false;
  }
  if (!first && !expect(',', "',' or '}'"))
    return false;
  if (peek() != '"')
    return fail("expected a key, got " + describeNext());
  if (!readString(key) || !expect(':', "':'"))
    return false;
  frames.back().key = key;
  return true;
}

bool JsonCursor::enterArray() {
  if (!expect('[', "an array"))
    return false;
  if (frames.size() == maxDepth)
    return fail("expected at most 64 nested values, got more");
  frames.emplace_back();
  frames.back().index = 0;
  return true;
}

bool JsonCursor::nextElement() {
  if (!ok())
    return false;
  bool first = std::exchange(frames.back().first, false);
  if (peek() == ']') {
    ++position;
    frames.pop_back();
    return false;
  }
  if (!first) {
    if (!expect(',', "',' or ']'"))
      return false;
    ++frames.back().index;
  }
  return true;
}

bool JsonCursor::readString(StringRef &value) {
  if (!expect('"', "a string"))
    return false;
  size_t end = position;
  while (end < text.size() && text[end] != '"' && text[end] != '\\' && uint8_t(text[end]) >= 0x20)
    ++end;
  if (end == text.size())
    return fail("expected the end of a string, got the end of the text");
  if (text[end] != '"')
    return readEscaped(value);
  value = text.slice(position, end);
  position = end + 1;
  return true;
}

bool JsonCursor::readCodePoint(unsigned &unit) {
  if (position + 4 > text.size() || text.substr(position, 4).getAsInteger(16, unit))
    return fail("expected four hexadecimal digits");
  position += 4;
  return true;
}

bool JsonCursor::readEscaped(StringRef &value) {
  std::string result;
  while (position < text.size()) {
    char c = text[position++];
    if (c == '"') {
      value = saver.save(result);
      return true;
    }
    if (uint8_t(c) < 0x20)
      return fail("expected no control character in a string");
    if (c != '\\') {
      result += c;
      continue;
    }
    if (position == text.size())
      break;
    c = text[position++];
    size_t simple = StringRef("\"\\/bfnrt").find(c);
    if (simple != StringRef::npos) {
      result += "\"\\/\b\f\n\r\t"[simple];
      continue;
    }
    if (c != 'u')
      return fail("expected an escape of JSON");
    unsigned unit, low;
    if (!readCodePoint(unit))
      return false;
    if (unit >= 0xDC00 && unit < 0xE000)
      return fail("expected a high surrogate first");
    if (unit >= 0xD800 && unit < 0xDC00) {
      if (!text.substr(position).starts_with("\\u"))
        return fail("expected a low surrogate");
      position += 2;
      if (!readCodePoint(low))
        return false;
      if (low < 0xDC00 || low >= 0xE000)
        return fail("expected a low surrogate");
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    char buffer[4], *end = buffer;
    ConvertCodePointToUTF8(unit, end);
    result.append(buffer, end);
  }
  return fail("expected the end of a string, got the end of the text");
}

bool JsonCursor::readUnsigned(uint64_t &value) {
  char c = peek();
  size_t start = position;
  if (!isDigit(c))
    return fail("expected a whole number, got " + describeNext());
  if (!skipNumber())
    return false;
  StringRef digits = text.slice(start, position);
  if (digits.getAsInteger(10, value)) {
    position = start;
    return fail("expected a whole number below 2^64, got " + describeNext());
  }
  return true;
}

bool JsonCursor::skipNumber() {
  size_t start = position;
  auto digits = [&] {
    size_t before = position;
    while (position < text.size() && isDigit(text[position]))
      ++position;
    return position - before;
  };
  if (position < text.size() && text[position] == '-')
    ++position;
  bool zero = position < text.size() && text[position] == '0';
  size_t whole = digits();
  bool good = whole == 1 || (whole > 1 && !zero);
  if (good && position < text.size() && text[position] == '.') {
    ++position;
    good = digits() > 0;
  }
  if (good && position < text.size() && (text[position] == 'e' || text[position] == 'E')) {
    ++position;
    if (position < text.size() && (text[position] == '+' || text[position] == '-'))
      ++position;
    good = digits() > 0;
  }
  if (good)
    return true;
  position = start;
  return fail("expected a number, got " + describeNext());
}

bool JsonCursor::skipWord(StringRef word) {
  if (!text.substr(position).starts_with(word))
    return fail("expected a value, got " + describeNext());
  position += word.size();
  return true;
}

bool JsonCursor::skipNonFinite() {
  for (StringRef word : {"NaN", "Infinity", "-Infinity"}) {
    if (!nonFinite || !text.substr(position).starts_with(word))
      continue;
    nonFinite->push_back({path(), text.substr(position, word.size())});
    position += word.size();
    return true;
  }
  return fail("expected a finite number, got " + describeNext());
}

bool JsonCursor::skipValue() {
  StringRef key;
  switch (peek()) {
  case '{': {
    StringSet<> seen;
    if (!enterObject())
      return false;
    while (nextMember(key)) {
      if (!seen.insert(key).second)
        return fail("expected each key once, got '" + key + "' again");
      if (!skipValue())
        return false;
    }
    return ok();
  }
  case '[':
    if (!enterArray())
      return false;
    while (nextElement())
      if (!skipValue())
        return false;
    return ok();
  case '"': return readString(key);
  case 't': return skipWord("true");
  case 'f': return skipWord("false");
  case 'n': return skipWord("null");
  case 'N':
  case 'I': return skipNonFinite();
  case '-':
    if (position + 1 < text.size() && isAlpha(text[position + 1]))
      return skipNonFinite();
    return skipNumber();
  default:
    if (isDigit(peek()))
      return skipNumber();
    return fail("expected a value, got " + describeNext());
  }
}

} // namespace hadal
