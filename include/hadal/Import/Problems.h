// SPDX-License-Identifier: Apache-2.0
// Collects everything that is wrong with a checkpoint, so that all is said at
// once, and in few lines.
#ifndef HADAL_IMPORT_PROBLEMS_H
#define HADAL_IMPORT_PROBLEMS_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

#include <string>
#include <vector>

namespace hadal {

/// One remark about one place of a checkpoint: `file: where: message`.
struct Problem {
  std::string file;    // path of the file, as it was opened; may be empty
  std::string where;   // tensor or field in it; empty for the file as a whole
  std::string message; // lower-case, expected then got

  std::string str() const {
    return file.empty() ? detail() : file + ": " + detail();
  }
  std::string detail() const {
    return where.empty() ? message : where + ": " + message;
  }
};

/// Remarks in the order in which they were found. Those that differ in numbers
/// alone (the same tensor of many layers and experts, the same fault of many
/// shards) are one group, of which the first few are kept.
class ProblemList {
public:
  /// With `keepAll` every remark is kept and told by itself.
  explicit ProblemList(bool keepAll) : keepAll(keepAll) {}

  void add(Problem problem);
  /// Whether a kept remark is about this place.
  bool contains(llvm::StringRef file, llvm::StringRef where) const;
  size_t count() const { return total; }
  /// What to print: at most 41 lines, unless all are kept. A small group is
  /// told remark by remark, a larger one by its pattern, count and first.
  std::vector<Problem> lines() const;

private:
  struct Kept {
    Problem problem;
    size_t group;
  };
  struct Group {
    size_t first; // index into kept
    size_t count = 0;
    bool oneFile = true;
  };
  Problem summarise(const Group &group) const;

  bool keepAll;
  size_t total = 0;
  std::vector<Kept> kept;
  std::vector<Group> groups;
  llvm::StringMap<size_t> groupOf; // by what the remarks have in common
};

/// Errors, which refuse the checkpoint; warnings, which say what the compiled
/// model will not do; and notes, which say what was left out or taken for
/// granted.
class Problems {
public:
  explicit Problems(bool keepAll = false)
      : errorList(keepAll), warningList(keepAll), noteList(keepAll) {}

  void error(llvm::StringRef file, llvm::StringRef where,
             const llvm::Twine &message) {
    errorList.add({file.str(), where.str(), message.str()});
  }
  /// The same, unless this place was already found bad; counts as raised.
  void errorOnce(llvm::StringRef file, llvm::StringRef where,
                 const llvm::Twine &message) {
    if (errorList.contains(file, where))
      ++repeats;
    else
      error(file, where, message);
  }
  /// An error that explains others, and is told before them.
  void cause(llvm::StringRef file, llvm::StringRef where,
             const llvm::Twine &message) {
    causes.push_back({file.str(), where.str(), message.str()});
  }
  void warning(llvm::StringRef file, llvm::StringRef where,
               const llvm::Twine &message) {
    warningList.add({file.str(), where.str(), message.str()});
  }
  void note(llvm::StringRef file, llvm::StringRef where,
            const llvm::Twine &message) {
    noteList.add({file.str(), where.str(), message.str()});
  }

  bool any() const { return count() != 0; }
  size_t count() const { return causes.size() + errorList.count(); }
  size_t warningCount() const { return warningList.count(); }
  /// Errors with the repeats that errorOnce left out: tells whether reading
  /// something failed, whatever was said of it before.
  size_t raised() const { return count() + repeats; }
  /// What to print of them: a bounded number of lines.
  std::vector<Problem> errors() const;
  std::vector<Problem> warnings() const { return warningList.lines(); }
  std::vector<Problem> notes() const { return noteList.lines(); }

private:
  std::vector<Problem> causes;
  ProblemList errorList;
  ProblemList warningList;
  ProblemList noteList;
  size_t repeats = 0;
};

/// `14848` as "14,848".
std::string formatCount(size_t count);

} // namespace hadal

#endif // HADAL_IMPORT_PROBLEMS_H
