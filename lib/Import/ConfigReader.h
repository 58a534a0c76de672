// SPDX-License-Identifier: Apache-2.0
// Typed access to the keys of a JSON configuration, with an error for each bad
// value.
#ifndef HADAL_LIB_IMPORT_CONFIGREADER_H
#define HADAL_LIB_IMPORT_CONFIGREADER_H

#include "hadal/Import/Problems.h"

#include "llvm/Support/JSON.h"

#include <optional>

namespace hadal {

/// Reads `path` as JSON: strict, each key once, every number finite. Errors are
/// added to `problems`; the result is then empty.
std::optional<llvm::json::Object> readJsonObject(llvm::StringRef path,
                                                 Problems &problems);

/// What a value looks like in a message: `"gelu"`, `null`, `an object`.
std::string describeJson(const llvm::json::Value &value);

/// One object of a configuration. A key that is absent or null takes the
/// default, which is noted if it is one of the family (`absent`); a value of
/// the wrong type or outside its range is an error and reads as the default.
class ConfigReader {
public:
  /// `prefix` is put before keys in messages: `rope_scaling.`.
  ConfigReader(const llvm::json::Object &object, llvm::StringRef file,
               llvm::StringRef prefix, Problems &problems)
      : object(&object), file(file.str()), prefix(prefix.str()),
        problems(&problems) {}

  /// The value, or null for an absent key and for JSON's null.
  const llvm::json::Value *find(llvm::StringRef key) const;
  /// Whether the key is there, even if its value is null.
  bool has(llvm::StringRef key) const { return object->get(key); }

  int64_t integer(llvm::StringRef key, std::optional<int64_t> absent,
                  int64_t least, int64_t most);
  /// A size that shapes are made of: 1 .. most.
  int64_t size(llvm::StringRef key, std::optional<int64_t> absent,
               int64_t most = 1 << 20) {
    return integer(key, absent, 1, most);
  }
  /// A finite number with least < value (or = least, if `closed`) <= most.
  double number(llvm::StringRef key, std::optional<double> absent, double least,
                double most, bool closed = false);
  bool boolean(llvm::StringRef key, bool absent);
  std::string string(llvm::StringRef key, llvm::StringRef absent);
  std::optional<ConfigReader> nested(llvm::StringRef key) const;

  /// Refuses a value other than `wanted`; an absent key is fine.
  void requireBoolean(llvm::StringRef key, bool wanted);
  void requireString(llvm::StringRef key, llvm::StringRef wanted);

  void error(llvm::StringRef key, const llvm::Twine &message) const {
    problems->errorOnce(file, prefix + key.str(), message);
  }
  void note(llvm::StringRef key, const llvm::Twine &message) const {
    problems->note(file, prefix + key.str(), message);
  }
  llvm::StringRef fileName() const { return file; }
  Problems &sink() const { return *problems; }

private:
  void noteDefault(llvm::StringRef key, const llvm::Twine &value);

  const llvm::json::Object *object;
  std::string file;
  std::string prefix;
  Problems *problems;
};

} // namespace hadal

#endif // HADAL_LIB_IMPORT_CONFIGREADER_H
