// SPDX-License-Identifier: Apache-2.0
// Collects everything that is wrong with a checkpoint, so that all is said at
// once, and in few lines.
#ifndef HADAL_IMPORT_PROBLEMS_H
#define HADAL_IMPORT_PROBLEMS_H

#include "problems/ProblemList.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

namespace hadal {

/// Errors, which refuse the checkpoint; warnings, which say what the compiled
/// model will not do; and notes, which say what was left out or taken for
/// granted.
class Problems {
public:
  explicit Problems(bool keepAll = false)
      : keepAll(keepAll), errorList({keepAll, "tensors", listAll}),
        warningList({keepAll, "fields", listAll}), noteList({keepAll, "tensors", listAll}) {}

  void error(llvm::StringRef file, llvm::StringRef where, const llvm::Twine &message) {
    errorList.add({file.str(), where.str(), message.str()});
  }
  /// The same, unless this place was already found bad; counts as raised.
  void errorOnce(llvm::StringRef file, llvm::StringRef where, const llvm::Twine &message) {
    if (errorList.contains(file.str(), where.str()))
      ++repeats;
    else
      error(file, where, message);
  }
  /// An error that explains others, and is told before them.
  void cause(llvm::StringRef file, llvm::StringRef where, const llvm::Twine &message) {
    causes.push_back({file.str(), where.str(), message.str()});
  }
  void warning(llvm::StringRef file, llvm::StringRef where, const llvm::Twine &message) {
    warningList.add({file.str(), where.str(), message.str()});
  }
  void note(llvm::StringRef file, llvm::StringRef where, const llvm::Twine &message) {
    noteList.add({file.str(), where.str(), message.str()});
  }

  /// Whether everything is wanted, however long.
  bool keepsAll() const { return keepAll; }
  bool any() const { return count() != 0; }
  size_t count() const { return causes.size() + errorList.count(); }
  size_t warningCount() const { return warningList.count(); }
  /// Errors with the repeats that errorOnce left out: tells whether reading
  /// something failed, whatever was said of it before.
  size_t raised() const { return count() + repeats; }
  /// What to print of them: a bounded number of lines.
  std::vector<Problem> errors() const {
    std::vector<Problem> result = causes, others = errorList.lines();
    result.insert(result.end(), others.begin(), others.end());
    return result;
  }
  std::vector<Problem> warnings() const { return warningList.lines(); }
  std::vector<Problem> notes() const { return noteList.lines(); }

private:
  static constexpr const char *listAll = "hadal-import --check=all lists them";

  bool keepAll;
  std::vector<Problem> causes;
  ProblemList errorList;
  ProblemList warningList;
  ProblemList noteList;
  size_t repeats = 0;
};

} // namespace hadal

#endif // HADAL_IMPORT_PROBLEMS_H
