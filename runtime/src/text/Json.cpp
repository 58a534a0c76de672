// SPDX-License-Identifier: Apache-2.0
// Reads JSON without exceptions, with errors that name the field.
#include "Json.h"

#include <cmath>
#include <set>

namespace hadal::text {

namespace {

/// Listens to a second, failing parse only to learn where it stops: the first
/// one builds the document and reports no position without exceptions.
struct Locator : nlohmann::json_sax<Json> {
  size_t position = 0;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t &) override { return true; }
  bool string(string_t &) override { return true; }
  bool binary(binary_t &) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t &) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t at, const std::string &, const Json::exception &) override {
    position = at;
    return false;
  }
};

} // namespace

Error parseJson(std::string_view bytes, std::string_view name, Json &out) {
  // Keys of the document and of the objects in it; a vocabulary lies deeper.
  std::set<std::string> seen[2];
  std::string twice;
  auto watch = [&](int depth, Json::parse_event_t event, Json &parsed) {
    if (event == Json::parse_event_t::object_start && depth < 2)
      seen[depth].clear();
    if (event == Json::parse_event_t::key && depth <= 2 &&
        !seen[depth - 1].insert(*parsed.get_ptr<const std::string *>()).second && twice.empty())
      twice = *parsed.get_ptr<const std::string *>();
    return true;
  };
  out = Json::parse(bytes.begin(), bytes.end(), watch, /*allow_exceptions=*/false);
  if (!twice.empty())
    return Error(std::string(name) + ": expected each key once, got " + quote(twice) + " again");
  if (!out.is_discarded())
    return {};
  Locator locator;
  Json::sax_parse(bytes.begin(), bytes.end(), &locator);
  std::string size = std::to_string(bytes.size());
  if (locator.position > bytes.size())
    return Error(std::string(name) + ": expected JSON, got the end of it after " + size +
                 " bytes: the file may be cut short");
  return Error(std::string(name) + ": expected JSON, reading stopped at byte " +
               std::to_string(locator.position) + " of " + size);
}

std::string abbreviate(const Json &value) {
  if (value.is_object())
    return "an object";
  if (value.is_array())
    return "an array of " + std::to_string(value.size());
  if (value.is_string())
    return quote(*value.get_ptr<const std::string *>());
  return value.dump();
}

std::string quote(std::string_view text) {
  constexpr size_t limit = 60;
  bool cut = text.size() > limit;
  if (cut) {
    size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
      --end;
    text = text.substr(0, end);
  }
  std::string dumped = Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
  return cut ? dumped + "..." : dumped;
}

Field Field::member(const char *key) const {
  const Json *found = nullptr;
  if (value && value->is_object()) {
    auto it = value->find(key);
    if (it != value->end())
      found = &*it;
  }
  return Field(found, path + (isRoot ? ": " : ".") + key, false);
}

Field Field::element(size_t index) const {
  const Json *found = nullptr;
  if (value && value->is_array() && index < value->size())
    found = &(*value)[index];
  return Field(found, path + (isRoot ? ": [" : "[") + std::to_string(index) + "]", false);
}

Error Field::expected(std::string_view what) const {
  return Error(path + ": expected " + std::string(what) + ", got " +
               (value ? abbreviate(*value) : "nothing"));
}

Error Field::error(std::string_view message) const {
  return Error(path + ": " + std::string(message));
}

Error Field::expectObject() const {
  return value && value->is_object() ? Error() : expected("an object");
}

Error Field::expectArray() const {
  return value && value->is_array() ? Error() : expected("an array");
}

Error Field::read(std::string &out) const {
  if (!value || !value->is_string())
    return expected("a string");
  out = *value->get_ptr<const std::string *>();
  return {};
}

Error Field::read(bool &out) const {
  if (!value || !value->is_boolean())
    return expected("true or false");
  out = *value->get_ptr<const bool *>();
  return {};
}

Error Field::read(int32_t &out) const {
  if (!value || !value->is_number_unsigned() || *value->get_ptr<const uint64_t *>() > INT32_MAX)
    return expected("an integer from 0 to 2147483647");
  out = static_cast<int32_t>(*value->get_ptr<const uint64_t *>());
  return {};
}

Error Field::read(double &out) const {
  if (!value || !value->is_number())
    return expected("a number");
  double number = value->get<double>();
  if (!std::isfinite(number))
    return expected("a finite number");
  out = number;
  return {};
}

} // namespace hadal::text
