// SPDX-License-Identifier: Apache-2.0
// Collects everything that is wrong with a checkpoint, so that all is said at
// once.
#ifndef HADAL_IMPORT_PROBLEMS_H
#define HADAL_IMPORT_PROBLEMS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

#include <string>
#include <vector>

namespace hadal {

/// One remark about one place of a checkpoint: `file: where: message`.
struct Problem {
  std::string file;    // path of the file, as it was opened
  std::string where;   // tensor or field in it; empty for the file as a whole
  std::string message; // lower-case, expected then got

  std::string str() const { return file + ": " + detail(); }
  std::string detail() const {
    return where.empty() ? message : where + ": " + message;
  }
};

/// Errors, which refuse the checkpoint, and notes, which say what was left out
/// or taken for granted. Both keep the order in which they were found.
class Problems {
public:
  void error(llvm::StringRef file, llvm::StringRef where,
             const llvm::Twine &message) {
    errorList.push_back({file.str(), where.str(), message.str()});
  }
  /// The same, unless this place was already found bad; counts as raised.
  void errorOnce(llvm::StringRef file, llvm::StringRef where,
                 const llvm::Twine &message) {
    ++repeats;
    for (const Problem &problem : errorList)
      if (problem.file == file && problem.where == where)
        return;
    --repeats;
    error(file, where, message);
  }
  void note(llvm::StringRef file, llvm::StringRef where,
            const llvm::Twine &message) {
    noteList.push_back({file.str(), where.str(), message.str()});
  }

  bool any() const { return !errorList.empty(); }
  size_t count() const { return errorList.size(); }
  /// Errors with the repeats that errorOnce left out: tells whether reading
  /// something failed, whatever was said of it before.
  size_t raised() const { return errorList.size() + repeats; }
  llvm::ArrayRef<Problem> errors() const { return errorList; }
  llvm::ArrayRef<Problem> notes() const { return noteList; }

private:
  std::vector<Problem> errorList;
  std::vector<Problem> noteList;
  size_t repeats = 0;
};

} // namespace hadal

#endif // HADAL_IMPORT_PROBLEMS_H
