// SPDX-License-Identifier: Apache-2.0
// Reads JSON without exceptions, with errors that name the field.
#ifndef HADAL_TEXT_JSON_H
#define HADAL_TEXT_JSON_H

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace hadal::text {

using Json = nlohmann::json;

/// Why something failed; empty when it did not.
class Error {
public:
  Error() = default;
  explicit Error(std::string message) : message(std::move(message)), set(true) {}
  explicit operator bool() const { return set; }
  const std::string &text() const { return message; }

private:
  std::string message;
  bool set = false;
};

/// Parses `bytes`; `name` is what errors call them ("tokenizer.json"). Errors
/// give the byte where reading stopped.
Error parseJson(std::string_view bytes, std::string_view name, Json &out);

/// A place in a document, which may be absent, with its path for errors.
class Field {
public:
  Field(const Json &root, std::string name) : value(&root), path(std::move(name)) {}

  /// Member of an object; absent when there is none, or this is no object.
  Field member(const char *key) const;
  Field element(size_t index) const;

  /// Neither absent nor null.
  bool present() const { return value && !value->is_null(); }
  /// Precondition of all uses: the field is not absent.
  const Json &json() const { return *value; }
  const std::string &where() const { return path; }

  Error expectObject() const;
  Error expectArray() const;
  Error read(std::string &out) const;
  Error read(bool &out) const;
  /// An integer in [0, 2^31), the range of token ids.
  Error read(int32_t &out) const;
  /// Any finite number.
  Error read(double &out) const;

  /// Leaves `out` as it is when the field is absent or null.
  template <typename T>
  Error readOptional(T &out) const {
    return present() ? read(out) : Error();
  }

  /// "PATH: expected WHAT, got VALUE".
  Error expected(std::string_view what) const;
  /// "PATH: MESSAGE".
  Error error(std::string_view message) const;

private:
  Field(const Json *value, std::string path, bool root)
      : value(value), path(std::move(path)), isRoot(root) {}

  const Json *value = nullptr;
  std::string path;
  bool isRoot = true;
};

/// The start of a value as JSON text, for messages.
std::string abbreviate(const Json &value);
/// The start of a string as a JSON string, for messages.
std::string quote(std::string_view text);

} // namespace hadal::text

#endif // HADAL_TEXT_JSON_H
