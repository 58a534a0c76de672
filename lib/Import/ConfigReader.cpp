// SPDX-License-Identifier: Apache-2.0
// Typed access to the keys of a JSON configuration, with an error for each bad
// value.
#include "ConfigReader.h"

#include "FileBytes.h"
#include "JsonCursor.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace llvm;

namespace hadal {

// Published configurations have a few kilobytes; the largest, with a list of
// unquantised modules, some megabytes.
static constexpr uint64_t maxConfigBytes = 64 << 20;

std::optional<json::Object> readJsonObject(StringRef path, Problems &problems) {
  std::optional<std::string> text = readJsonText(path, maxConfigBytes, problems);
  if (!text)
    return std::nullopt;
  return parseJsonObject(std::move(*text), path, problems);
}

std::optional<json::Object> parseJsonObject(std::string text, StringRef path, Problems &problems) {
  std::vector<JsonCursor::NonFinite> nonFinite;
  JsonCursor cursor(text);
  cursor.collectNonFinite(nonFinite);
  if (StringRef(text).starts_with("\xEF\xBB\xBF")) {
    problems.error(path, "",
                   "expected JSON, got a byte order mark before it; save the "
                   "file as UTF-8 without one");
    return std::nullopt;
  }
  if (cursor.peek() != '{') {
    StringRef got = StringRef(text).ltrim().take_while([](char c) { return isPrint(c); });
    problems.error(path, "",
                   "expected a JSON object, got " +
                       (got.empty() ? "nothing of the kind" : "'" + got.take_front(20) + "'"));
    return std::nullopt;
  }
  if (!cursor.skipValue() || (!cursor.atEnd() && !cursor.fail("expected the end of the text"))) {
    problems.error(path, cursor.path(), cursor.error());
    return std::nullopt;
  }
  for (const JsonCursor::NonFinite &number : nonFinite) {
    problems.error(path, number.path, "expected a finite number, got " + number.word);
    // Reported, and read as 0, so that the rest can be looked at too.
    size_t at = number.word.data() - text.data();
    text.replace(at, number.word.size(), "0" + std::string(number.word.size() - 1, ' '));
  }
  Expected<json::Value> value = json::parse(text);
  if (!value) {
    problems.error(path, "", "expected JSON, got " + toString(value.takeError()));
    return std::nullopt;
  }
  return std::move(*value->getAsObject());
}

std::string describeJson(const json::Value &value) {
  std::string text;
  raw_string_ostream(text) << value;
  return text.size() > 80 ? text.substr(0, 80) + "..." : text;
}

static std::string formatNumber(double value) {
  std::string text;
  raw_string_ostream(text) << format("%.6g", value);
  return text;
}

static const json::Value *notNull(const json::Value *value) {
  return value && value->kind() != json::Value::Null ? value : nullptr;
}

const json::Value *ConfigReader::getOutside(StringRef key) const {
  return outside && is_contained(outsideKeys, key) ? notNull(outside->get(key)) : nullptr;
}

void ConfigReader::setOutside(const json::Object &outside, ArrayRef<StringRef> keys) {
  this->outside = &outside;
  outsideKeys = keys;
  for (StringRef key : keys) {
    const json::Value *lost = notNull(object->get(key)), *wins = getOutside(key);
    if (lost && wins && *lost != *wins)
      problems->note(file, prefix + key.str(), "not read, the value outside wins");
  }
}

const json::Value *ConfigReader::get(StringRef key) const {
  asked->insert(prefix + key.str());
  if (const json::Value *value = getOutside(key))
    return value;
  return object->get(key);
}

const json::Value *ConfigReader::find(StringRef key) const { return notNull(get(key)); }

void ConfigReader::ignore(ArrayRef<StringRef> keys) const {
  for (StringRef key : keys)
    asked->insert(prefix + key.str());
}

std::vector<StringRef> ConfigReader::unread() const {
  std::vector<StringRef> keys;
  for (const auto &member : *object)
    if (!wasRead(member.first))
      keys.push_back(member.first);
  llvm::sort(keys);
  return keys;
}

void ConfigReader::noteDefault(StringRef key, const Twine &value) {
  note(key, "absent, taken as " + value);
}

int64_t ConfigReader::integer(StringRef key, std::optional<int64_t> absent, int64_t least,
                              int64_t most) {
  const json::Value *value = get(key);
  if (!value) {
    if (absent)
      noteDefault(key, Twine(*absent));
    else
      error(key, "expected a whole number, got no such key");
    return absent.value_or(least);
  }
  std::optional<int64_t> number = value->getAsInteger();
  if (!number || *number < least || *number > most) {
    error(key, "expected a whole number from " + Twine(least) + " to " + Twine(most) + ", got " +
                   describeJson(*value));
    return absent.value_or(least);
  }
  return *number;
}

double ConfigReader::number(StringRef key, std::optional<double> absent, double least, double most,
                            bool closed) {
  const json::Value *value = get(key);
  if (!value) {
    if (absent)
      noteDefault(key, formatNumber(*absent));
    else
      error(key, "expected a number, got no such key");
    return absent.value_or(most);
  }
  std::optional<double> number = value->getAsNumber();
  if (!number || !std::isfinite(*number) || *number > most ||
      (closed ? *number < least : *number <= least)) {
    error(key, "expected a finite number " + Twine(closed ? "from " : "above ") +
                   formatNumber(least) + " up to " + formatNumber(most) + ", got " +
                   describeJson(*value));
    return absent.value_or(most);
  }
  return *number;
}

bool ConfigReader::boolean(StringRef key, bool absent) {
  const json::Value *value = get(key);
  if (!value) {
    noteDefault(key, absent ? "true" : "false");
    return absent;
  }
  if (std::optional<bool> flag = value->getAsBoolean())
    return *flag;
  error(key, "expected true or false, got " + describeJson(*value));
  return absent;
}

std::string ConfigReader::string(StringRef key, StringRef absent) {
  const json::Value *value = get(key);
  if (!value)
    return absent.str();
  if (std::optional<StringRef> text = value->getAsString())
    return text->str();
  error(key, "expected a string, got " + describeJson(*value));
  return absent.str();
}

std::optional<ConfigReader> ConfigReader::nested(StringRef key) const {
  const json::Value *value = find(key);
  if (!value)
    return std::nullopt;
  if (const json::Object *inner = value->getAsObject()) {
    ConfigReader reader(*inner, file, place(key) + ".", *problems);
    reader.asked = asked;
    return reader;
  }
  error(key, "expected an object, got " + describeJson(*value));
  return std::nullopt;
}

void ConfigReader::requireString(StringRef key, StringRef wanted) {
  const json::Value *value = get(key);
  if (value && value->getAsString() != wanted)
    error(key, "expected \"" + wanted + "\", got " + describeJson(*value));
}

} // namespace hadal
