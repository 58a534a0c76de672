// SPDX-License-Identifier: Apache-2.0
// Cases whose artifacts were compiled before, for machines without a compiler.
#include "Saved.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace hadal::conformance {

// The first line names the target and its levels, the others the cases in the order of folders.
static std::string indexOf(const std::string &folder) { return folder + "/cases.txt"; }

std::string Saved::folderOf(const std::string &folder, size_t number) {
  return folder + "/" + std::to_string(number);
}

std::string Saved::folderOf(const std::string &name) const {
  auto found = numbers.find(name);
  return found == numbers.end() ? "" : folderOf(root, found->second);
}

std::string Saved::write(const std::string &folder, const std::string &target,
                         const std::vector<std::string> &levels,
                         const std::vector<std::string> &names) {
  std::ofstream file(indexOf(folder), std::ios::binary);
  file << target << ":";
  for (size_t i = 0; i < levels.size(); ++i)
    file << (i ? "," : "") << levels[i];
  file << "\n";
  for (const std::string &name : names)
    file << name << "\n";
  file.close();
  return file ? "" : indexOf(folder) + ": cannot write: " + std::strerror(errno);
}

std::string Saved::open(const std::string &folder) {
  root = folder;
  std::ifstream file(indexOf(folder), std::ios::binary);
  std::string line;
  if (!std::getline(file, line))
    return folder + ": expected what hadal-conformance --save has written, got no cases.txt";
  size_t colon = line.find(':');
  if (colon == std::string::npos)
    return indexOf(folder) + ": expected 'target:levels', got '" + line + "'";
  family = line.substr(0, colon);
  all = wordsOf(line.substr(colon + 1));
  while (std::getline(file, line))
    numbers.emplace(line, numbers.size());
  return "";
}

std::vector<std::string> wordsOf(const std::string &list) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin <= list.size();) {
    size_t end = std::min(list.find(',', begin), list.size());
    words.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

bool isChosen(const std::string &name, const std::string &filter) {
  std::vector<std::string> words = wordsOf(filter);
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string &word) { return name.find(word) != std::string::npos; });
}

} // namespace hadal::conformance
