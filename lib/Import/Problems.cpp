// SPDX-License-Identifier: Apache-2.0
// Tells thousands of like remarks in a few lines.
#include "hadal/Import/Problems.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

#include <numeric>

using namespace llvm;

namespace hadal {

/// Remarks of a group that are told by themselves; with more, the pattern is.
static constexpr size_t maxSingles = 3;
/// Lines of one list.
static constexpr size_t maxLines = 40;

std::string formatCount(size_t count) { return formatv("{0:N}", count).str(); }

/// `text` with `*` for its numbers: all of them, or those that are a component
/// of a name, as in `layers.3.w1`.
static std::string patternOf(StringRef text, bool componentsOnly) {
  std::string pattern;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find_if_not(isDigit, at), text.size());
    auto isWord = [&](size_t i) {
      return i < text.size() && (isAlpha(text[i]) || text[i] == '_');
    };
    if (end == at) {
      pattern += text[at++];
      continue;
    }
    if (componentsOnly && (isWord(at - 1) || isWord(end)))
      pattern += text.slice(at, end);
    else
      pattern += '*';
    at = end;
  }
  return pattern;
}

static std::string filePattern(StringRef path) {
  StringRef name = sys::path::filename(path);
  return (path.drop_back(name.size()) + patternOf(name, true)).str();
}

void ProblemList::add(Problem problem) {
  ++total;
  std::string key;
  if (!keepAll)
    key = filePattern(problem.file) + '\0' + patternOf(problem.where, true) +
          '\0' + patternOf(problem.message, false);
  size_t index = groupOf.try_emplace(key, groups.size()).first->second;
  if (index == groups.size())
    groups.push_back({kept.size()});
  Group &group = groups[index];
  group.oneFile &= group.count == 0 ||
                   problem.file == kept[group.first].problem.file;
  // Members may be many: beyond the first few they are counted only.
  if (++group.count <= maxSingles || keepAll)
    kept.push_back({std::move(problem), index});
}

bool ProblemList::contains(StringRef file, StringRef where) const {
  return any_of(kept, [&](const Kept &each) {
    return each.problem.file == file && each.problem.where == where;
  });
}

Problem ProblemList::summarise(const Group &group) const {
  const Problem &first = kept[group.first].problem;
  StringRef name = sys::path::filename(first.file);
  Problem line = first;
  if (!group.oneFile)
    line.file = filePattern(first.file);
  line.where = patternOf(first.where, true);
  std::string example = first.where;
  if (example.empty())
    example = name.str();
  else if (!group.oneFile)
    example += (" in " + name).str();
  StringRef what = first.where.empty()     ? "files"
                   : name == "config.json" ? "values"
                                           : "tensors";
  line.message = formatCount(group.count) + " " + what.str() +
                 ", the first " + example + ": " + first.message;
  return line;
}

std::vector<Problem> ProblemList::lines() const {
  std::vector<Problem> result;
  // Where small groups told one by one make too many lines, each is one line;
  // where those are too many still, the largest groups are told.
  size_t singles = keepAll                  ? total
                   : kept.size() > maxLines ? 1
                                            : maxSingles;
  std::vector<size_t> order(groups.size());
  std::iota(order.begin(), order.end(), 0);
  sort(order, [&](size_t a, size_t b) {
    return std::tuple(groups[b].count, a) < std::tuple(groups[a].count, b);
  });
  std::vector<bool> isTold(groups.size());
  for (size_t group : ArrayRef(order).take_front(maxLines))
    isTold[group] = true;
  for (const auto &[i, each] : enumerate(kept)) {
    const Group &group = groups[each.group];
    if (!isTold[each.group])
      continue;
    if (group.count <= singles)
      result.push_back(each.problem);
    else if (group.first == i)
      result.push_back(summarise(group));
  }
  if (size_t more = total - result.size())
    result.push_back({"", "",
                      formatCount(more) + " more like these; hadal-import "
                                          "--check=all lists them"});
  return result;
}

std::vector<Problem> Problems::errors() const {
  std::vector<Problem> result = causes;
  llvm::append_range(result, errorList.lines());
  return result;
}

} // namespace hadal
