// SPDX-License-Identifier: Apache-2.0
// Tells thousands of like remarks in a few lines.
#ifndef HADAL_PROBLEMS_PROBLEMLIST_H
#define HADAL_PROBLEMS_PROBLEMLIST_H

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace hadal {

/// One remark about one place of a file: `file: where: message`.
struct Problem {
  std::string file;    // path of the file, as it was opened; may be empty
  std::string where;   // tensor or field in it; empty for the file as a whole
  std::string message; // lower-case, expected then got

  std::string str() const { return file.empty() ? detail() : file + ": " + detail(); }
  std::string detail() const { return where.empty() ? message : where + ": " + message; }
};

/// Remarks in the order in which they were found. Those that differ in numbers
/// alone (the same tensor of many layers and experts, the same fault of many
/// shards) are one group, of which the first few are kept.
class ProblemList {
public:
  struct Options {
    bool keepAll = false;         // keep every remark and tell it by itself
    const char *places = "tensors"; // what `where` names
    const char *listAll = "";     // what prints those that were left out
  };

  ProblemList() = default;
  explicit ProblemList(const Options &options) : options(options) {}

  void add(Problem problem);
  /// Whether a kept remark is about this place.
  bool contains(const std::string &file, const std::string &where) const;
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
  std::vector<bool> largestGroups() const;

  Options options;
  size_t total = 0;
  std::vector<Kept> kept;
  std::vector<Group> groups;
  std::unordered_map<std::string, size_t> groupOf; // by what remarks have in common
};

/// `14848` as "14,848".
std::string formatCount(size_t count);

} // namespace hadal

#endif // HADAL_PROBLEMS_PROBLEMLIST_H
