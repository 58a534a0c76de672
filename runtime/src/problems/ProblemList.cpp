// SPDX-License-Identifier: Apache-2.0
// Tells thousands of like remarks in a few lines.
#include "problems/ProblemList.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace hadal {
namespace {

/// Remarks of a group that are told by themselves; with more, the pattern is.
constexpr size_t maxSingles = 3;
/// Lines of one list.
constexpr size_t maxLines = 40;
/// Digits of a checksum, at least: letters among them are part of the number.
constexpr size_t checksumDigits = 8;

// In ASCII, whatever the locale.
bool isWord(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

size_t skipDigits(const std::string &text, size_t at, const char *digits) {
  return std::min(text.find_first_not_of(digits, at), text.size());
}

/// A name with `*` for those numbers that are a component of it, as in
/// `layers.3.w1`.
std::string namePattern(const std::string &name) {
  std::string pattern;
  for (size_t at = 0; at < name.size();) {
    size_t end = skipDigits(name, at, "0123456789");
    if (end == at) {
      pattern += name[at++];
      continue;
    }
    bool component =
        (at == 0 || !isWord(name[at - 1])) && (end == name.size() || !isWord(name[end]));
    pattern += component ? "*" : name.substr(at, end - at);
    at = end;
  }
  return pattern;
}

/// A message with `*` for all of its numbers.
std::string messagePattern(const std::string &message) {
  std::string pattern;
  for (size_t at = 0; at < message.size();) {
    size_t end = skipDigits(message, at, "0123456789abcdef");
    if (end - at < checksumDigits)
      end = skipDigits(message, at, "0123456789");
    if (end == at) {
      pattern += message[at++];
      continue;
    }
    pattern += '*';
    at = end;
  }
  return pattern;
}

std::string fileName(const std::string &path) { return path.substr(path.rfind('/') + 1); }

std::string filePattern(const std::string &path) {
  std::string name = fileName(path);
  return path.substr(0, path.size() - name.size()) + namePattern(name);
}

} // namespace

std::string formatCount(size_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3; at -= 3)
    text.insert(at - 3, ",");
  return text;
}

void ProblemList::add(Problem problem) {
  ++total;
  std::string key;
  if (!options.keepAll)
    key = filePattern(problem.file) + '\0' + namePattern(problem.where) + '\0' +
          messagePattern(problem.message);
  size_t index = groupOf.emplace(std::move(key), groups.size()).first->second;
  if (index == groups.size())
    groups.push_back({kept.size()});
  Group &group = groups[index];
  group.oneFile &= group.count == 0 || problem.file == kept[group.first].problem.file;
  // Members may be many: beyond the first few they are counted only.
  if (++group.count <= maxSingles || options.keepAll)
    kept.push_back({std::move(problem), index});
}

bool ProblemList::contains(const std::string &file, const std::string &where) const {
  return std::any_of(kept.begin(), kept.end(), [&](const Kept &each) {
    return each.problem.file == file && each.problem.where == where;
  });
}

Problem ProblemList::summarise(const Group &group) const {
  const Problem &first = kept[group.first].problem;
  std::string name = fileName(first.file);
  Problem line = first;
  if (!group.oneFile)
    line.file = filePattern(first.file);
  line.where = namePattern(first.where);
  std::string example = first.where;
  if (example.empty())
    example = name;
  else if (!group.oneFile)
    example += " in " + name;
  std::string what = first.where.empty()     ? "files"
                     : name == "config.json" ? "values"
                                             : options.places;
  line.message =
      formatCount(group.count) + " " + what + ", the first " + example + ": " + first.message;
  return line;
}

std::vector<bool> ProblemList::largestGroups() const {
  std::vector<size_t> order(groups.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::tuple(groups[b].count, a) < std::tuple(groups[a].count, b);
  });
  order.resize(std::min(order.size(), options.keepAll ? order.size() : maxLines));
  std::vector<bool> chosen(groups.size());
  for (size_t group : order)
    chosen[group] = true;
  return chosen;
}

std::vector<Problem> ProblemList::lines() const {
  std::vector<Problem> result;
  // Where small groups told one by one make too many lines, each is one line;
  // where those are too many still, the largest groups are told.
  size_t singles = options.keepAll ? total : kept.size() > maxLines ? 1 : maxSingles;
  std::vector<bool> told = largestGroups();
  for (size_t i = 0; i < kept.size(); ++i) {
    const Group &group = groups[kept[i].group];
    if (!told[kept[i].group])
      continue;
    if (group.count <= singles)
      result.push_back(kept[i].problem);
    else if (group.first == i)
      result.push_back(summarise(group));
  }
  if (size_t more = total - result.size())
    result.push_back({"", "",
                      formatCount(more) + " more like these" +
                          (*options.listAll ? std::string("; ") + options.listAll : "")});
  return result;
}

} // namespace hadal
