// SPDX-License-Identifier: Apache-2.0
// A strict JSON reader that walks the text once and knows where it is.
//
// llvm::json builds a hash table for each of the 135,000 objects in V3's
// headers, keeps the last of two equal keys silently and cannot say which field
// holds a NaN. This cursor does neither: headers are read with it directly, and
// a configuration is walked with it before llvm::json parses it.
#ifndef HADAL_LIB_IMPORT_JSONCURSOR_H
#define HADAL_LIB_IMPORT_JSONCURSOR_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/StringSaver.h"

#include <string>
#include <vector>

namespace hadal {

class JsonCursor {
public:
  explicit JsonCursor(llvm::StringRef text) : text(text), saver(arena) {}

  /// False from the first error on; all reads then fail.
  bool ok() const { return message.empty(); }
  llvm::StringRef error() const { return message; }
  /// The place of the error, or of the cursor: `rope_scaling.factor`, `a[3]`.
  std::string path() const;

  /// The first character of the next value, or 0 at the end of the text.
  char peek();

  bool enterObject();
  /// The next key, or false at the end of the object (which is then left).
  bool nextMember(llvm::StringRef &key);
  bool enterArray();
  /// True while there is another element; false leaves the array.
  bool nextElement();

  bool readString(llvm::StringRef &value);
  /// A whole number from 0 to 2^64 - 1 without fraction or exponent.
  bool readUnsigned(uint64_t &value);
  /// Steps over a value of any kind and checks all of it, also that no object
  /// has a key twice.
  bool skipValue();
  /// A number that is none, as Python writes it: NaN, Infinity, -Infinity.
  struct NonFinite {
    std::string path;
    llvm::StringRef word; // in the text
  };
  /// From here on skipValue steps over such words and lists them, so that one
  /// does not hide the rest.
  void collectNonFinite(std::vector<NonFinite> &list) { nonFinite = &list; }
  /// Whether nothing but white space is left.
  bool atEnd();

  bool fail(const llvm::Twine &what);

private:
  struct Frame {
    llvm::StringRef key;
    int64_t index = -1; // -1 in an object
    bool first = true;
  };

  void skipSpace();
  bool expect(char c, const char *what);
  bool readKey(llvm::StringRef &key);
  bool readEscaped(llvm::StringRef &value);
  bool readCodePoint(unsigned &unit);
  bool skipNumber();
  bool skipWord(llvm::StringRef word);
  bool skipNonFinite();
  std::string describeNext();

  llvm::StringRef text;
  size_t position = 0;
  std::string message;
  llvm::SmallVector<Frame, 8> frames;
  std::vector<NonFinite> *nonFinite = nullptr;
  llvm::BumpPtrAllocator arena;
  llvm::StringSaver saver;
};

} // namespace hadal

#endif // HADAL_LIB_IMPORT_JSONCURSOR_H
