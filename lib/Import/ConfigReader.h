// SPDX-License-Identifier: Apache-2.0
// Typed access to the keys of a JSON configuration, with an error for each bad
// value.
#ifndef HADAL_LIB_IMPORT_CONFIGREADER_H
#define HADAL_LIB_IMPORT_CONFIGREADER_H

#include "hadal/Import/Problems.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/JSON.h"

#include <memory>
#include <optional>

namespace hadal {

/// Reads `path` as JSON: strict, each key once, every number finite. Errors are
/// added to `problems`; the result is then empty.
std::optional<llvm::json::Object> readJsonObject(llvm::StringRef path, Problems &problems);

/// The same for what was read from `path` already.
std::optional<llvm::json::Object> parseJsonObject(std::string text, llvm::StringRef path,
                                                  Problems &problems);

/// What a value looks like in a message: `"gelu"`, `null`, `an object`.
std::string describeJson(const llvm::json::Value &value);

/// One object of a configuration. A key that is absent takes the default, which
/// is noted if it is one of the family (`absent`); null, a value of the wrong
/// type or outside its range is an error and reads as the default. Where null
/// has a meaning of its own, the caller looks for it first. Every key that was
/// asked for is remembered, so that the others can be reported.
class ConfigReader {
public:
  /// `prefix` is put before keys in messages: `rope_scaling.`.
  ConfigReader(const llvm::json::Object &object, llvm::StringRef file, llvm::StringRef prefix,
               Problems &problems)
      : object(&object), file(file.str()), prefix(prefix.str()), problems(&problems),
        asked(std::make_shared<llvm::StringSet<>>()) {}

  /// From now on these keys are looked for in `outside` first, where they win
  /// unless they are null: what belongs to the whole checkpoint. A value in
  /// here that loses against another one is noted.
  void setOutside(const llvm::json::Object &outside, llvm::ArrayRef<llvm::StringRef> keys);

  /// The value, or null for an absent key and for JSON's null.
  const llvm::json::Value *find(llvm::StringRef key) const;
  /// Whether the key is there, even if its value is null.
  bool has(llvm::StringRef key) const { return get(key); }
  /// Whether the key is there with the value null.
  bool isNull(llvm::StringRef key) const { return has(key) && !find(key); }

  int64_t integer(llvm::StringRef key, std::optional<int64_t> absent, int64_t least, int64_t most);
  /// A size that shapes are made of: 1 .. most.
  int64_t size(llvm::StringRef key, std::optional<int64_t> absent, int64_t most = 1 << 20) {
    return integer(key, absent, 1, most);
  }
  /// A finite number with least < value (or = least, if `closed`) <= most.
  double number(llvm::StringRef key, std::optional<double> absent, double least, double most,
                bool closed = false);
  bool boolean(llvm::StringRef key, bool absent);
  std::string string(llvm::StringRef key, llvm::StringRef absent);
  std::optional<ConfigReader> nested(llvm::StringRef key) const;

  /// Refuses a value other than `wanted`; an absent key is fine.
  void requireString(llvm::StringRef key, llvm::StringRef wanted);

  /// Says that a key is understood though its value is of no use here.
  void ignore(llvm::ArrayRef<llvm::StringRef> keys) const;
  /// The keys that nobody asked for, sorted.
  std::vector<llvm::StringRef> unread() const;
  /// Whether the key was asked for.
  bool wasRead(llvm::StringRef key) const { return asked->contains(prefix + key.str()); }

  void error(llvm::StringRef key, const llvm::Twine &message) const {
    problems->errorOnce(file, place(key), message);
  }
  void note(llvm::StringRef key, const llvm::Twine &message) const {
    problems->note(file, place(key), message);
  }
  const llvm::json::Object &json() const { return *object; }
  /// What is put before keys in messages.
  llvm::StringRef where() const { return prefix; }
  llvm::StringRef fileName() const { return file; }
  Problems &sink() const { return *problems; }

private:
  void noteDefault(llvm::StringRef key, const llvm::Twine &value);
  const llvm::json::Value *get(llvm::StringRef key) const;
  /// The value outside, if that is the one that counts.
  const llvm::json::Value *getOutside(llvm::StringRef key) const;
  std::string place(llvm::StringRef key) const {
    return (getOutside(key) ? "" : prefix) + key.str();
  }

  const llvm::json::Object *object;
  const llvm::json::Object *outside = nullptr;
  llvm::ArrayRef<llvm::StringRef> outsideKeys;
  std::string file;
  std::string prefix;
  Problems *problems;
  std::shared_ptr<llvm::StringSet<>> asked; // with prefix, of nested ones too
};

} // namespace hadal

#endif // HADAL_LIB_IMPORT_CONFIGREADER_H
